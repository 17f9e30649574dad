"""Signatures that a clone has verified are noted, and what is noted counts for nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gitenv.model import statements
from gitenv.model.grant import READER, Grant
from gitenv.model.kinds.p256 import P256Key
from gitenv.model.membership import Membership
from gitenv.trust.access import FEW, membership_in
from gitenv.trust.verified import MOST, Verified
from tests.conftest import NewLab
from tests.lab import Person as Somebody
from tests.model.builders import ALICE, BOB, EVE, TODAY, MemoryTree, Person, grant_for, statement

ALONE = statement()
MANY = [grant_for(Person(f"reader-{number:03}", BOB.device), role=READER) for number in range(FEW + 1)]
TEXT = MANY[0].text


@pytest.fixture
def verifications(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How many signatures were verified since this was asked last, by a process that remembers none."""
    counted = [0]
    verifies = P256Key.verifies

    def count(self: P256Key, signature: bytes, signed: bytes) -> bool:
        counted[0] += 1
        return verifies(self, signature, signed)

    def since() -> int:
        statements.is_signed_by.cache_clear()
        found, counted[0] = counted[0], 0
        return found

    monkeypatch.setattr(P256Key, "verifies", count)
    since()
    return since


def _members(path: Path, *grants: Grant) -> Membership:
    return membership_in(MemoryTree(ALONE, *grants), ALONE, TODAY, lambda: Verified(str(path)))


def _noted(path: Path) -> Verified:
    """What a later process knows, after alice's signature under one grant was noted."""
    first = Verified(str(path))
    assert first.is_signed_by(TEXT, ALICE.key)
    first.save()
    return Verified(str(path))


def test_many_are_verified_once(tmp_path: Path, verifications: Callable[[], int]) -> None:
    """The second look at many grants verifies none, and after one more that one; who is in is the same."""
    first = _members(tmp_path / "verified", *MANY)
    assert verifications() == len(MANY)
    assert _members(tmp_path / "verified", *MANY) == first
    assert verifications() == 0
    assert len(_members(tmp_path / "verified", *MANY, grant_for(EVE)).counted) == len(MANY) + 1
    assert verifications() == 1
    assert len((tmp_path / "verified").read_bytes()) == 32 * (len(MANY) + 1)


def test_few_are_not_noted(tmp_path: Path, verifications: Callable[[], int]) -> None:
    """A small team has one file less, and each of its grants is verified."""
    for _ in range(2):
        assert len(_members(tmp_path / "verified", *MANY[:FEW]).counted) == FEW
        assert verifications() == FEW
    assert not list(tmp_path.iterdir())


def test_a_forged_grant_among_many_is_refused(tmp_path: Path) -> None:
    """Who edits a grant that is noted, or signs for somebody else, is refused each time; a wrong signature is never noted."""
    _members(tmp_path / "verified", *MANY)
    before = (tmp_path / "verified").read_bytes()
    edited = MANY[7]._replace(text=MANY[7].text.replace(b"role reader", b"role holder"))
    forged = grant_for(EVE, ALICE, signer=EVE)
    for _ in range(2):
        found = _members(tmp_path / "verified", *MANY[:7], edited, *MANY[8:], forged)
        assert [each.grant.to for each in found.refused] == ["eve", edited.to]
        assert (tmp_path / "verified").read_bytes() == before


def test_what_is_noted_is_one_text_and_one_key(tmp_path: Path, verifications: Callable[[], int]) -> None:
    """No other text by the same signer, no other signer of the same text, and no part of one for the other is taken for it."""
    noted = _noted(tmp_path / "verified")
    verifications()
    assert noted.is_signed_by(TEXT, ALICE.key)
    assert verifications() == 0
    edited = TEXT.replace(b"-000", b"-001"), TEXT.replace(b"role reader", b"role holder")
    for changed in (*edited, TEXT + b"\n", b"\n" + TEXT, TEXT[1:], b""):
        assert not noted.is_signed_by(changed, ALICE.key)
    for key in (EVE.key, P256Key(ALICE.key[:-1]), P256Key(ALICE.key + b"\n"), P256Key(b"")):
        assert not noted.is_signed_by(TEXT, key)


