"""The commands that write, each in a state in which it has much to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from tests.lab import Lab, Person

SECRET = b"hunter2"


class Case(NamedTuple):
    """A command that is killed."""

    who: str
    words: Sequence[str]
    prepare: Callable[[Lab], None]
    stdin: bytes = b""
    beginning: str = "crowd"
    said_again: str = ""  # what the same command may say, if the one that was killed had done all
    is_gone: bool = False  # the filter is out afterwards
    is_merging: bool = False  # `git add -A` would say that all is decided
    with_alice: bool = False  # she has to be up to date as well
    reads: Mapping[str, bool] | None = None  # who can read development when it is pushed, and who cannot any more
    may_be_plain: bool = False  # before it, or after it, nobody here wants anything encrypted


def at_home(lab: Lab, name: str) -> Person:
    """Somebody in their clone."""
    person = lab.person(name)
    person.cwd = person.home / "app"
    if (editor := person.home / "editor.sh").exists():
        person.env["GIT_EDITOR"] = f"sh '{editor}'"
    return person


def _nothing(lab: Lab) -> None:
    pass


def _conflict(lab: Lab) -> None:
    alice, bob = at_home(lab, "alice"), at_home(lab, "bob")
    for person, line in ((alice, (b"development", b"from-alice")), (bob, (b"hunter2\n", b"hunter2\nMORE=hunter2-more\n"))):
        path = person.cwd / ".env"
        path.write_bytes(path.read_bytes().replace(*line))
        person.must("gitenv", "rotate", "development")
        person.must("git", "commit", "-qam", "Rotate development")
    alice.must("git", "push", "-q")
    assert bob.run(["git", "pull", "-q"]).exit_code


def _two_policies(lab: Lab) -> None:
    """Two statements that both keep the key."""
    alice, bob = at_home(lab, "alice"), at_home(lab, "bob")
    for person, days in ((alice, 20), (bob, 30)):
        person.must("gitenv", "policy", "development", f"reissue-within={days}d")
        person.must("git", "commit", "-qm", "A policy")
    alice.must("git", "push", "-q")
    assert bob.run(["git", "pull", "-q", "--no-rebase"]).exit_code


def _sealed(lab: Lab) -> None:
    alice, bob = at_home(lab, "alice"), at_home(lab, "bob")
    assert alice.run(["gitenv", "set", "KEY", "-f", ".env.production"], b"hunter2-sealed").exit_code == 0
    alice.must("git", "commit", "-qm", "Seal KEY")
    alice.must("git", "push", "-q")
    bob.must("git", "pull", "-q")


def _late(lab: Lab) -> None:
    """A value from a branch of before somebody left, which a holder is to accept."""
    bob = at_home(lab, "bob")
    bob.must("git", "switch", "-qc", "topic")
    with (bob.cwd / ".env").open("ab") as file:
        file.write(b"LATE=hunter2-late\n")
    bob.must("git", "commit", "-qam", "A value")
    bob.must("git", "switch", "-q", "main")
    bob.must("gitenv", "remove-recipient", "carol", "-e", "development")
    bob.must("git", "commit", "-qm", "Remove carol")
    bob.must("git", "merge", "-q", "--no-edit", "topic")


def _asked(lab: Lab) -> None:
    eve = at_home(lab, "eve")
    eve.must("gitenv", "init")
    eve.must("git", "commit", "-qm", "Ask to read .env")
    eve.must("git", "push", "-q")
    at_home(lab, "alice").must("git", "pull", "-q")


def prepare_all(lab: Lab) -> None:
    """In bob's clone there is somebody to let in, and a value to accept."""
    for name in ("alice", "bob"):
        at_home(lab, name).must("git", "pull", "-q")
        at_home(lab, name).must("gitenv", "unlock")
    _asked(lab)
    _sealed(lab)


def _locked(lab: Lab) -> None:
    at_home(lab, "bob").must("gitenv", "lock")


def _in_editor(lab: Lab) -> None:
    """A closed file, and an editor that sets a value."""
    bob = at_home(lab, "bob")
    script = """sed 's/^HELLO=.*/HELLO=hunter2-edited/' "$1" > "$1~" && cp "$1~" "$1" && rm "$1~"\n"""
    (bob.home / "editor.sh").write_text(script, encoding="utf-8")
    bob.must("gitenv", "lock")


