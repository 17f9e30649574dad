"""The index as git lists it: what is looked for is found, wherever its marks stand."""

from __future__ import annotations

import fnmatch

import pytest

from gitenv.git.listing import Listing, fixed

_ID = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
_PATHS = (
    *(".ENV", ".env", ".recipients/a.pub", ".recipients/env/environment", "120000 x", "a\tb/.env", "a\n.env", "apps/web/.env"),
    *("b/.recipients/c", "link", "other", "prod.Env", "x 1\t.recipients/d", "zz/\u212aenv", "\udcff.env"),
)


def _line(path: str, mode: str = "100644", stage: int = 0) -> bytes:
    return f"{mode} {_ID} {stage}\t{path}\0".encode("utf-8", "surrogateescape")


_SPECIAL = {"link": _line("link", "120000"), ".env": _line(".env", stage=1) + _line(".env", "100755", 2)}
_SAID = b"".join(_SPECIAL.get(path) or _line(path) for path in _PATHS)


def test_all_of_it() -> None:
    """Every path, in git's order, with its stages; and an empty index has none."""
    assert list(dict.fromkeys(entry.path for entry in Listing(_SAID).all())) == list(_PATHS)
    assert [entry.stage for entry in Listing(_SAID).all() if entry.path == ".env"] == [1, 2]
    assert Listing(b"").all() == []
    assert Listing(b"").named(["env"]) == []


def test_one_place() -> None:
    """A path, what is in conflict, and links; never what only looks like one."""
    listing = Listing(_SAID)
    assert all(listing.has(path) for path in _PATHS)
    assert not any(listing.has(path) for path in ("b", "b/.env", "", "env", ".recipients", "web/.env"))
    assert [(entry.path, entry.stage) for entry in listing.unmerged()] == [(".env", 1), (".env", 2)]
    assert [entry.path for entry in listing.links()] == ["link"]
    assert [entry.path for entry in listing.below(".recipients")] == [".recipients/a.pub", ".recipients/env/environment"]
    assert [entry.path for entry in listing.below("apps")] == ["apps/web/.env"]


@pytest.mark.parametrize("words", [["env"], [".env", "link"], ["env", ".env", "other"], [""], ["nothing"], ["a"]])
def test_by_words(words: list[str]) -> None:
    """All paths with one of the words, whatever the case, each entry once and in git's order."""
    listing = Listing(_SAID)
    wanted = [entry for entry in listing.all() if any(word in entry.path.lower() for word in words)]
    found = listing.named(words)
    assert [entry for entry in found if entry in wanted] == wanted
    assert found == [entry for entry in listing.all() if entry in found]
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("pattern", [".env", "*.env", "?", "apps/*/.env.production", "a*b?ccc*", "a?.env.*"])
def test_what_stands_in_each_path(pattern: str) -> None:
    """The longest part without a wild card."""
    example = pattern.replace("*", "xyz").replace("?", "q")
    assert fnmatch.fnmatchcase(example, pattern)
    assert fixed(pattern) in example
    assert not set(fixed(pattern)) & set("*?")
    assert len(fixed(pattern)) == max(map(len, pattern.replace("?", "*").split("*")))
