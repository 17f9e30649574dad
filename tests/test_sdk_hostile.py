"""Whatever somebody makes of a file without its key, a program gets what a holder wrote under that name, or an error."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitenv.errors import NotTrusted
from gitenv.identity import home
from gitenv.model import dialect
from gitenv.sdk import environment
from gitenv.sdk.environment import Selection
from tests.conftest import ALL
from tests.model.builders import ALICE, committed, grant_for, ring_of, statement
from tests.test_readers import HOLDERS, hostile

RING = ring_of()
OTHER = ring_of(2)


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without git, whose environment alice opens."""
    monkeypatch.setenv(home.VARIABLE, str(tmp_path / "home"))
    monkeypatch.delenv("GITENV_TRUST", raising=False)
    folder = tmp_path / "release" / ".recipients" / "production"
    folder.mkdir(parents=True)
    (folder / "environment").write_bytes(statement().text)
    (folder / "alice.grant").write_bytes(grant_for(ALICE).text)
    return tmp_path / "release"


def _values(folder: Path) -> dict[str, str]:
    return environment.values(Selection(["production"], folder=str(folder), key=ALICE.device)).values


def _commits(chance: random.Random) -> Iterator[bytes]:
    for holders in HOLDERS:
        yield committed(holders, RING)
    for _ in range(3000 if ALL else 300):
        yield (
            _changed(hostile(chance), chance)
            if chance.random() < 0.5
            else _changed(committed(chance.choice(HOLDERS), RING), chance)
        )


def _changed(data: bytes, chance: random.Random) -> bytes:
    """Lines taken out, twice, in another order, under another name, cut, and with tokens that are another key's."""
    lines = data.split(b"\n")
    for _ in range(chance.randint(0, 3)):
        at, other = (chance.randrange(len(lines)) for _ in range(2))
        match chance.randrange(7):
            case 0:
                del lines[at]
                lines = lines or [b""]
            case 1:
                lines.insert(other, lines[at])
            case 2:
                lines[at], lines[other] = lines[other], lines[at]
            case 3:
                lines[at] = lines[at].replace(b"HELD", chance.choice([b"EVIL", b"HELD_TOO", b" HELD", b"export HELD"]), 1)
            case 4:
                lines[at] = lines[at][: chance.randrange(len(lines[at]) + 1)]
            case 5:
                lines[at] = chance.choice(committed(chance.choice(HOLDERS), OTHER).split(b"\n"))
            case _:
                lines[at] = chance.choice([b"'", b'"', b"#", b"export ", b"X='"]) + lines[at]
    return b"\n".join(lines)


def test_hostile_files(release: Path) -> None:
    """Each value is one that a holder wrote under that name; most such files are refused, and none ends in another way."""
    honest = {pair for holders in HOLDERS for pair in dialect.values(holders).items()}
    refused = 0
    for commit in _commits(random.Random(os.urandom(8) if ALL else "sdk")):
        (release / ".env.production").write_bytes(commit)
        try:
            found = _values(release)
        except NotTrusted:
            refused += 1
            continue
        assert set(found.items()) <= honest, commit
    assert refused > 100


def test_honest_files(release: Path) -> None:
    """What holders wrote is read as any reader of the dialect reads it."""
    for holders in HOLDERS:
        (release / ".env.production").write_bytes(committed(holders, RING))
        assert _values(release) == dialect.values(holders)
