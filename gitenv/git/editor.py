"""The user's editor, as git knows and starts it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from gitenv.git import program

_PATIENCE = 5  # seconds
_OF_A_REPOSITORY = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_PREFIX")


def of(folder: str, *, is_users_own: bool = False) -> str:
    """What to type before a file's name: `$GIT_EDITOR`, `core.editor`, `$VISUAL`, `$EDITOR`, or vi. Raises `NotInOrder`.

    `is_users_own`: whatever repository lies around the folder has no say; whoever writes its configuration would see the file.
    """
    variables: dict[str, str | None] = dict.fromkeys(_OF_A_REPOSITORY) if is_users_own else {}
    if is_users_own:
        variables["GIT_CEILING_DIRECTORIES"] = os.path.dirname(os.path.realpath(folder))
    return os.fsdecode(program.run(folder, "var", "GIT_EDITOR", variables=variables)).strip()


def edit(editor: str, path: str, folder: str) -> int:
    """Let the user edit a file, and return how the editor ended. A shell runs it, as git does: it may have words and quotes."""
    env = program.environment({"LC_ALL": os.environ.get("LC_ALL")})
    words = ["sh", "-c", f'{editor} "$@"', editor, path]
    with subprocess.Popen(words if sys.platform != "win32" else f'{editor} "{path}"', cwd=folder, env=env) as process:
        # On Ctrl-C the editor decides: we are in its foreground.
        before = {number: signal.signal(number, signal.SIG_IGN) for number in _by_keys()}
        try:
            return process.wait()
        except BaseException:
            process.terminate()
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
            raise
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _by_keys() -> list[signal.Signals]:
    return [signal.SIGINT, *([signal.SIGQUIT] if sys.platform != "win32" else [])]
