"""What Windows does in the place of `relaying`; it works elsewhere, too, so it is tried everywhere."""

from __future__ import annotations

import subprocess
import sys

SECRET, MARK = "hunter2-hunter2", "[PASSWORD redacted]"
_COMMAND = f"import sys; print('out {SECRET}'); print('err {SECRET}', file=sys.stderr); sys.exit(7)"
_PROGRAM = f"""
import subprocess, sys
from gitenv.system import relaying_in_threads
relaying_in_threads.begin([("PASSWORD", {SECRET.encode()!r})])
code = subprocess.run([sys.executable, "-c", {_COMMAND!r}]).returncode
print("and {SECRET}" * 10_000)
sys.exit(code)
"""


def test_all_that_is_written_is_redacted() -> None:
    """By this process and by one that it starts; nothing is lost at the end, and the exit code is the command's."""
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 7
    assert done.stdout == f"out {MARK}\n" + f"and {MARK}" * 10_000 + "\n"
    assert done.stderr == f"err {MARK}\n"
