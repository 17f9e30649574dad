"""Many files: `git add`, clone and open, checkout, each peer in turn and always in a fresh repository."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tests.bench.measure import Row, Sample, interleaved, rows, timed
from tests.bench.peers import Peer, remove_files, write_files

PART = "files"
ADD, CLONE, CHECKOUT = "git add", "clone and open", "git checkout -- ."
KEYS = 20


def add(peers: Sequence[Peer], count: int, rounds: int, warm_up: int = 0) -> list[Row]:
    """`git add` of `count` new files of 20 keys."""
    subjects = {peer.name: partial(_add, peer, count) for peer in peers}
    return rows(PART, count, interleaved(subjects, rounds, warm_up))


def open_all(peers: Sequence[Peer], count: int, rounds: int) -> list[Row]:
    """Cloning a repository of `count` files and opening them; and a checkout that writes them all again."""
    subjects = {peer.name: partial(_open, peer, _hub(peer, count)) for peer in peers}
    return rows(PART, count, interleaved(subjects, rounds))


def _add(peer: Peer, count: int) -> Sample:
    person = peer.fresh()
    write_files(person.cwd, count, KEYS)
    return {ADD: timed(person, "git", "add", ".")}


def _hub(peer: Peer, count: int) -> Path:
    person = peer.fresh()
    write_files(person.cwd, count, KEYS)
    person.must("git", "add", ".")
    person.must("git", "commit", "-q", "-m", "Add files")
    hub = person.home / f"hub-{count}.git"
    shutil.rmtree(hub, ignore_errors=True)
    person.must("git", "clone", "-q", "--bare", ".", str(hub))
    return hub


def _open(peer: Peer, hub: Path) -> Sample:
    begin = time.perf_counter()
    person = peer.open_clone(hub)
    opened = time.perf_counter() - begin
    remove_files(person.cwd)
    return {CLONE: opened, CHECKOUT: timed(person, "git", "checkout", "-q", "--", ".")}
