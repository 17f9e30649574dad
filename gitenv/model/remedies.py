"""The commands that mend what is found, for `check`, hooks, `status` and `doctor` alike: the same fault has the same way out.

`git add --renormalize` is none of them. It runs the filter again, which encrypts nothing that somebody else may have put there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from gitenv.errors import from_top, shell_word
from gitenv.model import dotenv, names
from gitenv.tuples import NamedTuple

_MOST = 8


class Line(NamedTuple):
    """A line that somebody is to decide about."""

    name: str  # its key's; "" without one
    number: int  # from 1


def claim(path: str, taken: Collection[str] = ()) -> str:
    """The command after which the file at `path` belongs to an environment; `taken` are the names of those that there are."""
    base = path.rpartition("/")[2]
    name = dotenv.environment_in(path) if dotenv.kind(path) == "shared" else ""
    if name in taken:  # it has other files of that name, in other folders
        return f"gitenv add-environment NAME {shell_word(path)}"
    return f"gitenv add-environment {name if names.is_name(name) else 'NAME'} {shell_word(base)}"


def take_out(path: str) -> str:
    """The command that takes a file out of the index and leaves it where it is."""
    return f"git rm --cached {from_top(path)}"


def stage_anew(path: str) -> str:
    """The command that stages a file as it is in the work tree, whatever was staged of it before."""
    word = from_top(path)
    return f"git reset -q -- {word} && git add {word}"


def set_anew(path: str, name: str) -> str:
    """The command that writes a value in the spelling that suits most programs, once somebody has typed it."""
    return f"gitenv set {name} -f {from_top(path)}"


def look(path: str) -> str:
    """The command that shows how a file came to be as it is; before the two of `decide`."""
    return f"git log -p -- {from_top(path)}"


def words(chosen: Sequence[Line], among: Sequence[Line] = ()) -> list[str]:
    """How to say lines in a command: by their names, and by number where they have none, or share it with another.

    Never more than a person looks at before they decide: the next ones are named when these are done.
    """
    count = Counter(line.name for line in among or chosen)
    return [line.name if line.name and count[line.name] == 1 else str(line.number) for line in chosen[:_MOST]]


def decide(path: str, which: Sequence[str], *, are_mine: bool = False) -> tuple[str, str]:
    """The two commands about lines that nobody vouches for, in the words of `words`; `are_mine` if this clone made them all."""
    said, word = " ".join(which), from_top(path)
    return f"gitenv accept {'--mine' if are_mine else said} -f {word}", f"gitenv reject {said} -f {word}"


def plain_text(
    path: str, lines: Sequence[Line], *, is_committed: bool, is_claimed: bool, environments: Collection[str]
) -> tuple[str, ...]:
    """What mends lines of a file that stand in plain text in the index, or in the newest commit.

    What is only staged was staged by whoever reads this. What is committed may be anybody's, and a person says whose it is.
    """
    if dotenv.kind(path) == "private":
        return (take_out(path),)
    if not environments:
        return ("gitenv init",)
    if not is_claimed:
        return (claim(path, environments),)
    return decide(path, words(lines)) if is_committed else (stage_anew(path),)


def close_again(paths: Sequence[str], *, is_linked: bool) -> tuple[str, ...]:
    """To encrypt what was typed into closed files, and to close them: of a clone, or of one linked work tree."""
    stage = f"git add {' '.join(map(from_top, paths))}"
    return (stage, "git commit", "gitenv lock") if is_linked else (stage, "gitenv init --closed")
