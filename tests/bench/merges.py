"""What reviews take: merges by key, and diffs in plain text and with masks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from tests.bench.measure import Row, Sample, interleaved, rows, timed
from tests.bench.peers import Gitenv, env_file
from tests.lab import Lab, Person

MERGE, DIFF = "merge", "diff"
DRIVER, COMMAND = "merge driver alone", "git merge"
LOG = "git log -p"
KEYS, COMMITS = 5_000, 30


def run(lab: Lab, rounds: int) -> Iterator[Row]:
    """Both, in a lab of its own: a rotation moves the pin that all copies of a repository have."""
    gitenv = Gitenv(lab)
    yield from _diff(gitenv, COMMITS, rounds)
    yield from _merges(gitenv, KEYS, rounds)


def _merges(gitenv: Gitenv, keys: int, rounds: int) -> Iterator[Row]:
    """Two branches of a file of many keys, one changed on each; within a generation, and across a rotation."""
    person = _founded(gitenv, env_file(keys))
    _branch(person)
    subjects: dict[str, Callable[[], Sample]] = {"same key": lambda: _merge(person)}
    yield from rows(MERGE, keys, interleaved(subjects, rounds, warm_up=1))
    person.must("gitenv", "rotate", "development")
    person.must("git", "commit", "-q", "-m", "Rotate")
    yield from rows(MERGE, keys, interleaved({"across a rotation": lambda: _merge(person)}, rounds, warm_up=1))


def _diff(gitenv: Gitenv, commits: int, rounds: int) -> Iterator[Row]:
    """`git log -p` over commits that each change one value, with `cat`, with masks, and as it is stored."""
    person = _founded(gitenv, env_file(20))
    for number in range(commits):
        (person.cwd / ".env").write_bytes(env_file(20) + b"HELLO=%d\n" % number)
        person.must("git", "commit", "-q", "-a", "-m", "Set HELLO")
    cat = person.must("git", "config", "diff.gitenv.textconv").stdout.decode().strip()
    person.must("git", "config", "gitenv.maskDiff", "true")
    person.must("gitenv", "init")
    masks = person.must("git", "config", "diff.gitenv.textconv").stdout.decode().strip()

    def log(*words: str) -> Callable[[], Sample]:
        return lambda: {LOG: timed(person, "git", *words, "--", ".env")}

    subjects: Mapping[str, Callable[[], Sample]] = {
        "ciphertext": log("log", "-p", "--no-textconv"),
        "plain": log("-c", f"diff.gitenv.textconv={cat}", "log", "-p"),
        "masks": log("-c", f"diff.gitenv.textconv={masks}", "log", "-p"),
    }
    yield from rows(DIFF, commits, interleaved(subjects, rounds))


def _founded(gitenv: Gitenv, data: bytes) -> Person:
    person = gitenv.fresh()
    (person.cwd / ".env").write_bytes(data)
    person.must("git", "add", ".env")
    person.must("git", "commit", "-q", "-m", "Values")
    return person


def _branch(person: Person) -> None:
    """`theirs` has one key more at the end, `ours` one at the top."""
    data = (person.cwd / ".env").read_bytes()
    for name, changed in (("theirs", data + b"THEIRS=1\n"), ("ours", b"OURS=1\n" + data)):
        person.must("git", "switch", "-q", "-c", name, "main")
        (person.cwd / ".env").write_bytes(changed)
        person.must("git", "commit", "-q", "-a", "-m", name)


def _merge(person: Person) -> Sample:
    sides = [person.must("git", "cat-file", "blob", f"{tree}:.env").stdout for tree in ("main", "ours", "theirs")]
    for name, data in zip((".base", ".ours", ".theirs"), sides, strict=True):
        (person.cwd / name).write_bytes(data)
    alone = timed(person, "gitenv", "merge-driver", ".base", ".ours", ".theirs", "7", ".env")
    for name in (".base", ".ours", ".theirs"):
        (person.cwd / name).unlink()
    whole = timed(person, "git", "merge", "-q", "--no-edit", "theirs")
    person.must("git", "reset", "-q", "--hard", "ORIG_HEAD")
    return {DRIVER: alone, COMMAND: whole}
