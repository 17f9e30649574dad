"""Names of people, environments and paths that a statement may carry, checked before any path is built from one."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache

from gitenv.errors import Usage
from gitenv.model import dotenv

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
# Windows opens a device for these, whatever extension follows; a repository is checked out there, too.
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}
MAX_PATTERNS = 100
_NOBODYS = ("template", "private")


@lru_cache(maxsize=32_768)
def is_name(text: str) -> bool:
    """Whether `text` names a person or an environment. Lower case only, so names stay unique when case is ignored.

    Of ten thousand people each is asked for ten times.
    """
    return not why_not(text)


def why_not(text: str) -> str:
    """What keeps `text` from being the name of a person or an environment; "" if nothing does."""
    if not _NAME.fullmatch(text):
        return "a name is up to 63 of a-z 0-9 . _ - and begins with a letter or digit"
    if text.partition(".")[0] in _DEVICES:
        return f"Windows keeps {text.partition('.')[0]} for a device, whatever ending follows"
    if text.endswith((".", ".pub", ".grant")):
        return "a name ends with neither a dot nor .pub nor .grant"
    return ""


def check_name(text: str, what: str, hint: str = "") -> str:
    """`text`, or `Usage` with why no `what` can be called that. `hint` is the command that gives another name."""
    if why := why_not(text):
        raise Usage(f"no {what} can be called {text[:80]!a}: {why}", hint or "choose another name")
    return text


def check_environments(chosen: Iterable[str] | None) -> None:
    """Raise `Usage` for one that can be no environment's name."""
    for name in chosen or ():
        check_name(name, "environment")


def name_from(text: str) -> str:
    """A name made of what somebody is called ("Alice Müller" → "alice-muller"); may come out empty."""
    import unicodedata

    letters = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    plain = re.sub(r"[^a-z0-9._-]+", "-", letters.lower()).strip("-._")[:63]
    return plain if is_name(plain) else ""


def is_pattern(text: str) -> bool:
    """Whether `text` is a path pattern: printable ASCII, relative, `*` and `?` as the only wild cards.

    The same text must mean the same to us and to .gitattributes, so whatever one of the two reads specially is refused.
    """
    if not 1 <= len(text) <= 200 or not (text.isascii() and text.isprintable()):
        return False
    if text != text.strip() or set(text) & set('[]\\!"#'):
        return False
    parts = text.lower().split("/")
    if dotenv.kind(parts[-1]) in _NOBODYS or not any(c.isalnum() for c in text):  # `*` would be everything
        return False
    # More than two stars in a segment would let a statement choose patterns that take for ever to match.
    return not any(part in ("", ".", "..", ".git", ".recipients") or "**" in part or part.count("*") > 2 for part in parts)


def check_patterns(patterns: Iterable[str]) -> None:
    """Raise `Usage` for one that is no path pattern."""
    for text in patterns:
        _check_pattern(text)


def _check_pattern(text: str) -> None:
    kind = dotenv.kind(text.lower())
    if kind in _NOBODYS:
        why = "a template, and stays readable" if kind == "template" else "one's own, and is never committed"
        raise Usage(f"{text[:200]!a} is {why}", "give the team's file another name: .env.NAME")
    if not is_pattern(text):
        raise Usage(
            f"{text[:200]!a} is no path pattern",
            "give a base name, or a path from the top, in printable ASCII, with * and ?: 'apps/*/.env.production'",
        )


def claimed(patterns: Iterable[str], path: str) -> bool:
    """Whether the file at `path` (from the top of the work tree, with `/`) belongs to an environment of these patterns.

    Never one of gitenv's or git's own, a template, or somebody's own, whatever a pattern says.
    """
    return any(matches(pattern, path) for pattern in patterns) and is_claimable(path)


def is_claimable(path: str) -> bool:
    """Whether any pattern can make a file an environment's."""
    is_ours = path.startswith(".recipients/") or path.rpartition("/")[2].startswith(".git")
    return not is_ours and dotenv.kind(path) not in _NOBODYS


def matches(pattern: str, path: str) -> bool:
    """Whether a path is meant. Without `/`: the base name, in any folder. `*` and `?` never cross a `/`."""
    if "*" not in pattern and "?" not in pattern:
        return path == pattern if "/" in pattern else path.rpartition("/")[2] == pattern
    return bool(_compiled(pattern).fullmatch(path.encode("utf-8", "surrogateescape")))


def leads_to_claimed(patterns: Iterable[str], folder: str) -> bool:
    """Whether a file of these patterns may lie below a folder: where that is a link, it lies somewhere else."""
    parts = folder.split("/")
    ways = (pattern.split("/")[:-1] for pattern in patterns if "/" in pattern)
    return any(len(way) >= len(parts) and all(map(matches, way, parts)) for way in ways)


_cache: dict[str, re.Pattern[bytes]] = {}


def _compiled(pattern: str) -> re.Pattern[bytes]:
    """Over bytes, as git does it: `?` is one byte, and a file that only one of the two takes for ours is left in plain text."""
    if pattern not in _cache:
        wild = {"*": "[^/]*", "?": "[^/]"}
        body = "".join(wild.get(c, re.escape(c)) for c in pattern)
        _cache[pattern] = re.compile((body if "/" in pattern else "(?:.*/)?" + body).encode(), re.DOTALL)
    return _cache[pattern]


def shared(first: Collection[str], second: Collection[str], paths: Iterable[str]) -> str:
    """A path that the patterns of two environments both claim: one of `paths`, or one that could be there; "" if none is known.

    Two different patterns with wild cards are compared by the paths that there are, and by nothing else.
    """
    for path in paths:
        if claimed(first, path) and claimed(second, path):
            return path
    return next(filter(None, (_meeting(one, other) for one in first for other in second)), "")


def _meeting(one: str, other: str) -> str:
    """A path that two patterns both mean, if one of them has no wild card, or they are the same."""
    if one == other:
        return one
    for literal, pattern in ((one, other), (other, one)):
        if "*" in literal or "?" in literal:
            continue
        if matches(pattern, literal):
            return literal
        folder, _, base = pattern.rpartition("/")
        if "/" not in literal and folder and matches(base, literal):  # a base name is meant in that folder, too
            return f"{folder}/{literal}"
    return ""
