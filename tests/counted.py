"""Python, where each process writes down what it loaded, started, read and asked git for, once gitenv has done its work there.

`make` puts a `python` into a folder that takes the words which Python takes, and a `git` for the processes below it that notes
the questions to gits that are spoken with, and how much any other answers. `gitenv init` run by that `python` gives it to git:
hooks and filters are counted, too.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

_GIT = """\
#!/bin/sh
case " $* " in
*" cat-file --batch"* | *" diff-tree --stdin --raw "*) tee -a {folder}/asked.$PPID | {git} "$@" ;;
*)
    {git} "$@" >{folder}/answer.$$
    code=$?
    cat {folder}/answer.$$
    tr -dc '\\n\\0' <{folder}/answer.$$ | wc -c >>{folder}/answered.$PPID
    exit $code
    ;;
esac
"""
_OPTIONS_WITH_WORD = ("-X", "-W")


def make(folder: Path, home: Path) -> Path:
    """Make both programs, and return the path of `python`. Only what is read below `home` is counted."""
    bin_folder = folder / "bin"
    bin_folder.mkdir(parents=True)
    words = [sys.executable, "-E", "-P", __file__, str(folder), str(home)]
    _program(bin_folder / "python", f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    git = shlex.quote(shutil.which("git") or "git")
    _program(bin_folder / "git", _GIT.format(git=git, folder=shlex.quote(str(folder))))
    return bin_folder / "python"


def _program(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def _main(folder: str, home: str, words: list[str]) -> None:
    """Do what Python does with these words, and write down what that took."""
    os.environ["PATH"] = os.path.join(folder, "bin") + os.pathsep + os.environ["PATH"]
    sys.executable = os.path.join(folder, "bin", "python")
    loaded = set(sys.modules)
    started: list[list[str]] = []
    read: list[str] = []
    gone: list[bool] = []

    def seen(event: str, arguments: Sequence[object]) -> None:
        if event in ("subprocess.Popen", "os.posix_spawn"):
            started.append([os.fsdecode(word) for word in arguments[1]])  # type: ignore[attr-defined]
        elif event in ("open", "os.listdir", "os.scandir") and isinstance(path := arguments[0], str | bytes):
            full = os.path.abspath(os.fsdecode(path))
            read.extend([os.path.relpath(full, home)] if full.startswith(home) else ())
        elif event == "os.exec" and not gone:  # which ends all this, where there is such a program
            gone.append(True)
            report()

    def report() -> None:
        modules = sorted({*sys.modules} - loaded)
        counted = {"words": sys.argv, "pid": os.getpid(), "modules": modules, "started": list(started), "read": list(read)}
        import json

        with open(os.path.join(folder, "counted"), "a", encoding="utf-8") as file:
            file.write(json.dumps(counted) + "\n")

    leave = os._exit

    def left(code: int) -> None:
        report()
        leave(code)

    os._exit = left  # type: ignore[assignment]
    sys.addaudithook(seen)
    try:
        _run(words)
    finally:
        report()


def _run(words: list[str]) -> None:
    while words[0].startswith("-") and words[0] != "-c":
        del words[: 2 if words[0] in _OPTIONS_WITH_WORD else 1]
    code = words[1] if words[0] == "-c" else Path(words[0]).read_text(encoding="utf-8")
    sys.argv = ["-c", *words[2:]] if words[0] == "-c" else words
    exec(compile(code, "gitenv's start", "exec"), {"__name__": "__main__"})


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2], sys.argv[3:])
