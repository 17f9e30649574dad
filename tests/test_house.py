"""Rules of the house that no linter knows."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path

import gitenv

TOP = Path(__file__).parent.parent
HOUSE = Path(gitenv.__file__).parent
PAGES = [TOP / "CONTRIBUTING.md", *sorted(TOP.glob("docs/*.md")), *sorted(TOP.glob("docs/decisions/*.md"))]


def test_no_class_has_the_name_of_another() -> None:
    """Two that say the same are one; two that do not are called for what they are."""
    sources = HOUSE.rglob("*.py")
    found = Counter(
        name for path in sources for name in re.findall(r"^class ([A-Za-z]\w*)", path.read_text("utf-8"), re.MULTILINE)
    )
    assert [name for name, count in found.items() if count > 1] == []


def test_each_module_that_a_page_names_is_there() -> None:
    """`model/clean.py` is below gitenv/, `tests/costs.txt` at the top. `NAME.py` is whatever comes."""
    named = {
        (page.name, path)
        for page in PAGES
        for path in re.findall(r"(?<![\w/…])(?:(?:\w+/)+[a-z0-9_]+\.py|tests/[\w/]+\.txt)\b", page.read_text("utf-8"))
    }
    assert {page for page, _ in named} >= {"architecture.md", "internals.md", "CONTRIBUTING.md"}
    assert {(page, path) for page, path in named if not (HOUSE / path).exists() and not (TOP / path).exists()} == set()


def test_the_rooms_that_are_drawn_are_those_there_are() -> None:
    """docs/architecture.md has each once, in the layers that import-linter holds."""
    page = (TOP / "docs/architecture.md").read_text("utf-8")
    drawn = [re.split(r"\s{3,}", line)[0].split() for line in page.partition("```\n")[2].partition("```")[0].splitlines()]
    layers = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"][0]["layers"]
    there = {path.stem for path in HOUSE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()} - {"__init__"}
    assert [" | ".join(rooms) for rooms in drawn] == layers
    assert {room for rooms in drawn for room in rooms} == there
