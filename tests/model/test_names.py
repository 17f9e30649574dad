"""Names of people and environments, and the patterns that say which files are whose."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitenv.errors import Usage
from gitenv.model import names
from gitenv.model.claimants import Claimants

GOOD = [
    "alice",
    "a",
    "9",
    "alice-2",
    "alice.smith",
    "a_b",
    "a--b",
    "a..b",
    "x" * 63,
    "console",
    "com",
    "com10",
    "lpt",
    "nullable",
]
BAD = [
    "",
    "Alice",
    "ALICE",
    "x" * 64,
    "-a",
    ".a",
    "_a",
    "a.",
    "a b",
    "a/b",
    "a\\b",
    "..",
    ".",
    "../a",
    "a\n",
    "a\0",
    "a\x1b",
    "ä",
    "a:b",
]
BAD += [
    "con",
    "prn",
    "aux",
    "nul",
    "com1",
    "com0",
    "lpt9",
    "con.txt",
    "nul.a.b",
    "aux.env",
    "a.pub",
    "a.grant",
    "a ",
    " a",
    "a*",
    "a$",
]


@pytest.mark.parametrize("name", GOOD)
def test_names(name: str) -> None:
    """Lower case, digits, and a few marks that mean nothing to any file system."""
    assert names.is_name(name)
    assert names.check_name(name, "person") == name


@pytest.mark.parametrize("name", BAD)
def test_hostile_names_are_refused(name: str) -> None:
    """Paths, devices, endings of ours, control characters; the message shows none of the latter."""
    assert not names.is_name(name)
    with pytest.raises(Usage) as caught:
        names.check_name(name, "person")
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("name", ["con", "nul.laptop", "aux", "com1", "lpt9.a.b"])
def test_a_device_name_is_refused_with_its_reason(name: str) -> None:
    """A rule that the name keeps would explain nothing: Windows is named, and the part that it means."""
    with pytest.raises(Usage, match=f"Windows keeps {name.partition('.')[0]} for a device"):
        names.check_name(name, "environment")


@pytest.mark.parametrize("name", ["bob.pub", "bob.grant", "bob."])
def test_an_ending_is_refused_with_its_reason(name: str) -> None:
    """So do the endings that files beside it have."""
    with pytest.raises(Usage, match=r"ends with neither a dot nor \.pub nor \.grant"):
        names.check_name(name, "person")


def test_a_long_name_does_not_fill_the_screen() -> None:
    """Only the beginning of what was typed is repeated."""
    with pytest.raises(Usage) as caught:
        names.check_name("x" * 10_000, "person")
    assert len(caught.value.message) < 200


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Alice Smith", "alice-smith"),
        ("alice", "alice"),
        ("  Alice  ", "alice"),
        ("alice@example.com", "alice-example.com"),
        ("Älice", "alice"),
        ("爱丽丝", ""),
        ("", ""),
        ("...", ""),
        ("con", ""),
        ("a" * 100, "a" * 63),
        ("a" * 62 + ".b", ""),
        ("../../etc", "etc"),
    ],
)
def test_names_are_made_of_what_people_are_called(text: str, name: str) -> None:
    """A name that may be used, or none at all."""
    assert names.name_from(text) == name


@given(st.text())
def test_made_names_are_names(text: str) -> None:
    """Whatever git's user.name is."""
    made = names.name_from(text)
    assert not made or names.is_name(made)


GOOD_PATTERNS = [
    ".env",
    ".env.production",
    "*a*",
    "a/*",
    "*.env",
    "apps/*/.env",
    "a/b/c/.env.?",
    "my app/.env",
    "x" * 200,
]
BAD_PATTERNS = [
    "",
    " .env",
    ".env ",
    "/.env",
    "a//b",
    "a/",
    "./.env",
    "../.env",
    "a/../.env",
    "a/./b",
    "**/.env",
    "a/**",
    "a**b",
]
BAD_PATTERNS += [
    ".git/config",
    "a/.git/b",
    ".GIT/x",
    ".recipients/x",
    ".Recipients/production/environment",
    "[ab]",
    "a]",
    "!a",
    "#a",
]
BAD_PATTERNS += ['"a"', "a\\b", "a\nb", "a\0", "a\tb", "ä", "x" * 201, "a*b*c*d", "\x7f", "*", "?", "*.*", "*/*", "./*"]
BAD_PATTERNS += [
    ".env.example",
    "a/.env.sample",
    ".ENV.Template",
    ".env.dist",
    ".env.a.schema",
    ".env.vault.local",
    ".env.local",
    "a/.env.*.local",
    ".env.keys",
]


@pytest.mark.parametrize("pattern", GOOD_PATTERNS)
def test_patterns(pattern: str) -> None:
    """Paths and base names, with `*` and `?`."""
    assert names.is_pattern(pattern)
    names.check_patterns([pattern])


