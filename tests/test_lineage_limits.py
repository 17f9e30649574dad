"""A history that somebody buried under commits is said to be too long, and never taken for a short one."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from gitenv import lineage
from gitenv.git.objects import Objects
from gitenv.git.trees import WorkTree
from gitenv.lineage import Past
from gitenv.model.reasons import SwappedKey, TooLong
from gitenv.team import following, newcomer, trusting
from gitenv.team.workspace import Workspace
from tests.conftest import NewLab
from tests.lab import Lab
from tests.sessions import forgery


@pytest.fixture
def rotated(tmp_path: Path) -> Path:
    """A repository whose environment was founded, and rotated twice."""
    alice = Lab(tmp_path).person("alice")
    alice.must("git", "init", "-q", "app")
    alice.cwd = alice.home / "app"
    (alice.cwd / ".env").write_bytes(b"HELLO=development\n")
    alice.must("gitenv", "init")
    alice.must("git", "commit", "-qm", "Encrypt .env")
    for _ in range(2):
        forgery.rotate(alice, "development")
        alice.must("git", "commit", "-qam", "Rotate")
    return alice.cwd


def _past(root: Path) -> Past:
    objects = Objects(str(root))
    try:
        return Past(str(root), objects, WorkTree(str(root)), "development")
    finally:
        objects.close()


def test_all_that_fits_is_read(rotated: Path) -> None:
    """Three statements, and none of them is left out."""
    past = _past(rotated)
    past.check_whole()
    assert sorted(version.generation.number for version in past.versions) == [1, 2, 3]


@pytest.mark.parametrize("limit", ["_MAX_COMMITS", "_MAX_TREES"])
def test_what_does_not_fit_is_said(rotated: Path, limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many commits, or trees, as are read at most: there may be more."""
    monkeypatch.setattr(lineage, limit, 3)
    with pytest.raises(TooLong, match="more often than can be followed"):
        _past(rotated).check_whole()


def test_trust_leads_out(rotated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `gitenv trust` was told ends it: from there on newer commits are followed."""
    monkeypatch.setattr(lineage, "_MAX_COMMITS", 3)
    monkeypatch.setenv("HOME", str(rotated.parent))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(rotated.parent / ".config"))
    workspace = Workspace(str(rotated))
    with contextlib.closing(workspace.repository.objects):
        (refused,) = following.refresh(workspace)
        assert refused.message == "development/environment: changed more often than can be followed"
        assert refused.hint == "gitenv trust development"
        assert trusting.move(workspace, trusting.look(workspace, "development")) == []
        assert following.refresh(workspace) == []


def test_grants_that_do_not_fit_are_asked_about(new_lab: NewLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A grant that was changed as often as is read at most: whoever had that name before may have had another key."""
    alice = new_lab("team").person("alice")
    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, alice.env[name])
    workspace = Workspace(str(alice.home / "app"))
    with contextlib.closing(workspace.repository.objects):
        bob = newcomer.read(workspace, "bob", "", workspace.root)
        newcomer.refuse_other_key(workspace, bob, [bob.key])
        monkeypatch.setattr(newcomer, "_MAX_COMMITS", 1)
        with pytest.raises(SwappedKey):
            newcomer.refuse_other_key(workspace, bob, [bob.key])
