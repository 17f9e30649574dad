"""`gitenv status`: values that another file of their environment has, where they are not committed, or came in last."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from gitenv.errors import NotTrusted, joined
from gitenv.git import log
from gitenv.git.objects import Objects
from gitenv.model import document, origins, remedies
from gitenv.model.codes import finding
from gitenv.model.environment import Environment
from gitenv.model.finding import Finding
from gitenv.model.origins import Came, FileVersions
from gitenv.team.workspace import Workspace

_MOST = 8
_FEW = 8
_RECENT = 100  # entries of HEAD's reflog

Version = Mapping[str, str]
"""The files of a state, each with the id of its blob, or ""."""


def problems(workspace: Workspace, environments: Sequence[Environment]) -> list[Finding]:
    """What is to be said, environment by environment; nothing of one that no commit has: there nothing came from elsewhere."""
    committed = [each for each in environments if workspace.is_committed(each.name)]
    entries = workspace.files_of(committed) if committed else {}
    tracked = (entry for listed in entries.values() for entry in listed)
    index = {entry.path: entry.object_id for entry in tracked if "\n" not in entry.path and not entry.path.endswith("\r")}
    if len(index) < 2:
        return []
    objects = workspace.repository.objects
    before = objects.id("ORIG_HEAD^{commit}")
    head, *old = _versions(workspace, ["HEAD", before] if before else ["HEAD"], index)
    # Where the index has them all as they were before, nothing is there that came since.
    came = [old[0], *_after(workspace, before, index)] if old and old[0] != index else []
    found: list[Finding] = []
    for listed in entries.values():
        mine = {entry.path: index[entry.path] for entry in listed if entry.path in index}
        found += _of(objects, mine, head, mine, "; it is not committed")
        found += _of(objects, mine, came[0], came[1], "; it came in last", head) if len(came) > 1 else []
    return found


def _after(workspace: Workspace, before: str, index: Version) -> list[Version]:
    """The files after what git brought last: a pull, a merge, a rebase, a reset; none where it does not say."""
    heads = log.recent_heads(workspace.root, _RECENT)
    return _versions(workspace, [heads[heads.index(before, 1) - 1]], index) if before in heads[1:] else []


def _versions(workspace: Workspace, commits: Sequence[str], paths: Collection[str]) -> list[Version]:
    specs = [f"{commit}:{path}" for commit in commits for path in paths]
    # Of a few their contents, which come along, take less than a git of its own.
    few = len(paths) <= _FEW
    ids = list(map(workspace.repository.objects.id, specs)) if few else log.ids(workspace.root, specs)
    return [dict(zip(paths, ids[start:], strict=False)) for start in range(0, len(ids), len(paths))]


def _of(objects: Objects, index: Version, old: Version, new: Version, when: str, *also: Version) -> Iterator[Finding]:
    """Where the tokens come from that came to files between two states and that stand in the index."""
    came: list[Came] = []
    for path in index:
        if old[path] != new[path]:
            brought = frozenset(_read(objects, new[path]).split(b"\n"))
            came += (each for each in _came(objects, path, old[path], index[path]) if each.raw in brought)
    groups = origins.grouped(origins.origins(came, _files(objects, index, [old, *also])))
    for group in groups[:_MOST]:
        names = joined([each.name for each in group], _MOST)
        text = f"{group[0].path}: {names}: {group[0].where()}{when}"
        yield finding("value-of-another-file", text, commands=(remedies.look(group[0].path),))


def _came(objects: Objects, path: str, old: str, new: str) -> list[Came]:
    try:
        return origins.came(path, _read(objects, old), _read(objects, new))
    except NotTrusted:
        return []  # whoever judges files says so


def _files(objects: Objects, index: Version, former: Sequence[Version]) -> Iterator[FileVersions]:
    for path, object_id in index.items():
        before = b"\n".join(_read(objects, each) for each in dict.fromkeys(state[path] for state in former))
        yield FileVersions(path, before, _read(objects, object_id))


def _read(objects: Objects, object_id: str) -> bytes:
    return (objects.read(object_id, document.MAX_BYTES) or b"") if object_id else b""