def _plain(lab: Lab) -> None:
    """A repository of one's own, with a `.env` that git has in plain text."""
    alice = at_home(lab, "alice")
    alice.cwd.mkdir()
    alice.must("git", "init", "-q")
    (alice.cwd / "web").mkdir()
    for path in (".env", "web/.env"):
        (alice.cwd / path).write_bytes(b"PASSWORD=hunter2-%d\n" % len(path))
    alice.must("git", "add", "README") if (alice.cwd / "README").exists() else None
    alice.must("git", "commit", "-q", "--allow-empty", "-m", "Begin")


def _founded(lab: Lab) -> None:
    _plain(lab)
    at_home(lab, "alice").must("gitenv", "init")


def _ill(lab: Lab) -> None:
    """A clone in which a lot is missing."""
    bob = at_home(lab, "bob")
    for words in (
        ("--unset", "filter.gitenv.required"),
        ("--remove-section", "merge.gitenv"),
        ("--unset", "diff.gitenv.textconv"),
    ):
        bob.must("git", "config", *words)
    (bob.cwd / ".git" / "hooks" / "pre-commit").unlink()
    (bob.cwd / ".git" / "info" / "attributes").unlink()
    (bob.cwd / ".env").chmod(0o644)


_REMOVE_BOB = ("remove-recipient", "bob", "-e", "development")
_ACCEPT = ("accept", "KEY", "-f", ".env.production", "--yes")

CASES = {
    "rotate": Case("bob", ("rotate", "development"), _nothing, reads={"alice": True, "carol": True}),
    "remove-recipient": Case("alice", _REMOVE_BOB, _nothing, said_again="not in", reads={"carol": True, "bob": False}),
    "remove-who-asks": Case("bob", ("remove-recipient", "carol"), _nothing, said_again="not in"),
    "set-role": Case("alice", ("set-role", "bob", "reader"), _nothing),
    "set-role-holder": Case("bob", ("set-role", "carol", "holder"), _nothing),
    "policy": Case("bob", ("policy", "development", "reissue-within=30d"), _nothing, reads={"alice": True, "carol": True}),
    "reunite": Case(
        "bob", ("rotate", "development"), _conflict, is_merging=True, with_alice=True, reads={"alice": True, "carol": True}
    ),
    "rejoin": Case(
        "bob", ("rotate", "development"), _two_policies, is_merging=True, with_alice=True, reads={"alice": True, "carol": True}
    ),
    "set": Case("alice", ("set", "NEW"), _nothing, stdin=b"hunter2-new"),
    "example": Case("alice", ("example",), _nothing),
    "set-closed": Case("bob", ("set", "NEW", "-f", ".env.production"), _locked, stdin=b"hunter2-new"),
    "unset": Case("bob", ("unset", "HELLO", "-e", "production"), _nothing, said_again="there is no HELLO"),
    "rename": Case("bob", ("rename", "HELLO", "HI", "-e", "production"), _locked, said_again="there is no HELLO"),
    "edit": Case("bob", ("edit", "-e", "production"), _in_editor, said_again="nothing has changed"),
    "seal": Case("alice", ("set", "NEW", "-f", ".env.production"), _nothing, stdin=b"hunter2-new"),
    "accept": Case("bob", _ACCEPT, _sealed, said_again="no unverified lines", with_alice=True),
    "accept-known": Case(
        "bob", ("accept", "LATE", "--yes"), _late, said_again="no unverified lines", reads={"alice": True, "carol": False}
    ),
    "add-recipient": Case("alice", ("add-recipient", "eve", "--yes"), _asked),
    "unlock": Case("bob", ("unlock",), _locked),
    "lock": Case("bob", ("lock",), _nothing, said_again="nothing is open"),
    "key-rotate": Case("bob", ("key", "rotate", "--yes"), _nothing, said_again="in no commit yet", reads={"alice": True}),
    "found": Case("alice", ("init",), _plain, beginning="", may_be_plain=True),
    "join": Case("eve", ("init",), _nothing),
    "uninstall": Case("bob", ("uninstall",), _nothing, said_again="not set up", is_gone=True),
    "undo-founding": Case("alice", ("uninstall",), _founded, b"", "", "not set up", is_gone=True, may_be_plain=True),
    "doctor": Case("bob", ("doctor", "--fix"), _ill),
    "add-environment": Case("bob", ("add-environment", "staging"), _nothing, said_again="staging already"),
}
