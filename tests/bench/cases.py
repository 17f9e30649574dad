"""What is built and how it is run: each function builds a case for one subject, and returns its runs by their rows' names."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Mapping
from functools import cache, partial

from tests import fast_import
from tests.bench import age, histories
from tests.bench.conversation import Conversation
from tests.bench.subjects import Cost, Gitenv, Repository, Run, Subject

BARE, STATUS, UNHOOKED, GIT_LOG = "bare start", "git status", "without hooks", "git log --raw"
DOTENVX, SOPS = "dotenvx run", "sops exec-env"
KEYS = 20
_PAST = 100  # commits for each of the environments
_LOGGED = 1_500_000  # bytes for each of the keys
_LOG = (
    b"12:00:00 INFO GET /api/settings?of=file 200 12 ms value-of=none\n" * 9
    + b"12:00:01 WARN TOKEN=value-00007-of-file-000000\n"
)
SMALL = ("status", "check", "diff", "recipients")


def env_file(keys: int = KEYS, salt: int = 0) -> bytes:
    """A .env file; another `salt` makes another file of the same length."""
    return b"".join(b"SETTING_%05d=value-%05d-of-file-%06d\n" % (key, key, salt) for key in range(keys))


def many_files(count: int, keys: int = KEYS) -> dict[str, bytes]:
    """d00000/.env, d00001/.env, …, no two alike."""
    return {f"d{number:05}/.env": env_file(keys, number) for number in range(count)}


def _bare(repository: Repository) -> Run:
    return lambda: repository.cost(repository.owner.python, "-E", "-P", "-c", "")


def small(subject: Subject, size: int) -> Mapping[str, Run]:
    """One .env file, committed."""
    repository = subject.repository()
    repository.commit({".env": env_file(size)})
    return {
        BARE: _bare(repository),
        **{verb: partial(repository.cost, "gitenv", verb) for verb in SMALL},
        "status on a terminal": lambda: repository.cost_on_terminal("gitenv", "status"),
        "--help": lambda: repository.cost("gitenv", "--help"),
    }


def used(subject: Subject, size: int) -> Mapping[str, Run]:
    """What a program gets of one .env file, open and locked; and of dotenvx's and sops's, where these are installed."""
    repository = subject.repository()
    repository.commit({".env": env_file(size)})
    locked = repository.copy("locked")
    locked.must("gitenv", "lock")
    repository.write("log", _LOG * (size * _LOGGED // len(_LOG)))
    loads = (subject.python, "-E", "-P", "-c", "import gitenv; gitenv.load()")
    runs: dict[str, Run] = {
        BARE: _bare(repository),
        "run -- true": partial(repository.cost, "gitenv", "run", "--", "true"),
        "run -- true, locked": partial(locked.cost, "gitenv", "run", "--", "true"),
        "run -- true, beside dotenvx": partial(locked.cost, "gitenv", "run", "--", "true"),
        "run -- true, beside sops": partial(locked.cost, "gitenv", "run", "--", "true"),
        "run --redact, 30 MB": partial(repository.cost, "gitenv", "run", "--redact", "--", "cat", "log"),
        "get": partial(locked.cost, "gitenv", "get", "SETTING_00000"),
        "Tab": partial(locked.cost, "gitenv", "complete", "bash", "=SETTING_00", "get", "-e", "development"),
        "gitenv.load()": partial(locked.cost, *loads),
    }
    if shutil.which("dotenvx"):
        theirs = subject.empty("dotenvx")
        theirs.write(".env", env_file(size))
        theirs.must("dotenvx", "encrypt", "-q")
        runs[DOTENVX] = partial(theirs.cost, "dotenvx", "run", "-q", "--", "true")
    if sops := shutil.which("sops", path=os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])):
        theirs, (key, recipient) = subject.empty("sops"), age.key()
        theirs.write(".env", env_file(size))
        theirs.write("encrypted.env", theirs.must(sops, "encrypt", "--age", recipient, ".env"))
        with_key = ("env", f"SOPS_AGE_KEY={key}", sops, "exec-env", "encrypted.env", "true")
        runs[SOPS] = partial(theirs.cost, *with_key)
    return runs


def one_file(subject: Subject, size: int) -> Mapping[str, Run]:
    """One .env file, changed in each run and added; and taken away and checked out again."""
    repository = subject.repository()
    repository.commit({".env": env_file(size)})
    salts = iter(range(1, 1_000_000))

    def add() -> Cost:
        repository.write(".env", env_file(size, next(salts)))
        return repository.cost("git", "add", ".env")

    def checkout() -> Cost:
        (repository.path / ".env").unlink()
        return repository.cost("git", "checkout", "-q", "--", ".env")

    return {"git add": add, "git checkout": checkout}


def many_new_files(subject: Subject, size: int) -> Mapping[str, Run]:
    """Many files, added in a fresh repository each time, taken away and checked out again, and cloned and opened."""
    new = subject.repository().copy("new")
    for name, data in many_files(size).items():
        new.write(name, data)

    @cache
    def committed() -> Repository:
        repository = Repository(subject, new.path.with_name("added"))
        if not repository.path.exists():
            new.copy("added").must("git", "add", ".")
        repository.must("git", "commit", "-q", "-m", "Files")
        return repository

    def checkout() -> Cost:
        for name in many_files(size):
            (committed().path / name).unlink()
        return committed().cost("git", "checkout", "-q", "--", ".")

    return {
        "git add": lambda: new.copy("added").cost("git", "add", "."),
        "git checkout": checkout,
        "clone and open": lambda: subject.opened(committed()),
    }


def file_history(subject: Subject, size: int) -> Mapping[str, Run]:
    """What changed in a file over many commits, read as plain text."""
    repository = subject.repository()
    for number in range(size):
        repository.write(".env", env_file() + b"HELLO=%d\n" % number)
        repository.must("git", "add", ".env")
        repository.must("git", "-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "Set HELLO")
    return {"git log -p": lambda: repository.cost("git", "log", "-p", "--", ".env")}


def monorepo(subject: Subject, size: int) -> Mapping[str, Run]:
    """Many files that are none of gitenv's, and one .env file."""
    repository = subject.repository()
    repository.commit({".env": env_file()})
    others = {f"src/{number // 100:04}/{number % 100:02}.txt": b"%d\n" % number for number in range(size)}
    repository.load(fast_import.commit("main", others, [histories.MAIN]))
    repository.must("git", "status")  # refreshes the index
    counter = iter(range(1_000_000))

    def commit(*words: str) -> Cost:
        repository.write("src/0000/00.txt", b"changed %d\n" % next(counter))
        repository.must("git", "add", "src/0000/00.txt")
        return repository.cost("git", *words, "commit", "-q", "-m", "Change")

    return {
        STATUS: lambda: repository.cost("git", "status"),
        "status": lambda: repository.cost("gitenv", "status"),
        UNHOOKED: lambda: commit("-c", "core.hooksPath=/dev/null"),
        "git commit": commit,
    }


