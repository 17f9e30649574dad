"""gitenv's lines in `.gitattributes` (for the team, with the guard) and in `info/attributes` (for this clone, guard lifted).

git passes plain text where a filter is named and not configured: a fresh clone. The guard is an encoding that does not exist,
so that `git add` stops there. `info/attributes` outranks every `.gitattributes`, nested ones too, so all stands there again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from gitenv.model import dotenv

GUARD = "working-tree-encoding=run-gitenv-init"
# -ident: `ident` in somebody's .gitattributes would make `$Id: x$` differ for ever, and git refuse to leave the commit.
_FILTERED = "filter=gitenv diff=gitenv merge=gitenv -text -ident"
_UNSET = "!filter !diff !merge !text !ident !working-tree-encoding"
_OWN = (".git*", "/.recipients/**")  # where a team's own pattern is a wide one
# Signed byte for byte, so never converted; and a conflict leaves one side whole, where a merge would interleave two.
_CONTROL_FILES = (
    "/.recipients/** -text -ident !filter !eol !working-tree-encoding",
    "/.recipients/*/environment -merge",
    "/.recipients/*/known -merge",
)
_BEGIN, _END = "# gitenv: begin", "# gitenv: end"
_LINE = re.compile(rb'^("[^"\n]*"|[^\s#]\S*)[ \t]+([^\n]*)', re.MULTILINE)
_BLOCK = re.compile(rb"(?:^|(?<=\n))# gitenv: begin.*?(?:\n# gitenv: end[^\n]*(?:\n|\Z))", re.DOTALL)


def committed(patterns: Iterable[str], guard: bool) -> bytes:
    """The block for `.gitattributes`."""
    extra = f" {GUARD}" if guard else ""
    return _block("encrypted by gitenv; run `gitenv init` after cloning", patterns, _FILTERED + extra)


def lifted(patterns: Iterable[str]) -> bytes:
    """The block for `info/attributes`."""
    return _block("written by `gitenv init`, removed by `gitenv uninstall`", patterns, f"{_FILTERED} !working-tree-encoding")


def guarded(patterns: Iterable[str]) -> bytes:
    """The block for `info/attributes` of a clone that gitenv has left while the files stand open in its work tree."""
    return _block("left by `gitenv uninstall`: stops plain text; `gitenv init` lifts it", patterns, f"{_FILTERED} {GUARD}")


def with_block(text: bytes, block: bytes) -> bytes:
    """`text` with gitenv's block in the place of an older one, or at the end, where it wins over the lines before.

    The lines end as those of `text` do: git may have given it CR LF.
    """
    rest = without_block(text)
    if rest and not rest.endswith(b"\n"):
        rest += b"\n"
    return rest + (block.replace(b"\n", b"\r\n") if b"\r\n" in text else block)


def without_block(text: bytes) -> bytes:
    """`text` without gitenv's block."""
    return _BLOCK.sub(b"", text)


def has_block(text: bytes) -> bool:
    return bool(_BLOCK.search(text))


def behind_block(text: bytes) -> str:
    """The first line behind gitenv's block, which wins over it, or "". `git annex init` writes one for all files."""
    lines = [line.strip() for line in _BLOCK.split(text)[-1].splitlines()] if has_block(text) else []
    return next((line.decode("utf-8", "replace") for line in lines if line and not line.startswith(b"#")), "")


def lacks(text: bytes, block: bytes) -> bool:
    """Whether a line of `block` is not in the block of `text`, or has lost a word there. More words are no lack."""
    there = _words(text)
    return any(
        there.get(pattern, {}).get(name) != word for pattern, words in _words(block).items() for name, word in words.items()
    )


def _words(text: bytes) -> dict[bytes, dict[bytes, bytes]]:
    """The lines of gitenv's block: for each pattern the attributes, and the word that says each; the last one counts."""
    found: dict[bytes, dict[bytes, bytes]] = {}
    block = _BLOCK.search(text)
    for pattern, words in _LINE.findall(block.group() if block else b""):
        found.setdefault(pattern, {}).update({word.lstrip(b"-!").partition(b"=")[0]: word for word in words.split()})
    return found


def has_guard(text: bytes) -> bool:
    return GUARD.encode() in text


def covered(pattern: str) -> bool:
    """Whether the default lines cover all that a path pattern means."""
    base = pattern.rpartition("/")[2]
    return base == ".env" or base.startswith(".env.")


def _block(why: str, patterns: Iterable[str], attributes: str) -> bytes:
    own = [pattern for pattern in dict.fromkeys(patterns) if not covered(pattern)]
    lines = [f"{_BEGIN} ({why})"]
    lines += [f"{_spelled(pattern)} {attributes}" for pattern in (*dotenv.FILES, *own)]
    lines += [f"{pattern} {_UNSET}" for pattern in (*dotenv.TEMPLATES, *(_OWN if own else ()))]
    lines += _CONTROL_FILES
    return "\n".join([*lines, _END, ""]).encode("ascii")


def _spelled(pattern: str) -> str:
    """A path pattern as git reads it there; one with spaces needs quotes."""
    anchored = f"/{pattern}" if "/" in pattern else pattern
    return f'"{anchored}"' if " " in anchored else anchored


def patterns_in(text: bytes) -> Sequence[str]:
    """The patterns beyond the defaults that gitenv's block in `text` names."""
    block = _BLOCK.search(text)
    found = re.findall(
        r'^(?:"([^"\n]*)"|([^\s#]\S*)) filter=gitenv', block.group().decode("utf-8", "replace") if block else "", re.M
    )
    spelled = [quoted or bare for quoted, bare in found]
    return [pattern.removeprefix("/") for pattern in spelled if pattern not in dotenv.FILES]
