"""Whether git really encrypts the .env files of a clone, and which other tool may be in the way."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from gitenv.errors import GitenvError, shell_word
from gitenv.git import listing, program
from gitenv.model import document, dotenv, remedies
from gitenv.model.codes import finding, of_error
from gitenv.model.document import Record
from gitenv.model.finding import Finding
from gitenv.system import files
from gitenv.team import shared_attributes
from gitenv.team.workspace import Workspace
from gitenv.tuples import NamedTuple

_MAX_BYTES = 1024 * 1024
_OTHER_FILTERS = {
    "crypt": "transcrypt",
    **{name: name for name in ("git-crypt", "git-agecrypt", "git-age", "git-conceal", "sops", "age", "ansible-vault")},
}
_HOOK_WORDS = (b"dotenvx", b"transcrypt", b"git-crypt", b"git secret", b"git-secret")
_FILTER_LINE = re.compile(rb"^[ \t]*([^#\s]\S*)[ \t].*\bfilter=([^\s]+)", re.MULTILINE)


class _Attributes(NamedTuple):
    filter: str
    encoding: str


def find(workspace: Workspace) -> Iterator[Finding]:
    """.env files that git does not encrypt, and that are not encrypted in the index."""
    if not workspace.environments():
        return
    claimed = (pattern for pin in workspace.access.pinned() for pattern in pin.environment.paths)
    words = {*dotenv.WORDS, *map(listing.fixed, claimed)}
    entries = {entry.path: entry for entry in workspace.repository.listing.named(words) if entry.is_file}
    paths = [path for path in (*entries, *workspace.repository.untracked()) if _is_protected(workspace, path)]
    for path, found in _attributes(workspace.root, paths).items():
        yield from _uncovered(workspace, path, found)
    for path in paths:
        if path in entries:
            yield from _plain_text(workspace, path, workspace.repository.objects.read(entries[path].object_id))


def _plain_text(workspace: Workspace, path: str, data: bytes | None) -> Iterator[Finding]:
    listed = _plain(data)
    if not listed:
        return
    before = {record.raw for record, _ in _plain(workspace.repository.objects.read(f"HEAD:{path}"))}
    commands = remedies.plain_text(
        path,
        [remedies.Line(record.name.decode("ascii"), line) for record, line in listed],
        is_committed=any(record.raw in before for record, _ in listed),
        is_claimed=_is_claimed(workspace, path),
        environments=workspace.environments(),
    )
    yield finding("plain-text", "it is plain text in the index", path, listed[0][1], commands)


def can_stage_anew(workspace: Workspace, found: Finding) -> bool:
    """Whether staging a file loses nothing: its plain text is in no commit, and the work tree has what the index has."""
    if found.code != "plain-text" or found.commands != (remedies.stage_anew(found.path),):
        return False
    try:
        there = files.read_inside(workspace.root, found.path, document.MAX_BYTES)
    except GitenvError:
        return False
    return there is not None and there == workspace.repository.objects.read(f":0:{found.path}")


def other_tools(workspace: Workspace) -> Iterator[Finding]:
    """Tools that encrypt, or that look after .env files, in this clone's configuration, attributes and hooks."""
    listed = os.fsdecode(program.attempt(workspace.root, "config", "--name-only", "--get-regexp", r"^filter\.").stdout)
    configured = {line.removeprefix("filter.").rpartition(".")[0] for line in listed.splitlines()}
    for name in sorted(configured & _OTHER_FILTERS.keys()):
        text = f"{_OTHER_FILTERS[name]} is set up in this clone, too: a file that both are named for is only one's"
        yield finding("other-tool", text, commands=(f"git config --get-regexp '^filter.{name}'",))
    yield from _in_attributes(workspace)
    yield from _in_hooks(workspace)


def _in_attributes(workspace: Workspace) -> Iterator[Finding]:
    try:
        text_of = shared_attributes.text(workspace)
    except GitenvError:
        return  # said where gitenv's own lines are looked for
    for pattern, name in _FILTER_LINE.findall(text_of):
        if b"env" in pattern and name not in (b"gitenv", b"lfs"):
            line = text_of[: text_of.index(pattern)].count(b"\n") + 1
            shown = name.decode("ascii", "replace")[:40]
            text = f"{_OTHER_FILTERS.get(shown, shown)} is named for {pattern.decode('ascii', 'replace')[:80]}"
            yield finding("other-tool", text, shared_attributes.FILE, line, ("git log -p -- :/.gitattributes",))


def _in_hooks(workspace: Workspace) -> Iterator[Finding]:
    folder = workspace.repository.hooks_folder()
    for path in (os.path.join(folder, name) for name in ("pre-commit", "pre-commit.before-gitenv", "pre-push")):
        try:
            data = files.read(os.path.realpath(path), _MAX_BYTES) or b""
        except GitenvError:
            continue
        for word in (word.decode() for word in _HOOK_WORDS if word in data):
            text = f"the hook {os.path.basename(path)} calls {word}, which may refuse or change what gitenv encrypts"
            yield finding("other-tool", text, commands=(f"cat {shell_word(path)}",))


def _is_protected(workspace: Workspace, path: str) -> bool:
    return dotenv.is_protected(path) or _is_claimed(workspace, path)


def _is_claimed(workspace: Workspace, path: str) -> bool:
    try:
        return workspace.access.claimant(path) is not None
    except GitenvError:
        return True


def _attributes(root: str, paths: list[str]) -> dict[str, _Attributes]:
    if not paths:
        return {}
    words = ("check-attr", "-z", "--stdin", "filter", "working-tree-encoding")
    fields = os.fsdecode(program.run(root, *words, stdin=os.fsencode("\0".join(paths) + "\0"))).split("\0")
    found: dict[str, dict[str, str]] = {}
    for path, attribute, value in zip(fields[::3], fields[1::3], fields[2::3], strict=False):
        found.setdefault(path, {})[attribute] = value
    return {path: _Attributes(each["filter"], each["working-tree-encoding"]) for path, each in found.items()}


def _uncovered(workspace: Workspace, path: str, found: _Attributes) -> Iterator[Finding]:
    command = f"git check-attr -a -- {shell_word(path)}"
    if found.filter != "gitenv":
        other = _OTHER_FILTERS.get(found.filter, found.filter)
        text = "no attribute sends it to gitenv" if other in ("unspecified", "unset", "set") else f"git gives it to {other}"
        yield finding("not-filtered", f"{text}: it is committed as it is", path, commands=(command,))
        return
    if found.encoding not in ("unspecified", "unset", "run-gitenv-init"):
        text = "an attribute gives it another encoding than it has in the work tree"
        yield finding("text-conversion", text, path, commands=(command,))
    try:
        if workspace.access.pinned() and workspace.access.claimant(path) is None and not workspace.new_environment(path):
            mend = remedies.claim(path, [pin.name for pin in workspace.access.pinned()])
            yield finding("no-environment", "it belongs to no environment", path, commands=(mend,))
    except GitenvError as error:
        yield of_error(error)._replace(path=path)


def _plain(data: bytes | None) -> list[tuple[Record, int]]:
    """The records of a document that are not encrypted, each with its line."""
    try:
        numbered = document.numbered(document.parse(data or b""))
        return [(record, line) for record, line in numbered if record.kind in document.TEXT]
    except GitenvError:
        return []
