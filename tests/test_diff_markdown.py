"""The comment for a pull request: the same text for the same change, short, and nothing that a name could start."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from gitenv.diff import markdown
from gitenv.diff.difference import (
    AlikeNames,
    Broken,
    Cell,
    Difference,
    Doubt,
    Duplicate,
    EnvironmentDifference,
    File,
    FileState,
    Key,
    Row,
    SealedValue,
    Slip,
    Table,
    Told,
    Unvouched,
)
from gitenv.errors import Malformed
from gitenv.model.comparing import Outcome
from gitenv.repo.value_rollbacks import Rollback
from gitenv.trust.roster import EnvironmentChange, PersonChange, RequestChange
from tests.model.builders import BOB, grant_for, statement

GOLDEN = Path(__file__).parent / "golden" / "diff.md"
HOSTILE = [
    *(
        "a`b.env",
        "``",
        "`",
        "a|b",
        "<img src=x onerror=alert(1)>.env",
        "@everyone",
        "x\n- [x] forged",
        "[a](https://example.com)",
    ),
    *("-->", "\u202egnp", "\udcff", " ", "", "**b**", "&lt;", "#1", "\\`", "x" * 5000),
]


def _difference(name: str = ".env") -> Difference:
    keys = [
        Key("HELLO", Outcome.ADDED, 1),
        Key("NEW", Outcome.RENAMED, 2, "OLD", False),
        Key("GONE", Outcome.REMOVED, 3),
        Key("OPEN", Outcome.EXPOSED, 4, is_plain=True),
        Key("SAME", Outcome.REENCRYPTED, 5, is_sure=False),
    ]
    file = File(
        name,
        "development",
        FileState.MOVED,
        f"{name}.old",
        keys,
        *(1, 0),
        [SealedValue("LEVEL", "carol", 6)],
        [Unvouched("EVIL", 7, Doubt.PLAIN)],
        [Duplicate("HELLO", [1, 8])],
    )
    broken = File(f"{name}/x", name, FileState.CHANGED, problem=f"{name} is too large")
    founded = EnvironmentChange("production", None, statement(), [PersonChange("production", "bob", None, grant_for(BOB))])
    return Difference(
        *("main", "HEAD", "1" * 40, "2" * 40),
        [EnvironmentDifference(founded, f"odd {name}")],
        [Broken("staging", Malformed(f"{name}: unknown word").message)],
        [RequestChange("a5c3785ed8d6a35868bc169f07e40e889087fd2e", (), ("SHA256:x",))],
        [file, broken],
        [Table(name, ["development", name], [Row("HELLO", [Cell.ADDED, Cell.MISSING], [Told(name, keys[0]), None])], 2)],
        [Slip(name, "development", 1, "HRLLO", "HELLO", [name])],
        [Rollback(name, "BACK", 9, "3" * 40, False)],
        [AlikeNames("", ("A0", "AO"), False)],
        readers={"production": ["alice", "www.example.com"], name: [name]},
    )


def _nothing() -> Difference:
    return Difference("a", "b", "", "", [], [], [], [], [], [], [], [])


def test_a_key_is_told_once() -> None:
    """What a table tells of a key is in no list below it, and a file that has nothing else to say has no heading."""
    new, changed = Key("HELLO", Outcome.ADDED, 1), Key("LEVEL", Outcome.CHANGED, 2)
    table = Table("", ["development", "production"], [Row("HELLO", [Cell.ADDED, Cell.MISSING], [Told(".env", new), None])], 0)
    file = File(".env", "development", FileState.CHANGED, "", [new])
    found = _nothing()._replace(files=[file], tables=[table], readers={"production": ["bob"]})
    text = markdown.render(found)
    assert "| `HELLO` | new | missing: `bob` can set it |" in text
    assert text.count("HELLO") == 1
    assert "`.env`" not in text
    text = markdown.render(found._replace(files=[file._replace(keys=[new, changed])]))
    assert text.count("HELLO") == 1
    assert "**`.env`** (`development`)\n- `LEVEL`: value changed\n" in text


def test_who_may_read_comes_first() -> None:
    """Before anything else a comment says who reads an environment now, and who asks; their names are no links."""
    lines = [line for line in markdown.render(_difference()).splitlines() if line]
    assert lines[2] == "**Who may read**"
    assert lines[3] == "- `production`, now read by `alice`, `www.example.com`"
    asked = "- \\+ `a5c3785ed8d6a35868bc169f07e40e889087fd2e` asks to be let in; key `SHA256:x` (this file grants nothing)"
    assert asked in lines


def test_what_a_rotation_did_is_folded() -> None:
    """Files that were only encrypted anew are one line, until somebody opens it."""
    keys = [Key(name, Outcome.REENCRYPTED, 1) for name in "AB"]
    files = [File(f"{number}/.env", "development", FileState.CHANGED, "", keys) for number in range(3)]
    text = markdown.render(_nothing()._replace(files=files))
    assert "<details><summary>3 files only re-encrypted by a rotation</summary>\n\n- `0/.env`: 2 values\n" in text
    assert "**" not in text


def test_a_sealed_value_alone() -> None:
    """A file in which nothing but a sealed value came shows it."""
    file = File(".env.production", "production", FileState.CHANGED, pending=[SealedValue("LEVEL", "carol", 6)])
    text = markdown.render(_nothing()._replace(files=[file]))
    assert "**`.env.production`** (`production`)\n- `LEVEL`: sealed by `carol`, waits for a holder\n" in text


def test_golden() -> None:
    """All that a comment can hold, with a hostile name in each place, is the text that was looked at once."""
    assert markdown.render(_difference("<img src=x>|`@everyone`\n[a](b)")) == GOLDEN.read_text(encoding="utf-8")


def test_nothing() -> None:
    """One sentence, behind the marker."""
    assert markdown.render(_nothing()) == "<!-- gitenv diff -->\nNo change to any environment.\n"


@given(st.sampled_from(HOSTILE) | st.text(max_size=40))
def test_a_name_is_one_span(name: str) -> None:
    """Whatever a name holds, it is one line, has no bar, and ends its code span nowhere but at its end."""
    shown = markdown.code(name)
    fence = re.match("`+", shown)
    assert fence
    inner = shown[len(fence[0]) : -len(fence[0])]
    assert fence[0] not in re.findall("`+", inner)
    assert not set(shown) & set("\n\r|")
    assert shown.isprintable()
    assert len(shown) < 1000


@given(st.sampled_from(HOSTILE))
def test_nothing_but_spans(name: str) -> None:
    """Outside of code spans a comment has no markup but its own, and every table row as many cells as its head."""
    text = markdown.render(_difference(name)).removeprefix(markdown.MARKER)
    for line in text.splitlines():
        outside = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", line)
        assert not set(outside) & set("<>@[]`"), line
        assert not re.search(r"http|www|[0-9a-f]{40}", outside)  # hosts make links of these
    assert {line.count("|") for line in text.splitlines() if line.startswith("|")} == {4}


def test_too_long() -> None:
    """GitHub's limit is kept, and how much more there is, is said; no line is cut."""
    files = [File(f"{number}/.env", "", FileState.ADDED, "", [Key("A", Outcome.ADDED, 1)]) for number in range(5_000)]
    text = markdown.render(_nothing()._replace(files=files))
    assert len(text) <= 65_536
    assert re.search(r"\nAnd [0-9,]+ more lines: `gitenv diff` shows all\.\n$", text)