@pytest.mark.parametrize("damage", ["cut off", "longer", "empty", "too large"])
def test_a_damaged_note_is_none(damage: str, tmp_path: Path, verifications: Callable[[], int]) -> None:
    """What has another size than whole hashes, or too many, vouches for nobody, and is written anew."""
    path = tmp_path / "verified"
    _noted(path)
    whole = path.read_bytes()
    path.write_bytes({"cut off": whole[:-1], "longer": whole + b"x", "empty": b""}.get(damage, whole * (MOST + 1)))
    verifications()
    later = _noted(path)
    assert verifications() == 1
    assert path.read_bytes() == whole
    assert later.is_signed_by(TEXT, ALICE.key)
    assert verifications() == 0


def test_a_full_note_begins_anew(tmp_path: Path) -> None:
    """It never grows beyond what is read of it."""
    path = tmp_path / "verified"
    path.write_bytes(b"".join(number.to_bytes(32, "big") for number in range(MOST)))
    _noted(path)
    assert len(path.read_bytes()) == 32


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_in_its_place_is_not_followed(tmp_path: Path, verifications: Callable[[], int]) -> None:
    """Neither what it leads to vouches for anybody, nor is that written to; nobody hears of it."""
    _noted(tmp_path / "elsewhere")
    before = (tmp_path / "elsewhere").read_bytes()
    (tmp_path / "verified").symlink_to("elsewhere")
    for _ in range(2):
        verifications()
        _noted(tmp_path / "verified")
        assert verifications() == 1
    assert (tmp_path / "verified").is_symlink()
    assert (tmp_path / "elsewhere").read_bytes() == before


@pytest.mark.parametrize("place", ["", "no folder/verified", "a file/verified"])
def test_nowhere_to_write(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pins, a folder of one's own, or a disk that takes it, all is verified, and nothing is said or made."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a file").write_bytes(b"")
    there = sorted(tmp_path.iterdir())
    assert _noted(Path(place) if place else Path("a file/x")).is_signed_by(TEXT, ALICE.key)
    nowhere = Verified("")
    assert nowhere.is_signed_by(TEXT, ALICE.key)
    nowhere.save()
    assert nowhere.is_signed_by(TEXT, ALICE.key)
    assert sorted(tmp_path.iterdir()) == there


def test_killed_while_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut off before it stands in its place, the note from before is there, whole."""
    path = tmp_path / "verified"
    _noted(path)
    before = path.read_bytes()

    def killed(_: str, __: str) -> None:
        raise KeyboardInterrupt

    later = Verified(str(path))
    assert later.is_signed_by(MANY[1].text, ALICE.key)
    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        later.save()
    assert path.read_bytes() == before


def _notes(alice: Somebody) -> list[Path]:
    return list((alice.home / ".config" / "gitenv" / "clones").glob("*/verified"))


def test_a_clone_notes_many(new_lab: NewLab) -> None:
    """The note lies beside the pins, refuses what was forged after it was made, and goes with them."""
    alice = new_lab("").person("alice")
    alice.must("git", "init", "-q", ".")
    alice.must("gitenv", "init")
    (alice.cwd / ".env").write_bytes(b"PASSWORD=hunter2\n")
    alice.must("gitenv", "init")
    alice.must("git", "add", ".env")
    alice.must("git", "commit", "-qm", "Found")
    alice.must("gitenv", "recipients")
    assert not _notes(alice)
    words = [sys.executable, "-m", "tests.bench.grants", str(alice.cwd), str(FEW + 1)]
    stream = subprocess.run(words, cwd=Path(__file__).parents[1], env=alice.env, capture_output=True, check=True).stdout
    assert alice.run(["git", "fast-import", "--quiet"], stdin=stream).exit_code == 0
    alice.must("git", "reset", "-q", "--hard")
    alice.must("gitenv", "recipients")
    (note,) = _notes(alice)
    before = note.read_bytes()
    assert len(before) == 32 * (FEW + 2)  # alice's own grant as well
    assert note.stat().st_mode & 0o077 == 0 or sys.platform == "win32"
    (grant,) = alice.cwd.glob(".recipients/*/bob-00007.grant")
    grant.write_bytes(grant.read_bytes().replace(b"role holder", b"role reader"))
    for verb in ("recipients", "status"):
        assert b"bob-00007.grant" in alice.run(["gitenv", verb]).stdout
        assert note.read_bytes() == before
    alice.must("git", "checkout", "-q", "--", ".recipients")
    alice.must("gitenv", "uninstall")
    assert not _notes(alice)