@pytest.mark.parametrize("pattern", BAD_PATTERNS)
def test_hostile_patterns_are_refused(pattern: str) -> None:
    """What leaves the repository, means git's or our own files, is read otherwise by .gitattributes, or matches for ever."""
    assert not names.is_pattern(pattern)
    with pytest.raises(Usage) as caught:
        names.check_patterns([pattern])
    assert caught.value.message.isprintable()


@pytest.mark.parametrize(
    ("pattern", "path", "is_meant"),
    [
        (".env", ".env", True),
        (".env", "deep/down/.env", True),
        (".env", "x.env", False),
        (".env", ".env.production", False),
        (".env", ".env/x", False),
        (".env", ".ENV", False),
        (".env", "x.env/.env", True),
        ("*.env", "a.env", True),
        ("*.env", "b/a.env", True),
        ("*.env", "a.env/b", False),
        (".env.?", ".env.a", True),
        (".env.?", ".env.", False),
        (".env.?", ".env.ab", False),
        (".env?x", ".env/x", False),
        (".env.?", ".env.ä", False),
        (".env.??", ".env.ä", True),
        (".env.??", ".env.\udcff\udcfe", True),
        ("a/.env", "a/.env", True),
        ("a/.env", "b/a/.env", False),
        ("a/*/.env", "a/b/.env", True),
        ("a/*/.env", "a/b/c/.env", False),
        ("a/*/.env", "a/.env", False),
        ("a/*b", "a/cb", True),
        ("a/*b", "a/c/b", False),
        ("a/?b", "a/cb", True),
        ("a.env", "axenv", False),
        ("a+(b)|c.env", "a+(b)|c.env", True),
        ("*.env", "new\nline.env", True),
        (".env", ".env\n", False),
    ],
)
def test_what_patterns_mean(pattern: str, path: str, is_meant: bool) -> None:
    """Without `/` the base name in any folder, with it the path from the top; wild cards are bytes, within one name."""
    assert names.matches(pattern, path) is is_meant


@given(st.text(alphabet="ab/.", max_size=12), st.text(alphabet="ab/.", max_size=12))
def test_a_pattern_without_wild_cards_is_itself(pattern: str, path: str) -> None:
    """With a `/` in it, it means one path and no other."""
    if "/" in pattern:
        assert names.matches(pattern, path) is (pattern == path)


@pytest.mark.parametrize(
    ("one", "other", "path"),
    [
        (".env", ".env", ".env"),
        ("a/*.env", "a/*.env", "a/*.env"),
        (".env.production", "apps/web/.env.production", "apps/web/.env.production"),
        (".env.production", "apps/*/.env.production", "apps/*/.env.production"),
        (".env.production", "apps/*/.env.*", "apps/*/.env.production"),
        (".env.prod*", ".env.production", ".env.production"),
        ("a/x.env", "a/*.env", "a/x.env"),
        (".env", ".env.production", ""),
        ("a/.env", "b/.env", ""),
        ("a/*.env", "a/b/x.env", ""),
        ("a/b/*", "a/b", ""),
        ("a/*", "*.env", ""),
        ("?", "*", ""),
        (".env", "?env", ".env"),
    ],
)
def test_where_two_patterns_meet(one: str, other: str, path: str) -> None:
    """A pattern without wild cards meets what means the same path, in whatever folder; two with wild cards only themselves."""
    assert names.shared([one], [other], ()) == path
    assert names.shared([other], [one], ()) == path


_SEGMENT = st.text("ab*?.", min_size=1, max_size=4)
_PATTERNS = st.lists(_SEGMENT, min_size=1, max_size=3).map("/".join).filter(names.is_pattern)
_PATHS = st.lists(st.text("ab.", min_size=1, max_size=3), min_size=1, max_size=3).map("/".join)


@given(st.lists(_PATTERNS, max_size=3), st.lists(_PATTERNS, max_size=3), st.lists(_PATHS, max_size=5))
def test_shared_is_claimed_by_both(first: list[str], second: list[str], paths: list[str]) -> None:
    """Of paths that are there, none is claimed by both unless `shared` names one; and what it names is."""
    found = names.shared(first, second, paths)
    both = [path for path in paths if names.claimed(first, path) and names.claimed(second, path)]
    assert bool(found) or not both
    assert not both or found == both[0]


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), st.lists(_PATTERNS, max_size=3)), st.lists(_PATHS, max_size=5))
def test_of_many_each_claims_as_alone(patterns: dict[str, list[str]], paths: list[str]) -> None:
    """Looking for the claimants of a path finds every environment that claims it, once."""
    claimants = Claimants(patterns)
    for path in paths:
        found = claimants.of(path)
        assert sorted(found) == sorted(name for name, its in patterns.items() if names.claimed(its, path))
    expected = {name: [path for path in paths if names.claimed(its, path)] for name, its in patterns.items()}
    assert claimants.sorted(paths) == {name: its for name, its in expected.items() if its}
