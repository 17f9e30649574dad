"""What the documents tell secret scanners to pass over: all that gitenv writes, and no plain value."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.conftest import NewLab

TEXT = (Path(__file__).parent.parent / "docs" / "review.md").read_text("utf-8")
SECTION = TEXT.partition("## Secret scanners\n")[2].partition("\n## ")[0]
DETECT_SECRETS = re.search(r"--exclude-secrets '(.+)'", SECTION)[1]  # type: ignore[index]
GITLEAKS = tomllib.loads(SECTION.partition("```toml\n")[2].partition("```")[0])["allowlist"]
TRUFFLEHOG = re.findall(r"'(\S+)'", SECTION.partition("printf '%s")[2])
PLAIN = (
    "PASSWORD=hunter2",
    "PASSWORD=gitenv1:1.AAAAAA:AAAA hunter2",
    "PASSWORD=hunter2 #gitenv1:1.AAAAAA:AAAA hunter2",
    "# gitenv1",
)


@pytest.fixture
def committed(new_lab: NewLab) -> dict[str, str]:
    """All that a team with sealed values has in its commit, by path."""
    lab = new_lab("crowd")
    alice = lab.person("alice")
    alice.cwd = alice.home / "app"
    alice.run(["gitenv", "set", "API_KEY", "-f", ".env.production"], b"sealed-value\n")
    alice.must("git", "add", ".")
    paths = alice.must("git", "ls-files").stdout.decode().split()
    return {path: alice.must("git", "cat-file", "blob", f":{path}").stdout.decode() for path in paths}


def test_scanners_pass_over_what_gitenv_writes(committed: dict[str, str]) -> None:
    """Each value and comment, sealed or not, is one that a scanner is told of; so is each control file."""
    lines = [line for path in (".env", ".env.production") for line in committed[path].splitlines()]
    assert any("gitenv1-sealed:" in line for line in lines)
    for line in lines:
        assert re.search(DETECT_SECRETS, line.partition("=")[2] or line.removeprefix("#"))
        assert any(re.search(expression, line) for expression in GITLEAKS["regexes"])
    for path in committed:
        if path.startswith(".recipients/"):
            assert any(re.search(expression, path) for expression in (*GITLEAKS["paths"], *TRUFFLEHOG))
    assert {path for path in committed if any(re.search(each, path) for each in TRUFFLEHOG)} == committed.keys() - {
        ".gitattributes"
    }


@pytest.mark.parametrize("line", PLAIN)
def test_scanners_look_at_plain_values(line: str) -> None:
    """A plain value is not hidden by a token that stands in its line."""
    assert not re.search(DETECT_SECRETS, line.partition("=")[2] or line)
    assert not any(re.search(expression, line) for expression in GITLEAKS["regexes"])


def test_detect_secrets_finds_the_plain_value_only(committed: dict[str, str], tmp_path: Path) -> None:
    """The same of the program itself, where it is installed."""
    pytest.importorskip("detect_secrets")
    named = committed[".env"].replace("HELLO=", "API_KEY=")
    (tmp_path / ".env").write_text(f"{named}DB_PASSWORD=hunter2-and-more\n")
    command = [
        sys.executable,
        "-m",
        "detect_secrets",
        "-C",
        str(tmp_path),
        "scan",
        "--all-files",
        "--exclude-secrets",
        DETECT_SECRETS,
    ]
    found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["results"]
    assert [each["line_number"] for each in found[".env"]] == [len(named.splitlines()) + 1]