def long_history(subject: Subject, size: int) -> Mapping[str, Run]:
    """A branch of many commits, each of which changes one value."""
    repository = subject.repository()
    repository.load(histories.of_values(size, KEYS))
    words = ("gitenv", "log", "-r", "long")
    return {
        GIT_LOG: lambda: repository.cost("git", "log", "--raw", "--format=%H", "long", "--", ".env"),
        "log": lambda: repository.cost(*words),
        "log, first line": lambda: repository.cost_of_first_line(*words),
        "matrix": lambda: repository.cost("gitenv", "matrix", "-r", "long"),
        "log of one key": lambda: repository.cost("gitenv", "log", "KEY_7", "-r", "long"),
        "check --history": lambda: repository.cost("gitenv", "check", "--history", codes=(0, 1)),
        BARE: _bare(repository),
    }


def _branches(subject: Subject, size: int) -> Repository:
    """Two branches of a file of many keys: `theirs` has one more at its end, and `ours` one at its top."""
    repository = subject.repository()
    data = env_file(size)
    repository.commit({".env": data})
    for name, changed in (("theirs", data + b"THEIRS=1\n"), ("ours", b"OURS=1\n" + data)):
        repository.must("git", "switch", "-q", "-c", name, "main")
        repository.commit({".env": changed})
    return repository


def _merged(repository: Repository) -> Cost:
    cost = repository.cost("git", "merge", "-q", "--no-edit", "theirs")
    repository.must("git", "reset", "-q", "--hard", "ORIG_HEAD")
    return cost


def merge(subject: Subject, size: int) -> Mapping[str, Run]:
    """Two branches within one generation."""
    repository = _branches(subject, size)
    return {"git merge": lambda: _merged(repository)}


def merge_across_rotation(subject: Subject, size: int) -> Mapping[str, Run]:
    """Two branches, one of which has a newer data key."""
    repository = _branches(subject, size)
    repository.must("gitenv", "rotate", "development")
    repository.must("git", "commit", "-q", "-m", "Rotate")
    return {"git merge": lambda: _merged(repository)}


