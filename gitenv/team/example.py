"""`gitenv example`: `.env.example` has the names of an environment's keys, for who has no key of it and begins here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gitenv.errors import Missing, Usage, printable, shell_word
from gitenv.model import document, dotenv, template
from gitenv.model.environment import Environment
from gitenv.model.template import NamedKey
from gitenv.system import files
from gitenv.team import save
from gitenv.team.save import Unstaged
from gitenv.team.workspace import Workspace
from gitenv.tuples import NamedTuple

_USUAL = (".env.example", ".env.sample", ".env.template", ".env.dist")
_DEFAULT = "development"


class Written(NamedTuple):
    """What became of a template."""

    path: str
    environments: list[str]
    added: list[str]
    gone: list[str]  # names that the environments do not have any more; with `prune` they were taken out
    is_new: bool
    is_same: bool
    unstaged: Unstaged | None


def write(workspace: Workspace, file: str, environments: Sequence[str], folder: str, *, prune: bool) -> Written:
    """Bring a template up to date with the files of environments in its folder, or make one.

    Raises `Usage` for a file that is no template, and `Missing` where there is no file of an environment.
    """
    known = workspace.statements()
    here = workspace.folder(folder)
    if file:
        path = workspace.relative(file, folder)
        data = _read(workspace, path)
    else:
        path, data = _usual(workspace, here)
    if dotenv.kind(path) != "template":
        raise Usage(f"{printable(path)} is not called like a template", f"gitenv example {_USUAL[0]}")
    names = list(environments) or template.kept_for(data) or [_DEFAULT]
    if not file and not template.kept_for(data):
        path, data = _usual(workspace, _nearest(workspace, known, names[0], here))
        names = list(environments) or template.kept_for(data) or names
    where = path.rpartition("/")[0]
    keys = [key for name in names for key in _keys(workspace, known, name, where)]
    apart = template.difference(data, [key.name for key in keys])
    text = template.updated(data, keys, names, prune=prune)
    unstaged = save.not_to_stage(workspace, [path]).get(path)
    if text != data:
        workspace.write(path, text, instead_of=data or None)
    if not unstaged:
        workspace.repository.stage([path])
    return Written(path, names, apart.missing, apart.gone, not data, text == data, unstaged)


def _usual(workspace: Workspace, folder: str) -> tuple[str, bytes]:
    """The template that a folder has, and what stands in it; else the name that it gets."""
    paths = [f"{folder}/{name}" if folder else name for name in _USUAL]
    found = ((path, data) for path in paths if (data := _read(workspace, path)))
    return next(found, (paths[0], b""))


def _read(workspace: Workspace, path: str) -> bytes:
    return files.read_inside(workspace.root, path, document.MAX_BYTES) or b""


def _nearest(workspace: Workspace, known: dict[str, Environment], name: str, here: str) -> str:
    """The folder, this one or one above it, that has files of an environment."""
    folders, where = {path.rpartition("/")[0] for path in _paths(workspace, known, name)}, here
    while where not in folders and where:
        where = where.rpartition("/")[0]
    if where not in folders:
        raise _none(known, name, here)
    return where


def _none(known: dict[str, Environment], name: str, where: str) -> Missing:
    others = [each for each in known if each != name]
    hint = f"gitenv example -e {shell_word(others[0])}" if others else "gitenv status"
    return Missing(f"there is no file of {printable(name)} in {printable(where) or 'the top'}", hint)


def _paths(workspace: Workspace, known: dict[str, Environment], name: str) -> list[str]:
    return list(dict.fromkeys(each.path for each in workspace.files_of([known[name]])[name])) if name in known else []


def _keys(workspace: Workspace, known: dict[str, Environment], name: str, folder: str) -> Iterator[NamedKey]:
    """The keys of an environment in one folder, by what its files have in the work tree, else in the index."""
    paths = [path for path in _paths(workspace, known, name) if path.rpartition("/")[0] == folder]
    if not paths:
        raise _none(known, name, folder)
    for path in sorted(paths):
        there = files.read_inside(workspace.root, path, document.MAX_BYTES)
        data = workspace.repository.objects.read(f":{path}", document.MAX_BYTES) if there is None else there
        yield from template.keys(data or b"", known[name])
