"""What gitenv proposes to type, and who types it in the tests: read from the source, and from the sessions and documents."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from gitenv import errors

SOURCE = Path(errors.__file__).parent
TOP = SOURCE.parent
_GAP = "\0"  # where a name or a number stands
_COMMAND = re.compile(r"(?:gitenv|git) [a-z][a-z-]*(?: (?:rotate|show|export|new|import)(?= |$|,|;))?")
PROSE = ("gitenv in", "gitenv again", "gitenv up", "git call")  # sentences
_TYPED = re.compile(r"^(?:[!?] )?(?:(?:alice|bob)?\$ )?(?:gitenv |git |follow ).*$", re.MULTILINE)


class Hint(NamedTuple):
    """A hint, or the commands that belong to a problem or a finding."""

    where: str  # file and name of what is raised or found
    message: tuple[str, ...]  # its literal parts
    text: str  # with gaps
    code: str = ""  # of a problem or a finding

    @property
    def shown(self) -> str:
        """What tells it from the others of its file."""
        return max(self.message, key=len, default="") or self.text.replace(_GAP, "…")[:60]

    @property
    def commands(self) -> list[str]:
        """The commands in it, without what comes after the verb."""
        found = dict.fromkeys(_COMMAND.findall(self.text))
        return [command for command in found if command not in PROSE]


def hints() -> Iterator[Hint]:
    """Every hint in the source that proposes a command."""
    nodes = {path: list(ast.walk(ast.parse(path.read_text(encoding="utf-8")))) for path in sorted(SOURCE.rglob("*.py"))}
    everywhere = [node for found in nodes.values() for node in found]
    errors_known, returned = _error_classes(everywhere), _returned(everywhere)
    for path, found in nodes.items():
        for node in found:
            if not isinstance(node, ast.Call):
                continue
            name, code = getattr(node.func, "id", "") or getattr(node.func, "attr", ""), ""
            if name in errors_known and len(node.args) > 1:
                message, proposed = node.args[0], _text(node.args[1])
            elif name in ("choice", "finding") and len(node.args) > 1:
                commands = [*node.args[2:], *(word.value for word in node.keywords if word.arg == "commands")]
                message, proposed, code = node.args[1], " ; ".join(map(_text, commands)), _text(node.args[0])
            else:
                continue
            where = f"{path.relative_to(SOURCE).as_posix()}: {name}"
            # A code and a text that come from elsewhere: whoever returns such a pair has its commands from here.
            said = returned if code == _GAP and isinstance(message, ast.Name) else [(code, message)]
            for code, message in said:
                hint = Hint(where, _parts(message), proposed, code.replace(_GAP, ""))
                if hint.commands:
                    yield hint


def _returned(nodes: Iterable[ast.AST]) -> list[tuple[str, ast.expr]]:
    """The pairs of a code and a text that functions return."""
    returned = [node.value for node in nodes if isinstance(node, ast.Return)]
    pairs = [each.elts for each in returned if isinstance(each, ast.Tuple) and len(each.elts) == 2]
    return [(_text(code), text) for code, text in pairs if re.fullmatch(r"[a-z]+(-[a-z]+)*", _text(code))]


def _error_classes(nodes: Iterable[ast.AST]) -> set[str]:
    known = {"GitenvError"}
    classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
    bases = [(node.name, {getattr(base, "id", "") for base in node.bases}) for node in classes]
    while new := {name for name, above in bases if above & known} - known:
        known |= new
    return known


def _text(node: ast.expr) -> str:
    """What stands in an expression as it is, with gaps for the rest."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) if isinstance(part, ast.Constant) else _GAP for part in node.values)
    if isinstance(node, ast.List | ast.Tuple):
        return " ; ".join(_text(each) for each in node.elts)
    return _GAP


def _parts(node: ast.expr) -> tuple[str, ...]:
    return tuple(part.strip(" ,:;/()") for part in _text(node).split(_GAP) if len(part.strip(" ,:;/()")) > 7)


class Played(NamedTuple):
    """A session, a document, or a test in Python."""

    name: str
    text: str  # without the signs of regular expressions
    typed: str  # the lines that are commands; all of a test in Python

    def follows(self, hint: Hint) -> bool:
        """Whether it sees what the hint stands below, or the hint, and somebody types one of its commands there."""
        literal = [part.strip() for part in hint.text.split(_GAP) if len(part.strip()) > 12]
        literal = [part for part in literal if not _COMMAND.fullmatch(part)]  # others type it for another reason
        seen = any(part in self.text for part in [*hint.message, *literal])
        if not (hint.message or literal or hint.code):  # then only as a whole, where it is expected as a hint
            seen = re.search("hint: " + re.escape(hint.text).replace(_GAP, r"\S+"), self.text) is not None
        seen = seen or bool(hint.code and re.search(rf"(?<![a-z-]){hint.code}(?![a-z-])", self.text))
        return seen and any(re.search(rf"{command}(?![a-z-])", self.typed) for command in hint.commands)


def played() -> list[Played]:
    """Everything in which somebody types."""
    pages = [*(TOP / "docs").glob("*.md"), TOP / "README.md"]
    found = []
    in_python = [path for path in (TOP / "tests").rglob("test_*.py") if path.name != "test_hints.py"]
    for path in [*(TOP / "tests" / "sessions").rglob("*.txt"), *pages, *in_python]:
        text = path.read_text(encoding="utf-8", errors="replace")
        typed = text.replace('", "', " ") if path.suffix == ".py" else "\n".join(_TYPED.findall(text))
        found.append(Played(path.relative_to(TOP).as_posix(), re.sub(r"\\(.)", r"\1", text), typed))
    return found