def many_people(subject: Subject, size: int) -> Mapping[str, Run]:
    """An environment that many can open. What this clone has verified is noted beside its pins, and known from then on."""
    assert isinstance(subject, Gitenv)
    repository = subject.repository()
    repository.commit({".env": env_file()})
    repository.load(subject.script(repository, "grants", str(size)))

    def first() -> Cost:
        for note in (subject.home / ".config").rglob("verified"):
            note.unlink()
        return repository.cost("gitenv", "status")

    first()
    return {
        "status": lambda: repository.cost("gitenv", "status"),
        "status, the first in a clone": first,
        "recipients": lambda: repository.cost("gitenv", "recipients"),
        STATUS: lambda: repository.cost("git", "status"),
    }


def opened_and_locked(subject: Subject, size: int) -> Mapping[str, Run]:
    """Many files, locked and unlocked in turn."""
    repository = subject.repository()
    repository.commit(many_files(size))
    state = ["unlock"]

    def run(verb: str) -> Cost:
        if state[0] == verb:
            repository.must("gitenv", "lock" if verb == "unlock" else "unlock")
        state[0] = verb
        return repository.cost("gitenv", verb)

    return {"lock": lambda: run("lock"), "unlock": lambda: run("unlock")}


def many_environments(subject: Subject, size: int) -> Mapping[str, Run]:
    """An environment for each of many files, in a repository with a past."""
    new = subject.empty("new")
    new.load(histories.of_statements((), size * _PAST, 1, "main"))
    for number in range(size):
        new.write(f".env.staging-{number:03}" if number else ".env", env_file(salt=number))
    founded = new.copy("founded")
    founded.must("gitenv", "init", "--name", "alice")
    founded.must("git", "add", ".")
    founded.must("git", "commit", "-q", "-m", "Environments")

    def unlock() -> Cost:
        founded.must("gitenv", "lock")
        return founded.cost("gitenv", "unlock")

    return {
        "init": lambda: new.copy("fresh").cost("gitenv", "init", "--name", "alice"),
        "unlock": unlock,
        "status": lambda: founded.cost("gitenv", "status"),
        "check": lambda: founded.cost("gitenv", "check", codes=(0, 1)),
    }


def trust(subject: Subject, size: int) -> Mapping[str, Run]:
    """A history in which one key after another was made, and everything else changed as well."""
    assert isinstance(subject, Gitenv)
    repository = subject.empty()
    repository.must("git", "fast-import", "--quiet", stdin=subject.script(repository, "trust", "200", str(size)))

    def taken(which: int) -> Cost:
        return Cost(float(subject.script(repository, "trust").split()[which]), 0)

    return {"chain of 200 statements": lambda: taken(0), "look for forks": lambda: taken(1)}


def rotation(subject: Subject, size: int) -> Mapping[str, Run]:
    """A next generation for many files and a hundred people, again and again."""
    assert isinstance(subject, Gitenv)
    repository = subject.repository()
    repository.load(subject.script(repository, "grants", "100"))
    repository.commit(many_files(size))

    def rotate() -> Cost:
        cost = repository.cost("gitenv", "rotate", "development")
        repository.must("git", "commit", "-q", "-m", "Rotate")
        return cost

    return {"rotate": rotate}


def hooks(subject: Subject, size: int) -> Mapping[str, Run]:
    """The pre-commit hook as git starts it: where nothing protected is staged it must be done at once."""
    repository = subject.repository()
    files = {f"file{number}.txt": b"hello\n" for number in range(size)}
    hook = str(repository.path / ".git" / "hooks" / "pre-commit")

    def staged(files: Mapping[str, bytes]) -> Cost:
        for name, data in files.items():
            repository.write(name, data)
        repository.must("git", "reset", "-q")
        repository.must("git", "add", *files)
        return repository.cost(hook)

    return {
        "pre-commit": lambda: staged(files),
        "pre-commit with .env": lambda: staged({**files, ".env": env_file()}),
        BARE: _bare(repository),
    }


def one_process(subject: Subject, size: int) -> Mapping[str, Run]:
    """The filter as git speaks to it: from its start to its first answer, and the work of a large file in one that runs."""
    assert isinstance(subject, Gitenv)
    repository = subject.repository()

    def first_answer() -> Cost:
        begin = time.perf_counter()
        with Conversation(repository) as git:
            git.shake_hands()
            git.ask("clean", ".env", env_file())
            return Cost(time.perf_counter() - begin, 0)

    def later(verb: str) -> Cost:
        with Conversation(repository) as git:
            git.shake_hands()
            git.ask("smudge", ".env", git.ask("clean", ".env", env_file(1)))
            data = env_file(size) if verb == "clean" else git.ask("clean", ".env", env_file(size))
            begin = time.perf_counter()
            git.ask(verb, ".env", data)
            return Cost(time.perf_counter() - begin, 0)

    return {
        "start to first answer": first_answer,
        "clean": lambda: later("clean"),
        "smudge": lambda: later("smudge"),
        BARE: _bare(repository),
    }
