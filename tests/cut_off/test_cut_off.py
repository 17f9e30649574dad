"""Killed at a moment at which the disk is about to change: the old state is whole, and the next run heals it or names it.

By default at some moments of each command, spread over all of it. GITENV_TEST_KILL_EVERY=1 takes them all, which takes an hour;
GITENV_TEST_KILL_RANDOM=200 adds so many at any time, shared among the commands.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import forkserver
from tests.conftest import NewLab

if sys.platform == "win32":
    pytest.skip("there are no process groups", allow_module_level=True)

from tests.cut_off.cases import CASES

_ROOT = Path(__file__).parents[2]
_SOME = 2  # moments of each command, without the variables
_MAIN = "import sys; sys.path.insert(0, sys.argv[1]); from tests.cut_off.__main__ import main; sys.exit(main(*sys.argv[2:]))"


@pytest.mark.parametrize("name", CASES)
def test_killed(name: str, new_lab: NewLab, tmp_path: Path) -> None:
    """Nothing is lost, no plain text is stored or left in a temporary file, no .env is half, and the next run goes on."""
    beginning = str(new_lab(CASES[name].beginning).root) if CASES[name].beginning else ""
    every, at_random = os.environ.get("GITENV_TEST_KILL_EVERY", "0"), int(os.environ.get("GITENV_TEST_KILL_RANDOM", "0"))
    words = [str(_ROOT), name, beginning, str(tmp_path / "kills"), every, str(_SOME), str(-(-at_random // len(CASES)))]
    command = [forkserver.python(), "-E", "-P", "-c", _MAIN, *words]  # a fork of what has loaded gitenv, if there is one
    environ = os.environ | {"LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=3600)
    print(done.stderr)  # the figures: pytest -rP shows them
    assert done.returncode == 0, done.stdout + done.stderr
