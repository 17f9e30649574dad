"""The rights of files: no setting lets everybody read, and a file that is replaced stays its group's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gitenv.errors import NotInOrder
from gitenv.git.repository import Repository
from gitenv.system import files
from gitenv.team import permissions

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """An empty repository."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return Repository(str(tmp_path))


@pytest.mark.parametrize(("text", "mode"), [("0600", 0o600), ("640", 0o640), ("0100660", 0), ("000660", 0o660)])
def test_what_may_be_set(repository: Repository, text: str, mode: int) -> None:
    """Rights as `chmod` takes them, and none of a file's kind."""
    repository.set_config(permissions.SETTING, text)
    if mode:
        assert permissions.wanted(repository) == mode
    else:
        with pytest.raises(NotInOrder):
            permissions.wanted(repository)


@pytest.mark.parametrize("text", ["0644", "0604", "0666", "0777", "0000", "0400", "0440", "g+r", "384", "-640", "0o640"])
def test_what_may_not_be_set(repository: Repository, text: str) -> None:
    """Nothing that others can read, and nothing that its owner cannot read and write."""
    repository.set_config(permissions.SETTING, text)
    with pytest.raises(NotInOrder, match="may be 0600, 0640 or 0660") as caught:
        permissions.wanted(repository)
    assert caught.value.hint == "git config gitenv.fileMode 0640"


@posix
@pytest.mark.parametrize(
    ("mode", "is_allowed", "after"), [(0o640, True, 0o640), (0o640, False, 0o600), (0o644, False, 0o644), (0o600, False, 0o600)]
)
def test_a_replaced_file_is_no_other_groups(
    mode: int, is_allowed: bool, after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where its group cannot be kept, the group's rights go, unless everybody can read it anyway."""
    path = tmp_path / "file"
    path.write_bytes(b"1")
    path.chmod(mode)
    real, asked = os.stat, []

    def chown(descriptor: int, owner: int, group: int) -> None:
        asked.append((owner, group))
        if not is_allowed:
            raise PermissionError

    def of_another_group(place: str) -> os.stat_result:
        return os.stat_result((*real(place)[:5], 54321, *real(place)[6:]))

    monkeypatch.setattr(os, "fchown", chown)
    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", of_another_group)
        files.replace(str(path), b"2")
    assert path.read_bytes() == b"2"
    assert path.stat().st_mode & 0o777 == after
    assert asked == ([(-1, 54321)] if mode & 0o070 else [])
