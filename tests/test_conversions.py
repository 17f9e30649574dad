"""Files that git converted are written anew, and no crowd of control files is read for that."""

from __future__ import annotations

import pytest

from gitenv.system import files
from gitenv.team import conversions
from gitenv.team.workspace import Workspace
from tests.conftest import NewLab


def test_a_bounded_number_of_control_files_is_read(new_lab: NewLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever can push can put a hundred thousand files into `past/`, and each pull would read them."""
    alice = new_lab("team").person("alice")
    for name, value in alice.env.items():
        monkeypatch.setenv(name, value)
    workspace, read = Workspace(str(alice.home / "app")), list[str]()
    monkeypatch.setattr(files, "read_inside", lambda _, path, __: read.append(path))
    monkeypatch.setattr(conversions, "MOST", 3)
    conversions.undo_in_recipients(workspace)
    assert len(read) == 3
