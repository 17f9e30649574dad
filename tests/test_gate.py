"""The gate that hooks ask, in a real push: what comes in is judged in quarantine, from the state that the server has."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import pytest

from gitenv.check import before_commit, gate, tagged
from gitenv.check.gate import Update
from gitenv.errors import NotInOrder
from gitenv.model.kinds.p256 import P256Identity
from tests import forkserver
from tests.conftest import NewLab
from tests.lab import Lab, Person

ZEROS = "0" * 40
_ANY = "refs/other/notes"
_HOOK = """\
import os, sys
from gitenv.check import gate
from gitenv.model import finding
found = gate.outgoing(os.getcwd(), [gate.Update(*line.split()) for line in sys.stdin])
for each in found:
    print("found", each.severity.value, each.code, each.path, each.commit[:10])
sys.exit(finding.stops(found))"""


@pytest.fixture
def lab(new_lab: NewLab) -> Lab:
    """alice's repository, whose hub has the gate."""
    made = new_lab("founded")
    hook = made.hub / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\nexec {shlex.join([forkserver.python(), '-E', '-P', '-c', _HOOK])}\n", encoding="utf-8")
    hook.chmod(0o755)
    return made


@pytest.mark.skipif(sys.platform == "win32", reason="a hook is started by its first line")
def test_a_push_is_judged_in_quarantine(lab: Lab) -> None:
    """Plain text is refused on a branch, in a tag, and where a later commit removes it; everything else comes in."""
    alice = _at_app(lab)
    (alice.cwd / ".env").write_bytes(b"HELLO=changed\n")
    alice.must("git", "commit", "-qam", "Change")
    alice.must("git", "push", "-q")
    alice.must("git", "push", "-q", "origin", "HEAD:refs/heads/topic")
    _stage_plain(alice, b"PASSWORD=not-a-secret\n")
    alice.must("git", "commit", "-nqm", "By mistake")
    bad = _id(alice, "HEAD")
    for words in (("HEAD:main",), ("HEAD:new",), ("HEAD:refs/tags/v1",), ("+HEAD:topic", "HEAD:refs/tags/v2")):
        said = alice.run(["git", "push", "-q", "--no-verify", "origin", *words])
        assert said.exit_code == 1
        assert f"found error plain-text .env {bad[:10]}" in said.said
        assert "not-a-secret" not in said.said
    alice.must("git", "rm", "-q", "--cached", ".env")
    alice.must("git", "commit", "-qm", "Out again")
    assert "plain-text" in alice.run(["git", "push", "-q", "--no-verify", "origin", "HEAD:main"]).said
    alice.must("git", "reset", "-q", "--hard", "HEAD~2")
    alice.must("git", "push", "-q", "origin", "HEAD:refs/tags/good", ":topic")
    blob = alice.run(["git", "hash-object", "-w", "--stdin"], b"x").stdout.decode().strip()
    alice.must("git", "push", "-q", "origin", f"{blob}:refs/tags/blob")


