"""What a file's name makes it: a team's dotenv file, one's own, a template, or none. The one place that says so.

Hooks ask this at every commit, so nothing is imported that is slow.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Kind = Literal["shared", "private", "template", "alike", ""]

FILES = (".env", ".env.*")
"""What git's attributes hand to gitenv in every repository."""
_TEMPLATES = ("example", "sample", "template", "dist", "defaults", "schema", "vault")
TEMPLATES = tuple(f".env*.{word}{end}" for word in _TEMPLATES for end in ("", ".local"))
"""What git's attributes leave alone: files that show which keys there are, and stay readable."""
PRIVATE = (".env.local", ".env.*.local", ".env.keys")
"""What belongs to one person or one machine, as `.gitignore` spells it."""
LOOKS = (".env*", "*.env", ".flas*env", ".dev.vars*")
"""Globs, whatever the case, for every name that has a kind, and for more: git's `icase` takes U+212A for no k."""

WORDS = ("env",)
"""What stands, whatever the case, in each name that is shared, private or a template."""


def kind(path: str) -> Kind:
    """What the file at `path` is by its name; "" for any other file.

    shared: `.env` or `.env.NAME`. Its team's, so nothing plain may be committed there
    private: `.env.local` and its kin. One person's, so it is never committed at all
    template: `.env.example` and its kin. Committed as it is, and nobody's environment
    alike: `prod.env`, `.envrc` and its kin. Often holds the same, and is nobody's until somebody claims it

    A template is one in lower case only, as git's attributes have it. All that is a dotenv file where case is ignored (`.ENV`)
    is one here.
    """
    base = path.rpartition("/")[2]
    lower = base.lower()
    if "env" not in lower and not lower.startswith(".dev.vars"):
        return ""
    parts = base.split(".")
    if base.startswith(".env") and (parts[-2] if parts[-1] == "local" else parts[-1]) in _TEMPLATES:
        return "template"
    if lower == ".env" or lower.startswith(".env."):
        return "private" if lower.endswith(".local") or lower == ".env.keys" else "shared"
    return "alike" if _is_alike(lower) else ""


def is_protected(path: str) -> bool:
    """Whether nothing plain may stand in a file of that name, whoever claims it."""
    return kind(path) in ("shared", "private")


def looks(pattern: str) -> bool:
    """Whether `LOOKS` means all that a path pattern of a statement does."""
    base = pattern.rpartition("/")[2].lower()
    return base.startswith((".env", ".dev.vars")) or base.endswith(".env")


def _is_alike(base: str) -> bool:
    if set(base.replace("_", ".").replace("-", ".").split(".")) & set(_TEMPLATES):
        return False
    is_named = base in (".flaskenv", ".envrc", ".dev.vars") or base.startswith((".envrc.", ".dev.vars."))
    return is_named or base.startswith((".env_", ".env-", ".env~")) or base.endswith(".env")


def environment_in(path: str) -> str:
    """The environment that a shared file's name speaks of: `.env.Production` → production. May be no possible name."""
    return path.rpartition("/")[2].lower().removeprefix(".env").removeprefix(".") or "development"
