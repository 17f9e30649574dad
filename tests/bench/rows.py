"""The table: what is measured, beside whom, and what it may take.

A case is built for each gitenv that is measured, and for git alone and git-crypt where a row has them for its peer. Limits
are for the full size, and for medians; a row without one is there to be looked at.
"""

from __future__ import annotations

from tests.bench import cases
from tests.bench.cases import BARE, DOTENVX, GIT_LOG, KEYS, SMALL, SOPS, STATUS, UNHOOKED
from tests.bench.measure import Case, Limit, Row
from tests.bench.subjects import GitCrypt, Subject

ALONE, CRYPT = Subject.name, GitCrypt.name


def seconds(limit: float) -> Limit:
    return Limit(seconds=limit)


CASES = (
    Case(
        "small repository",
        cases.small,
        (
            *(Row(verb, Limit(10), BARE) for verb in SMALL),
            Row("status on a terminal", None, BARE),
            Row("--help", None, BARE, full_only=True),
        ),
        KEYS,
    ),
    Case(
        "values",
        cases.used,
        (
            Row("run -- true", Limit(1, 0.070), BARE),
            Row("run -- true, locked", Limit(1, 0.070), BARE),
            Row("run -- true, beside dotenvx", Limit(1 / 4), DOTENVX),
            Row("run --redact, 30 MB", Limit(1, 1.070), BARE),
            Row("run -- true, beside sops", None, SOPS),
            Row("get", Limit(1, 0.070), BARE),
            Row("Tab", seconds(0.080), BARE),
            Row("gitenv.load()", Limit(1, 0.060), BARE),
        ),
        KEYS,
    ),
    Case(
        "one file",
        cases.one_file,
        (Row("git add", seconds(0.050), ALONE), Row("git checkout", seconds(0.055), ALONE)),
        KEYS,
    ),
    Case(
        "one file, git-crypt's",
        cases.one_file,
        (Row("git add", None, CRYPT, full_only=True), Row("git checkout", None, CRYPT, full_only=True)),
        KEYS,
    ),
    Case("{} commits of a file", cases.file_history, (Row("git log -p", None, CRYPT, full_only=True),), 30),
    Case(
        "{} files",
        cases.many_new_files,
        (
            Row("git add", Limit(1 / 28), CRYPT),
            Row("git checkout", Limit(1 / 20), CRYPT),
            Row("clone and open", None, CRYPT, full_only=True),
        ),
        1_000,
    ),
    Case(
        "{} tracked files",
        cases.monorepo,
        (Row("status", Limit(1.5, 0.1), STATUS, "cpu"), Row("git commit", Limit(1, 0.1), UNHOOKED, "cpu")),
        60_000,
    ),
    Case(
        "{} commits",
        cases.long_history,
        (
            Row("log", seconds(2), GIT_LOG),
            Row("log, first line", Limit(10), BARE),
            Row("matrix", None, GIT_LOG),
            Row("log of one key", None, GIT_LOG, full_only=True),
            Row("check --history", None, GIT_LOG, full_only=True),
        ),
        10_000,
    ),
    Case("{} keys", cases.merge, (Row("git merge", seconds(0.4), ALONE),), 5_000),
    Case("{} keys, across a rotation", cases.merge_across_rotation, (Row("git merge", None),), 5_000),
    Case(
        "{} recipients",
        cases.many_people,
        (Row("status", seconds(1), STATUS), Row("recipients", seconds(1)), Row("status, the first in a clone", None, STATUS)),
        10_000,
    ),
    Case("{} .env files", cases.opened_and_locked, (Row("lock", seconds(4)), Row("unlock", seconds(4))), 300, 3_000),
    Case(
        "{} environments",
        cases.many_environments,
        (Row("init", seconds(4)), Row("unlock", seconds(1.5)), Row("status", seconds(1)), Row("check", seconds(1))),
        100,  # the most that gitenv founds
    ),
    Case(
        "filter, {} keys",
        cases.one_process,
        (Row("start to first answer", None, BARE, full_only=True), Row("clean", full_only=True), Row("smudge", full_only=True)),
        10_000,
    ),
    Case(
        "{} files staged",
        cases.hooks,
        (Row("pre-commit", None, BARE, full_only=True), Row("pre-commit with .env", None, BARE, full_only=True)),
        20,
    ),
    Case("{} files, 100 people", cases.rotation, (Row("rotate", full_only=True),), 100, 1_000),
    Case(
        "trust, {} commits",
        cases.trust,
        (Row("chain of 200 statements", full_only=True), Row("look for forks", full_only=True)),
        10_000,
    ),
)
