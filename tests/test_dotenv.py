"""One rule for names: what a dotenv file, a template and one's own are, to gitenv and to git's attributes alike."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitenv.check import misplaced
from gitenv.errors import Usage
from gitenv.git import attributes, program
from gitenv.model import dotenv, names, remedies
from gitenv.model.finding import Severity
from gitenv.repo import claims

_SHARED = [".env", "a/b/.env", ".env.production", ".env.production.eu", ".env.bak", ".env.examples", ".env.local.d", ".ENV"]
_SHARED += [".Env.x", ".env.EXAMPLE", ".env.example2", ".env.local.production", ".env."]
_PRIVATE = [".env.local", "a/.env.production.local", ".env.keys", ".env.LOCAL", ".ENV.local", ".env.a.b.local"]
_TEMPLATE = [
    f"{folder}.env{name}.{word}{end}"
    for folder in ("", "a/b/")
    for name in ("", ".production", ".a.b", "_prod", "rc")
    for word in ("example", "sample", "template", "dist", "defaults", "schema", "vault")
    for end in ("", ".local")
]
_ALIKE = [".flaskenv", ".dev.vars", ".dev.vars.staging", ".envrc", "a/.envrc.private", ".env_prod", ".env-backup", ".env~"]
_ALIKE += ["prod.env", "a/.prod.env", "PROD.ENV"]
_NONE = ["env", ".environment", ".env/file", "env.py", "env.d.ts", ".envoy.yaml", "environment.yml", "readme", "venv", "x.envy"]
_NONE += [
    "example.env",
    "prod.example.env",
    ".env_sample",
    "a-template.env",
    ".dev.vars.example",
    ".flaskenv.example",
    ".git/x",
]


@pytest.mark.parametrize(
    ("kind", "paths"),
    [("shared", _SHARED), ("private", _PRIVATE), ("template", _TEMPLATE), ("alike", _ALIKE), ("", _NONE)],
)
def test_kinds(kind: str, paths: Sequence[str]) -> None:
    """Each name has one kind; a template is one at any depth of the name."""
    assert {path: dotenv.kind(path) for path in paths} == dict.fromkeys(paths, kind)


def test_nobody_claims_a_template_or_what_is_ones_own() -> None:
    """Whatever a pattern says; and it cannot be named in one."""
    for path in (*_PRIVATE, *_TEMPLATE):
        assert not names.claimed(["*", "a/b/*", path], path)
        assert not names.is_pattern(path)
    with pytest.raises(Usage, match=r"is one's own, and is never committed"):
        names.check_patterns([".env.*.local"])
    with pytest.raises(Usage, match="is a template, and stays readable"):
        names.check_patterns(["web/.env.production.example"])


@pytest.mark.parametrize(
    ("path", "taken", "command"),
    [
        ("a/.env.Production", [], "gitenv add-environment production .env.Production"),
        ("a/.env.production", ["production"], "gitenv add-environment NAME a/.env.production"),
        (".env.a b", [], "gitenv add-environment NAME '.env.a b'"),
        (".env", [], "gitenv add-environment development .env"),
        ("a/prod.env", [], "gitenv add-environment NAME prod.env"),
    ],
)
def test_the_command_that_claims_a_file(path: str, taken: list[str], command: str) -> None:
    """It proposes the environment that the name speaks of, unless there is one of that name already."""
    assert remedies.claim(path, taken) == command


class _Repository:
    """A repository with gitenv's lines, which is asked as git itself would."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)
        program.run(self.folder, "init", "-q")
        program.run(self.folder, "config", "core.ignoreCase", "false")

    def filtered(self, patterns: Sequence[str], paths: Sequence[str], *, lifted: bool) -> set[str]:
        text = attributes.lifted(patterns) if lifted else attributes.committed(patterns, guard=True)
        Path(self.folder, ".git/info/attributes").write_bytes(text)
        words = ("git", "check-attr", "-z", "--stdin", "filter")
        asked = "\0".join(paths).encode() + b"\0"
        said = subprocess.run(words, cwd=self.folder, input=asked, capture_output=True, check=True).stdout.decode().split("\0")
        return {path for path, value in zip(said[::3], said[2::3], strict=False) if value == "gitenv"}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> _Repository:
    """One for all: it holds nothing but attributes."""
    return _Repository(tmp_path_factory.mktemp("attributes"))


_WORD = st.sampled_from(
    [
        "",
        "env",
        "ENV",
        "local",
        "keys",
        "production",
        "x y",
        "example",
        "Example",
        "dist",
        "schema",
        "vault",
        "defaults",
        "ö",
        ".",
    ]
)
_NAME = st.builds(
    lambda start, words: start + ".".join(words),
    st.sampled_from([".env", ".env.", ".env_", "prod.", ".ENV.", ".envrc.", "a/.env.", ""]),
    st.lists(_WORD, max_size=4),
).filter(lambda path: bool(path) and "//" not in path and path.rpartition("/")[2] not in ("", ".", ".."))
_PATTERNS = st.lists(
    st.sampled_from(["*.env*", ".env*", "a/*", "*.example", "*local", ".envrc", ".env_*", "*.keys", "a/.env.*"]), max_size=2
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(_NAME, min_size=1, max_size=20), _PATTERNS, st.booleans())
def test_git_hands_gitenv_what_the_rule_says(
    repository: _Repository, paths: list[str], patterns: list[str], lifted: bool
) -> None:
    """The lines of `.gitattributes` and of `info/attributes` mean the same files as the rule, whatever a team claims."""
    filtered = repository.filtered(patterns, paths, lifted=lifted)
    for path in paths:
        usual = any(names.matches(pattern, path) for pattern in dotenv.FILES) and dotenv.kind(path) in ("shared", "private")
        is_named = any(names.matches(pattern, path) for pattern in patterns) and dotenv.kind(path) != "template"
        assert (path in filtered) is (usual or is_named), path
        if names.claimed(patterns, path):
            assert path in filtered
        if dotenv.kind(path) == "template":
            assert path not in filtered


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(_NAME, min_size=1, max_size=20))
def test_what_has_a_kind_is_noticed(paths: list[str]) -> None:
    """What git is asked for, so that every file that has a kind is seen."""
    globs = [spec.rpartition("/")[2].lower() for spec in claims.pathspecs([])]
    for path in (path for path in paths if dotenv.kind(path)):
        assert any(names.matches(glob, path.rpartition("/")[2].lower()) for glob in globs)


@pytest.mark.parametrize(
    ("path", "data", "severity"),
    [
        ("prod.env", b"TOKEN=abc\n", Severity.WARNING),
        (".dev.vars", b"TOKEN=abc\n", Severity.WARNING),
        (".env_prod", b"TOKEN=abc\n", Severity.WARNING),
        (".envrc", b"export TOKEN=abc\n", Severity.NOTE),
        (".flaskenv", b"FLASK_APP=app\n", Severity.NOTE),
        (".envrc", b"use flake\nPATH_add bin\nexport PATH=$PWD/bin:$PATH\n", None),
        ("prod.env", b"# nothing yet\n", None),
    ],
)
def test_other_usual_names(path: str, data: bytes, severity: Severity | None) -> None:
    """A file that is named much like a dotenv one is named where it holds plain values; by a note where most mean it."""
    found = misplaced.like_dotenv(path, data, frozenset())
    assert (found.severity if found else None) is severity
