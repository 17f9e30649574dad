"""Kill a command, see that nothing is lost, run it again: `python -m tests.cut_off CASE BEGINNING PLACE EVERY SOME RANDOM`.

A process of its own, with one thread, so that it can fork. Prints one paragraph for each thing that is wrong, and the figures.
"""

from __future__ import annotations

import random
import re
import shutil
import signal
import sys
from pathlib import Path
from typing import NamedTuple

from tests.cut_off.cases import CASES, SECRET, Case, at_home
from tests.cut_off.forked import Ended, gitenv
from tests.forkserver import server
from tests.lab import Lab, Person


class Whole(NamedTuple):
    """What an undisturbed run makes of a case."""

    moments: list[str]
    seconds: float
    files: dict[str, bytes]
    tracked: list[str]
    to_reissue: str


def main(name: str, beginning: str, place: str, every: str, some: str, at_random: str) -> int:
    """Kill it at each EVERYth moment, or where that is 0 at SOME of them; return 1 if anything is wrong."""
    if "gitenv.cli.app" not in sys.modules:  # else this is a fork of a process that has loaded all
        server.load()
    case, folder = CASES[name], Path(place)
    folder.mkdir(parents=True, exist_ok=True)
    before = Path(beginning) if beginning else None
    lab = Lab(folder / "before", before)
    for person in dict.fromkeys((case.who, *(["alice"] if case.with_alice else []))) if case.beginning else ():
        at_home(lab, person).must("git", "pull", "-q")
        gitenv(at_home(lab, person), ["unlock"])
    case.prepare(lab)
    whole = _whole(case, folder)
    step = int(every) or max(1, len(whole.moments) // int(some))
    chosen = range(1 + random.Random(name).randrange(step), len(whole.moments) + 1, step)
    dice = random.Random(name)
    delays = [dice.uniform(0.001, whole.seconds) for _ in range(int(at_random))]
    wrong = 0
    for number, what in [*((at, whole.moments[at - 1]) for at in chosen), *((-1, delay) for delay in delays)]:
        where = folder / "now"
        try:
            _check(case, whole, _copy(case, folder, where), number, what if isinstance(what, float) else 0)
            if case.reads and number == max(chosen):
                _check_others(case, folder, where)
        except AssertionError as error:
            wrong += 1
            shown = f"moment {number}: {what}" if number > 0 else f"after {what:.4f} s"
            print(f"{name}, {shown}\n  " + str(error).replace("\n", "\n  "), flush=True)
        shutil.rmtree(where, ignore_errors=True)
    print(f"{name}: {len(chosen)} of {len(whole.moments)} moments, {len(delays)} at random, {wrong} wrong", file=sys.stderr)
    return int(bool(wrong))


def _whole(case: Case, folder: Path) -> Whole:
    person = _copy(case, folder, folder / "whole")
    done = gitenv(person, case.words, case.stdin, 0)
    assert done.code == 0, done.said
    return Whole(done.moments, done.seconds, _files(person), _tracked(person), gitenv(person, ["reissue"]).said)


def _copy(case: Case, folder: Path, where: Path) -> Person:
    """The lab before the command. Only whoever runs it needs to be there."""
    (where / "homes").mkdir(parents=True)
    shutil.copytree(folder / "before" / "homes" / case.who, where / "homes" / case.who, symlinks=True)
    return at_home(Lab(where), case.who)


def _check(case: Case, whole: Whole, person: Person, at: int, after: float) -> None:
    files, head = _files(person), person.run(["git", "rev-parse", "HEAD"]).stdout
    killed = gitenv(person, case.words, case.stdin, at if at > 0 else None, after)
    assert killed.code in (-signal.SIGKILL, 0) if after else killed.code == -signal.SIGKILL, f"it was not killed: {killed.said}"
    # What was there is there, whole.
    assert person.run(["git", "rev-parse", "HEAD"]).stdout == head, "HEAD has moved"
    now = _files(person)
    for path, data in files.items():
        assert now.get(path) in (data, whole.files.get(path)), f"{path} is neither the old nor the new one"
    _drop_lock_of_git(person)
    if not case.may_be_plain and not case.is_merging and (at % 2 or after):  # somebody goes on without a thought
        person.run(["git", "add", "-A"])
        _no_plain_text(person)
    status = gitenv(person, ["status"])
    assert status.code in (0, 3, 5), f"status: {status.said}"
    # The next run.
    again = gitenv(person, case.words, case.stdin)
    is_done = case.said_again and case.said_again in again.said
    assert again.code == 0 or is_done, f"the next run ended with {again.code}: {again.said}"
    if case.is_gone:
        left = person.run(["git", "config", "--get-regexp", r"^(filter|merge|diff)\.gitenv"]).stdout
        assert not left, f"git's configuration still has {left.decode()}"
    _healed(case, whole, person, again)


def _healed(case: Case, whole: Whole, person: Person, again: Ended) -> None:
    assert _files(person) == whole.files, f"other files than in an undisturbed run; {again.said}"
    assert not (left := _leftovers(person)), f"left behind: {left}"
    tracked = _tracked(person)
    assert tracked == whole.tracked, f"tracked: {sorted(set(tracked) ^ set(whole.tracked))}; {again.said}"
    listed = gitenv(person, ["reissue"]).said
    assert listed == whole.to_reissue, f"other values are to be reissued: {listed}"
    unstaged = person.run(["git", "diff", "--name-only"]).stdout.decode().split()
    unstaged = [path for path in unstaged if path.startswith((".recipients/", ".gitattributes"))]
    assert not unstaged, f"not staged, and nobody says so: {unstaged}; {again.said}"
    if not case.is_gone:
        person.must("git", "commit", "--allow-empty", "-qam", "Done")
        said = person.must("git", "status", "--porcelain").said
        assert not said, f"git status: {said}"
    if not case.may_be_plain:
        _no_plain_text(person)
    person.must("git", "fsck", "--connectivity-only", "--no-dangling")


def _check_others(case: Case, folder: Path, where: Path) -> None:
    """Who should be in reads all of it after a pull, also from the generation before; and who was taken out nothing new."""
    for place in ("hub.git", *(f"homes/{name}" for name in case.reads or {})):
        shutil.rmtree(where / place, ignore_errors=True)
        if place != f"homes/{case.who}":
            shutil.copytree(folder / "before" / place, where / place, symlinks=True)
    lab = Lab(where)
    at_home(lab, case.who).must("git", "push", "-q")
    plain = (at_home(lab, case.who).cwd / ".env").read_bytes()
    for name, can_read in (case.reads or {}).items():
        other = at_home(lab, name)
        other.must("git", "pull", "-q")
        unlocked = gitenv(other, ["unlock", "development"])
        assert (unlocked.code == 0) is can_read, f"{name}: {unlocked.said}"
        assert ((other.cwd / ".env").read_bytes() == plain) is can_read, f"{name} reads something else"


def _no_plain_text(person: Person) -> None:
    git = ("git", "cat-file", "--batch", "--batch-all-objects", "--unordered", "--buffer")
    assert SECRET not in person.must(*git).stdout, "plain text is in an object"


def _files(person: Person) -> dict[str, bytes]:
    """The .env files. Who seals a value twice has two spellings of it; `lock` and a rotation have other tokens each time."""
    paths = [path for path in person.cwd.rglob(".env*") if path.is_file() and not path.name.endswith(".tmp")]
    found = {path.relative_to(person.cwd).as_posix(): path.read_bytes() for path in paths if ".git" not in path.parts}
    return {name: re.sub(rb"(gitenv1(?:-sealed)?:)\S+", rb"\1", data) for name, data in found.items()}


def _tracked(person: Person) -> list[str]:
    """Without `past/`: a next run adds one more statement where the killed one had written its own."""
    return sorted(path for path in person.must("git", "ls-files").stdout.decode().splitlines() if "/past/" not in path)


def _leftovers(person: Person) -> list[str]:
    """What a run that was killed left behind."""
    found = [path for path in person.home.rglob("*") if path.name.endswith((".tmp", ".lock")) or path.name == "lock"]
    notes = person.cwd / ".git" / "gitenv"
    found += [path for path in notes.iterdir() if path.name.startswith(("index-", "merge-"))] if notes.is_dir() else []
    return [str(path.relative_to(person.home)) for path in found]


def _drop_lock_of_git(person: Person) -> None:
    """git's own locks, where git was killed: that is git's to say, and its user's to remove."""
    for name in ("index.lock", "config.lock"):
        lock = person.cwd / ".git" / name
        if lock.exists() and lock.stat().st_nlink == 1:
            lock.unlink()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
