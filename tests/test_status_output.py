"""What gitenv status says on a terminal, and to whom."""

from __future__ import annotations

import re

import pytest

from gitenv.cli import show, status
from gitenv.team.file_status import FileStatus
from gitenv.team.status import EnvironmentStatus, Status


def _status(role: str) -> Status:
    file = FileStatus(".env.production", 3, "open", [], [])
    environment = EnvironmentStatus("production", "open", role, 1, ["alice", "alice-laptop", "bob", "carol"], [file])
    return Status("alice", "SHA256:x", [environment], ["bobby"], [])


def test_table_fits_the_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """At 80 columns a list of people goes over several lines, so that the terminal cuts no word."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    status.show_status(_status("holder"))
    lines = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out).splitlines()
    assert max(map(len, lines)) <= 80
    assert " ".join(lines[2].split()) == "production open (holder) alice, alice-laptop, .env.production 3 open"
    show.table(["", "key"], [["alice", "SHA256:" + 90 * "x"]])
    assert "SHA256:" + 90 * "x" in capsys.readouterr().out


@pytest.mark.parametrize(("role", "count"), [("holder", 1), ("reader", 0), ("", 0)])
def test_requests_are_for_holders(role: str, count: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever can let nobody in is not shown a command that would be refused."""
    status.show_status(_status(role))
    assert capsys.readouterr().out.count("gitenv add-recipient bobby") == count
