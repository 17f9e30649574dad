"""What README.md and docs/*.md show is run, command by command, and what they print is compared.

How to write a session into a document:

    ```console
    $ gitenv init
    you are alice, key SHA256:…
    …
    bob$ git clone -q git@example.com:team/app.git app
    ```

- Only fenced blocks that open with ```console at the start of a line are run; all blocks of one document are one session.
- `alice$ `, `bob$ ` and `$ ` (the same as `alice$ `) begin a command, which `sh` runs. Each person has a home of their own,
  and each keeps the folder that their last `cd` went to, also from one block to the next. A line ending in a backslash goes on
  in the next one; so does a here-document, up to its end mark.
- The lines after a command are its output, standard output and standard error together as they come. `…` in a line stands
  for anything in that line; a line that is only `…` stands for any number of lines. White space at line ends and blank
  lines do not count. A command that shows no output may print what it likes.
- A command that fails must show a line that begins with `error:` or `fatal:`; one that shows such a line must fail.
- A document may begin (its very first line) with a comment that says where it starts from; without one it is `fresh`:
  `<!-- lab: fresh -->`    an empty hub, nothing cloned; both people stand in their home, `~`.
  `<!-- lab: empty -->`    the same hub, cloned by both at `~/app`, where they stand; no commit yet.
  `<!-- lab: founded -->`  a repository that alice founded: `.env` (HELLO, PASSWORD) committed and pushed; both have it at
                           `~/app`, where they stand; bob has run nothing of gitenv yet.
- The hub is `git@example.com:team/app.git` everywhere; git is told in each person's configuration where that really is.
- `PASSWORD` in the founded `.env` is `hunter2`; `main` is the only branch. There is no terminal: what asks needs `--yes`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import NewLab
from tests.lab import HUB, Done, Lab, Person
from tests.programs import programs

TOP = Path(__file__).parent.parent
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PROMPT = re.compile(r"(?:(alice|bob))?\$ (.*)")
_HERE_DOCUMENT = re.compile(r"<<-?\s*['\"]?(\w+)")
_LAB = re.compile(r"<!-- lab: (\w+) -->\n")


class Step(NamedTuple):
    """A command as a document shows it, with what it shows of the output."""

    who: str
    command: str
    shown: list[str]

    @property
    def fails(self) -> bool:
        return any(line.startswith(("error:", "fatal:")) for line in self.shown)


def steps(text: str) -> list[Step]:
    """All commands of a document, in order."""
    found: list[Step] = []
    for block in _BLOCK.findall(text):
        lines = iter(block.splitlines())
        for line in lines:
            if prompt := _PROMPT.fullmatch(line):
                command = prompt[2]
                while command.endswith("\\"):
                    command += "\n" + next(lines)
                if mark := _HERE_DOCUMENT.search(command):
                    while not command.endswith("\n" + mark[1]):
                        command += "\n" + next(lines)
                found.append(Step(prompt[1] or "alice", command, []))
            else:
                found[-1].shown.append(line)
    return found


def shows(shown: list[str], printed: str) -> bool:
    """Whether a document's lines are what was printed, but for `…`."""
    pattern = ""
    for line in (line.rstrip() for line in shown if line.strip()):
        pattern += "(?:.*\n)*" if line == "…" else ".*".join(map(re.escape, line.split("…"))) + "\n"
    lines = "".join(line.rstrip() + "\n" for line in printed.splitlines() if line.strip())
    return not shown or bool(re.fullmatch(pattern, lines))


class Shell:
    """`sh` as one person has it open: gitenv on the PATH, and the folder of the last `cd`."""

    def __init__(self, person: Person, programs: Path) -> None:
        self._person = person
        self._programs = programs
        self._here = "."

    def run(self, command: str) -> Done:
        """Run a command; both streams come as one, in order."""
        note = self._person.home / ".here"
        script = f'exec 2>&1\ntrap \'pwd >"$HOME/.here"\' EXIT\ncd -- "$HERE" || exit\n{command}\n'
        path = f"{self._programs}{':' if self._programs.as_posix().startswith('/') else ';'}{self._person.env['PATH']}"
        done = self._person.run(["sh", "-c", script], env={"PATH": path, "HERE": self._here})
        self._here = note.read_text(encoding="utf-8").removesuffix("\n")
        return done


def _begin(kind: str, new_lab: NewLab) -> Lab:
    lab = new_lab("founded" if kind == "founded" else "")
    for name in ("alice", "bob"):
        person = lab.person(name)
        if kind == "empty" or (kind == "founded" and name == "bob"):
            person.must("git", "clone", "-q", HUB, "app")
        person.cwd = person.home if kind == "fresh" else person.home / "app"
    return lab


DOCUMENTS = [path.relative_to(TOP).as_posix() for path in [TOP / "README.md", *sorted(TOP.glob("docs/*.md"))]]


@pytest.mark.parametrize("document", [name for name in DOCUMENTS if steps((TOP / name).read_text(encoding="utf-8"))])
def test_document(document: str, new_lab: NewLab, tmp_path: Path) -> None:
    """The commands that a document shows do what it says, and print what it shows."""
    text = (TOP / document).read_text(encoding="utf-8")
    kind = found[1] if (found := _LAB.match(text)) else "fresh"
    assert kind in ("fresh", "empty", "founded"), f"there is no lab called {kind}"
    lab, path = _begin(kind, new_lab), programs(tmp_path / "bin")
    shells = {name: Shell(lab.person(name), path) for name in ("alice", "bob")}
    for step in steps(text):
        done = shells[step.who].run(step.command)
        said = f"{document}: {step.who}$ {step.command}\n--- it ended with {done.exit_code} and printed:\n{done.said}"
        if (done.exit_code != 0) is not step.fails:
            pytest.fail(f"{said}\n--- but the document says that it {'fails' if step.fails else 'works'}", pytrace=False)
        if not shows(step.shown, done.stdout.decode("utf-8", "backslashreplace")):
            pytest.fail(f"{said}\n--- but the document shows:\n" + "\n".join(step.shown), pytrace=False)


def test_the_readme_has_a_session() -> None:
    """README.md shows commands, and so is tested."""
    assert steps((TOP / "README.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        (["a b…", "…", "z"], "a bc\n1\n2\nz \n", True),
        (["…"], "anything\n", True),
        (["…", "z"], "z\n", True),
        ([], "anything\n", True),
        (["a"], "a\nb\n", False),
        (["a", "", "b"], "a\nb\n", True),
        (["a.c"], "abc\n", False),
    ],
)
def test_what_counts_as_shown(shown: list[str], printed: str, same: bool) -> None:
    """`…` stands for anything in its line, or for any lines; everything else is taken as it stands."""
    assert shows(shown, printed) is same
