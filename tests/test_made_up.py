"""Environments that somebody makes up: a thousand of them cost a command no more than a hundred do."""

from __future__ import annotations

import os
import re

import pytest

from tests import forkserver
from tests.conftest import NewLab
from tests.lab import Person


@pytest.fixture
def alice(new_lab: NewLab) -> Person:
    """Who founded a repository, with a hundred more environments in its newest commit that nobody vouches for."""
    person = new_lab("founded").person("alice")
    person.cwd = person.home / "app"
    person.must("git", "config", "core.hooksPath", os.devnull)
    person.must("git", "tag", "before")
    _make_up(person, range(100))
    return person


def _make_up(person: Person, numbers: range) -> None:
    text = (person.cwd / ".recipients/development/environment").read_bytes()
    for number in numbers:
        folder = person.cwd / f".recipients/e{number}"
        folder.mkdir()
        (folder / "environment").write_bytes(text.replace(b"name development", b"name e%d" % number))
    person.must("git", "add", ".recipients")
    person.must("git", "commit", "-qm", f"{len(numbers)} more")


_COUNTING = """
import sys
from collections import Counter
from gitenv.system import files
from gitenv.cli import edge
from gitenv.git import spawn
from gitenv.git.objects import Objects
counted = Counter(read=0, run=0)
def counting(owner, name):
    inner = getattr(owner, name)
    def call(*arguments, **settings):
        counted[name] += 1
        return inner(*arguments, **settings)
    setattr(owner, name, call)
for owner, name in ((files, "read"), (Objects, "read"), (spawn, "run")):
    counting(owner, name)
edge.main(sys.argv[1:])
sys.stderr.write("counted %d %d\\n" % (counted["read"], counted["run"]))
"""


def _cost(person: Person, *words: str) -> tuple[tuple[int, ...], str]:
    """How many reads of files and objects a command takes, and how many processes; and what it says."""
    done = person.run([forkserver.python(), "-E", "-P", "-c", _COUNTING, *words])
    counts = re.search(rb"counted (\d+) (\d+)$", done.stderr)
    assert counts, done.said
    return tuple(map(int, counts.groups())), done.stdout.decode()


_LOOKS = ("status", "check", "check before..HEAD", "recipients", "diff before")


def test_a_thousand_cost_no_more_than_a_hundred(alice: Person) -> None:
    """Reads and processes are counted: with nine hundred more there are not more of them, and the one that is real is there."""
    hundred = {line: _cost(alice, *line.split())[0] for line in _LOOKS}
    _make_up(alice, range(100, 1000))
    for line in _LOOKS:
        thousand, said = _cost(alice, *line.split())
        assert all(after <= before for before, after in zip(hundred[line], thousand, strict=True)), (line, hundred, thousand)
        assert "development" in said or line.startswith(("check", "diff")), line


def test_they_are_named_in_one_line(alice: Person) -> None:
    """status and check say how many there are, and go on with what is known."""
    _make_up(alice, range(100, 200))
    for words in (("status",), ("check", "before..HEAD")):
        _, said = _cost(alice, *words)
        assert said.count("environments are new here, more than a team has") == 1
        assert len(said.splitlines()) < 20


def test_the_oldest_are_looked_at_where_all_are_old(alice: Person) -> None:
    """A base with more than a team has: the environment that was there first is one of those that are judged."""
    _make_up(alice, range(100, 300))
    statement = alice.cwd / ".recipients/development/environment"
    statement.write_bytes(statement.read_bytes().replace(b"revision 1", b"revision 2"))
    alice.must("git", "commit", "-qam", "Forged")
    three, said = _cost(alice, "check", "HEAD~1..HEAD")
    assert "statement-malformed" in said
    _make_up(alice, range(300, 900))
    nine, _ = _cost(alice, "check", "HEAD~1..HEAD")
    assert all(after <= before for before, after in zip(three, nine, strict=True)), (three, nine)
