"""One catalogue of findings: check, hooks, status and doctor say the same thing by the same code."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import gitenv
from gitenv import errors
from gitenv.errors import GitenvError
from gitenv.model import reasons
from gitenv.model.codes import CODES

_SOURCE = Path(errors.__file__).parent
# What only the command itself says that is refused.
_OF_COMMANDS = {
    "usage",
    "missing",
    "changed",
    "cannot-stand",
    "masked",
    "not-a-step",
    "too-many-names",
    "declined",
    "cannot-start",
}
_MAKERS = ("choice", "Finding", "finding")


def _said() -> Iterator[tuple[str, str]]:
    """The codes that stand as words in the source, where a finding or a problem is made."""
    for path in sorted(_SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            maker = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if isinstance(node, ast.Call) and maker in _MAKERS:
                yield from ((path.name, each) for each in _words(node.args[:1]))


def _words(nodes: list[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _classes(base: type[GitenvError]) -> Iterator[type[GitenvError]]:
    for each in base.__subclasses__():
        yield each
        yield from _classes(each)


def test_each_code_is_in_the_catalogue() -> None:
    """Whatever command says it."""
    assert {(name, code) for name, code in _said() if code not in CODES} == set()


def test_each_reason_is_in_the_catalogue() -> None:
    """`status` says by its name why something is not believed."""
    for module in pkgutil.walk_packages(gitenv.__path__, "gitenv."):  # a class is known once its module is loaded
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    assert reasons.NotSigned in list(_classes(GitenvError))
    named = {each.__new__(each).code for each in _classes(GitenvError) if each.__module__.startswith("gitenv.")}
    of_grants = {code.removeprefix("grant-") for code in CODES if code.startswith("grant-")}
    assert named - CODES.keys() - of_grants - _OF_COMMANDS == set()
