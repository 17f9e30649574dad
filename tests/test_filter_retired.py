"""What the filter answers for a tree from before a rotation: it waits where git can, and opens nothing before it knows."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest

from gitenv.git.pktline import FLUSH, packet, until_flush
from tests.conftest import NewLab
from tests.lab import Person
from tests.test_filter_process import HELLO, ask

LISTING = packet(b"command=list_available_blobs\n") + FLUSH
DELAY = b"can-delay=1"


@pytest.fixture
def alice(new_lab: NewLab) -> Person:
    """alice, in a clone with the tag `before` and a rotation after it."""
    person = new_lab("team").person("alice")
    person.cwd = person.home / "app"
    person.must("git", "tag", "before")
    person.must("gitenv", "rotate", "development")
    person.must("git", "commit", "-qm", "Rotate")
    return person


def stored(person: Person, spec: str = "before:.env") -> bytes:
    return person.must("git", "cat-file", "blob", spec).stdout


def converse(person: Person, *requests: bytes) -> tuple[list[bytes], str]:
    """What the filter answers, up to each flush, after the greetings; and what it says to the user."""
    done = person.run(["gitenv", "filter-process"], HELLO + b"".join(requests))
    out = io.BytesIO(done.stdout)
    assert b"".join(until_flush(out)) == b"git-filter-server\nversion=2\n"
    assert b"".join(until_flush(out)).endswith(b"capability=delay\n")
    return list(_answers(out)), done.stderr.decode()


def _answers(out: io.BytesIO) -> Iterator[bytes]:
    while out.tell() < len(out.getvalue()):
        yield b"".join(until_flush(out))


def tree(person: Person, revision: str) -> bytes:
    return b"treeish=" + person.must("git", "rev-parse", revision).stdout.strip()


def test_waits_and_marks(alice: Person) -> None:
    """Delayed until all is checked out; then the statement in the work tree is still the newer one."""
    before = tree(alice, "before")
    requests = [ask(b"smudge", b".env", stored(alice), before, DELAY), LISTING, ask(b"smudge", b".env", b"", before), LISTING]
    answers, said = converse(alice, *requests)
    assert answers[:3] == [b"status=delayed\n", b"pathname=.env\n", b"status=success\n"]
    assert answers[3] == b"status=success\n"
    assert answers[4].count(b"#gitenv-unverified:") == 3
    assert b"hunter2" not in answers[4]
    assert answers[6:] == [b"", b"status=success\n"]
    accept, reject = "gitenv accept --mine -f :/.env", "gitenv reject 1 HELLO PASSWORD -f :/.env"
    assert said.splitlines() == [
        "warning: .env: line 1, HELLO, PASSWORD are encrypted with a retired key, and nobody vouches for them",
        f"hint: git log -p -- :/.env; then {accept}, or {reject}",
    ]


@pytest.mark.parametrize("words", [(), (DELAY,)])
def test_opens_where_nothing_newer_is(alice: Person, words: tuple[bytes, ...]) -> None:
    """On the older branch itself a file of it opens at once, if git can wait or not; without can-delay it is an archive."""
    alice.must("git", "switch", "-q", "--detach", "before")
    answers, said = converse(alice, ask(b"smudge", b".env", stored(alice), tree(alice, "before"), *words))
    assert answers[0] == b"status=success\n"
    assert (b"hunter2" in answers[1]) is bool(words)
    assert said == ""


def test_an_archive_is_ciphertext(alice: Person) -> None:
    """A treeish without can-delay, for a path that was never delayed, gives back what is in the commit."""
    answers, said = converse(alice, ask(b"smudge", b".env", stored(alice), tree(alice, "before")))
    assert answers == [b"status=success\n", stored(alice), b""]
    assert said == ""


def test_never_waits_with_a_conflict(alice: Person) -> None:
    """git crashes there: what holds markers or is unmerged in the index stays closed instead, with the command for it."""
    before, data = tree(alice, "before"), stored(alice)
    in_conflict = b"<<<<<<< a\n" + data + b"=======\n>>>>>>> b\n"
    answers, said = converse(alice, ask(b"smudge", b".env", in_conflict, before, DELAY))
    assert answers == [b"status=success\n", in_conflict, b""]
    assert said == "warning: .env stays closed: may hold retired values, and is in conflict\nhint: gitenv unlock development\n"
    blob = alice.must("git", "rev-parse", "before:.env").stdout.strip().decode()
    info = f"0 {'0' * 40}\t.env\n" + "".join(f"100644 {blob} {stage}\t.env\n" for stage in (1, 2, 3))
    assert alice.run(["git", "update-index", "--index-info"], info.encode()).exit_code == 0
    answers, _ = converse(alice, ask(b"smudge", b".env", data, before, DELAY))
    assert answers == [b"status=success\n", data, b""]
    # A path that is new there is none in conflict.
    answers, _ = converse(alice, ask(b"smudge", b"new/.env", data, before, DELAY))
    assert answers == [b"status=delayed\n"]


def test_stays_closed_without_a_statement(alice: Person) -> None:
    """If the work tree has no statement after the checkout, nobody can say which tree it is."""
    before, data = tree(alice, "before"), stored(alice)
    (alice.cwd / ".recipients" / "development" / "environment").unlink()
    requests = [ask(b"smudge", b".env", data, before, DELAY), LISTING, ask(b"smudge", b".env", b"", before)]
    answers, said = converse(alice, *requests)
    assert answers[4] == data
    assert said.startswith("warning: .env stays closed: may hold retired values, and .recipients/ is not in the work tree\n")


def test_a_look_says_nothing(alice: Person) -> None:
    """What only shows a file (a blob, and no checkout) opens it, and speaks of no retired key, marks or not."""
    answers, said = converse(alice, ask(b"smudge", b".env", stored(alice), b"blob=" + b"0" * 40))
    assert b"hunter2" in answers[1]
    assert said == ""
    alice.must("git", "checkout", "-q", "before", "--", ".env")
    blob = alice.must("git", "rev-parse", ":.env").stdout.strip()
    answers, said = converse(alice, ask(b"smudge", b".env", stored(alice, ":.env"), b"blob=" + blob))
    assert b"#gitenv-unverified:" in answers[1]
    assert said == ""


def test_encrypts_new_values_under_the_newest_key(alice: Person) -> None:
    """On the older branch what is committed stays as it is, and a new value is under the newest key: nobody left with that."""
    alice.must("git", "switch", "-q", "--detach", "before")
    opened = (alice.cwd / ".env").read_bytes()
    answers, said = converse(alice, ask(b"clean", b".env", opened), ask(b"clean", b".env", opened + b"NEW=hunter2\n"))
    assert answers[1] == stored(alice)
    assert answers[4].startswith(stored(alice) + b"NEW=gitenv1:2.")
    assert said == ""
