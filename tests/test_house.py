"""Rules of the house that no linter knows."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import gitenv

TOP = Path(__file__).parent.parent
HOUSE = Path(gitenv.__file__).parent
PAGES = [TOP / "CONTRIBUTING.md", *sorted(TOP.glob("docs/*.md")), *sorted(TOP.glob("docs/decisions/*.md"))]

# More than one page of a module, or one screen of a function, is two things.
_LINES, _LINES_OF_A_FUNCTION = 350, 50
# What others call private, and tests need: named tuples' methods, and how a process ends or was started.
_OF_OTHERS = {"_asdict", "_base_executable", "_environ", "_exit", "_fields", "_replace", "_run_exitfuncs"}


def test_modules_and_functions_are_short() -> None:
    """As they are written, with signature and docstring."""
    texts = {path.relative_to(HOUSE).as_posix(): path.read_text("utf-8") for path in HOUSE.rglob("*.py")}
    functions = (
        (f"{name}: {node.name}", (node.end_lineno or 0) - node.lineno + 1)
        for name, text in texts.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert {name: count for name, text in texts.items() if (count := text.count("\n")) > _LINES} == {}
    assert {name: count for name, count in functions if count > _LINES_OF_A_FUNCTION} == {}


def test_no_class_has_the_name_of_another() -> None:
    """Two that say the same are one; two that do not are called for what they are."""
    sources = HOUSE.rglob("*.py")
    found = Counter(
        name for path in sources for name in re.findall(r"^class ([A-Za-z]\w*)", path.read_text("utf-8"), re.MULTILINE)
    )
    assert [name for name, count in found.items() if count > 1] == []


def test_no_page_is_in_conflict() -> None:
    """A rebase that was ended too early leaves git's own markers. Pages show such lines with an ellipsis."""
    pages = [*PAGES, TOP / "README.md", TOP / "CHANGELOG.md"]
    marked = re.compile(r"^(?:<<<<<<< HEAD|>>>>>>> [0-9a-f]{7,} \()", re.MULTILINE)
    assert [page.name for page in pages if marked.search(page.read_text("utf-8"))] == []


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


def test_tests_reach_for_no_private_name() -> None:
    """None is read, imported or patched: what a test needs is public, or an argument."""
    found = {
        f"{path.relative_to(TOP)}: {name}"
        for path in sorted((TOP / "tests").rglob("*.py"))
        for name in _reached(ast.parse(path.read_text("utf-8")))
        if name.startswith("_") and not name.startswith("__") and name not in _OF_OTHERS
    }
    assert found == set()


def _reached(tree: ast.Module) -> Iterator[str]:
    """Names that are looked up in something else: `module.name`, `from module import name`, and `setattr(module, "name")`."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="self" | "cls")):
                pass
            case ast.Attribute(attr=name):
                yield name
            case ast.ImportFrom(names=names):
                yield from (each.name for each in names)
            case ast.Call(
                func=ast.Attribute(attr="setattr" | "patch" | "object") | ast.Name(id="getattr" | "setattr"), args=words
            ):
                for word in words:
                    if isinstance(word, ast.Constant) and isinstance(word.value, str):
                        yield from word.value.split(".")