@pytest.mark.skipif(sys.platform == "win32", reason="a hook is started by its first line")
def test_what_refs_name_that_is_no_commit_is_judged(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain text of a protected file, and a private key, in a tag's tree, blob or message and in a note; not what is known."""
    alice = _at_app(lab)
    plain, key = b"HELLO=x\nPASSWORD=not-a-secret\n", P256Identity.fresh().pem()
    old = _tree(alice, b"PASSWORD=not-a-secret-before\n")
    hook = lab.hub / "hooks" / "pre-receive"
    hook.chmod(0o644)
    alice.must("git", "push", "-q", "--no-verify", "origin", f"{_commit_of(alice, old)}:refs/heads/old")
    hook.chmod(0o755)
    prose = b"We looked at it together.\nHELLO: never mind\nThe rest is fine.\n"
    for text, code in ((plain, "plain-copy"), (key, "private-key"), (prose + plain[8:], "plain-copy"), (prose, "")):
        blob = _blob(alice, text)
        alice.must("git", "tag", "-f", "-a", "-m", "A tag", "annotated", blob)
        alice.must("git", "tag", "-f", "-a", "-F", _file(alice, text), "--cleanup=verbatim", "message", "HEAD")
        alice.must("git", "notes", "add", "-f", "-F", _file(alice, text), "HEAD")
        for what in (f"{blob}:refs/tags/blob", "annotated", "message", "refs/notes/commits", f"refs/notes/commits:{_ANY}"):
            said = alice.run(["git", "push", "-q", "-f", "--no-verify", "origin", what])
            assert said.exit_code == bool(code), (what, said.said)
            assert (f"found error {code} refs/" in said.said) == bool(code), said.said
            assert "not-a-secret" not in said.said
        alice.must("git", "update-ref", "-d", "refs/notes/commits")
    for tree, code in ((_tree(alice, plain + b"\n"), "plain-text .env"), (_tree(alice, key, "id"), "private-key id")):
        alice.must("git", "tag", "-f", "-a", "-m", "A tag", "annotated", tree)
        for what in (f"{tree}:refs/tags/tree", f"{tree}:refs/other/tree", "+annotated"):
            said = alice.run(["git", "push", "-q", "--no-verify", "origin", what])
            assert said.exit_code == 1, what
            assert f"found error {code}" in said.said
    good = f"{_id(alice, 'HEAD:.env')}:refs/tags/cipher", f"{_id(alice, 'HEAD^{tree}')}:refs/tags/now", f"{old}:refs/tags/old"
    alice.must("git", "push", "-q", "--no-verify", "origin", *good)
    monkeypatch.chdir(alice.cwd)
    names = range(tagged.MOST_TREES + 1)
    made = alice.run(
        ["git", "mktree", "--batch"], b"\n".join(b"100644 blob %s\t%d\n" % (blob.encode(), name) for name in names)
    )
    trees = [Update(ZEROS, tree, "refs/tags/x") for tree in made.stdout.decode().split()]
    with pytest.raises(NotInOrder, match="tagged trees"):
        gate.outgoing(".", trees)


@pytest.mark.skipif(sys.platform == "win32", reason="a hook is started by its first line")
def test_the_first_push_of_all_is_judged(lab: Lab) -> None:
    """A server without a commit has no state to judge from: everything is new, plain text as well."""
    alice = _at_app(lab)
    empty = lab.root / "empty.git"
    alice.must("git", "init", "-q", "--bare", "-b", "main", str(empty))
    (empty / "hooks").mkdir(exist_ok=True)
    (empty / "hooks" / "pre-receive").write_bytes((lab.hub / "hooks" / "pre-receive").read_bytes())
    (empty / "hooks" / "pre-receive").chmod(0o755)
    said = alice.run(["git", "push", "-q", "--no-verify", str(empty), "HEAD:main"])
    assert said.exit_code == 0, said.said
    assert "found error" not in said.said
    _stage_plain(alice, b"PASSWORD=not-a-secret\n")
    alice.must("git", "commit", "-nqm", "By mistake")
    assert alice.run(["git", "push", "-q", "--no-verify", str(empty), "HEAD:other"]).exit_code == 1


def test_what_goes_out_is_what_no_remote_has(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a push all that the remotes have is known, and what a ref moves from, if it is here; deleting judges nothing."""
    alice = _at_app(lab)
    monkeypatch.chdir(alice.cwd)
    first = _id(alice, "HEAD")
    alice.must("git", "fetch", "-q")
    _stage_plain(alice, b"PASSWORD=not-a-secret\n")
    alice.must("git", "commit", "-nqm", "By mistake")
    bad = _id(alice, "HEAD")
    unknown = "1234567890" * 4
    for old in (first, ZEROS, unknown):
        codes = {(each.code, each.commit) for each in gate.outgoing(".", [Update(old, bad, "refs/heads/main")])}
        assert ("plain-text", bad) in codes
    assert gate.outgoing(".", [Update(bad, ZEROS, "refs/heads/main"), Update(ZEROS, first, "refs/heads/new")]) == []
    assert gate.outgoing(".", [Update(ZEROS, bad, "refs/heads/main")], ["--all"]) == []
    assert gate.outgoing(".", []) == []
    known = gate.outgoing(".", [Update(first, bad, "refs/heads/main")], [bad])
    assert all(each.code != "plain-text" for each in known)


def test_what_is_staged_is_judged_from_head(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """pre-commit asks for the index that git names, and for all of a file that this commit changes."""
    alice = _at_app(lab)
    monkeypatch.chdir(alice.cwd)
    assert before_commit.staged(".") == []
    _stage_plain(alice, b"PASSWORD=not-a-secret\n")
    assert [each.code for each in before_commit.staged(".")] == ["plain-text"]
    alice.must("git", "commit", "-nqm", "By mistake")
    assert before_commit.staged(".") == []
    _stage_plain(alice, b"PASSWORD=not-a-secret\nMORE=not-a-secret\n")
    assert [(each.severity.value, each.line) for each in before_commit.staged(".")] == [("error", 1), ("error", 2)]
    monkeypatch.setenv("GIT_INDEX_FILE", os.path.join(alice.cwd, ".git", "another"))
    alice.must("git", "reset", "-q", "--hard")
    (Path(alice.cwd) / ".git" / "another").write_bytes((Path(alice.cwd) / ".git" / "index").read_bytes())
    assert before_commit.staged(".") == []


def _at_app(lab: Lab) -> Person:
    alice = lab.person("alice")
    alice.cwd = alice.home / "app"
    return alice


def _blob(person: Person, data: bytes) -> str:
    return person.run(["git", "hash-object", "-w", "--no-filters", "--stdin"], data).stdout.decode().strip()


def _tree(person: Person, data: bytes, name: str = ".env") -> str:
    return person.run(["git", "mktree"], f"100644 blob {_blob(person, data)}\t{name}\n".encode()).stdout.decode().strip()


def _commit_of(person: Person, tree: str) -> str:
    return person.must("git", "commit-tree", "-p", "HEAD", "-m", "Old", tree).stdout.decode().strip()


def _file(person: Person, data: bytes) -> str:
    (person.home / "text").write_bytes(data)
    return str(person.home / "text")


def _stage_plain(person: Person, data: bytes) -> None:
    person.must("git", "update-index", "--add", "--cacheinfo", f"100644,{_blob(person, data)},.env")


def _id(person: Person, revision: str) -> str:
    return person.must("git", "rev-parse", revision).stdout.decode().strip()
