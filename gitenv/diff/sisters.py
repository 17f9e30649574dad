"""Sister environments: the .env files of one folder, and which key names one of them has and another lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set

from gitenv.diff.difference import AlikeNames, Cell, File, Row, Slip, Table, Told
from gitenv.model import comparing, document, dotenv, similar
from gitenv.model.comparing import Outcome
from gitenv.model.document import Kind
from gitenv.tuples import NamedTuple

Order = Callable[[Iterable[str]], list[str]]
"""Paths, the ones first that this change touched first."""


class States(NamedTuple):
    """All .env files of the newer state with their environments ("": none claims it), and what is in them."""

    environments: Mapping[str, str]
    before: Callable[[str], bytes]
    after: Callable[[str], bytes]


class Sister(NamedTuple):
    """One environment in one folder."""

    name: str
    there: Mapping[str, tuple[str, int]]  # its key names, each with file and line
    pending: Set[str]  # names that somebody sealed
    new: Mapping[str, tuple[str, int]]  # the names that this change brought
    changed: Set[str]
    removed: Set[str]
    told: Mapping[str, Told]


class Group(NamedTuple):
    """One folder."""

    folder: str
    members: list[Sister]


def touched(states: States, files: Sequence[File]) -> list[Group]:
    """The folders of the changed files, each with all environments that have a file in it, or had one."""
    by_path = {file.path: file for file in files}
    found: dict[str, dict[str, list[str]]] = {_folder(path): {} for path in by_path}
    for path in sorted({*states.environments, *by_path}):
        if _folder(path) in found:
            environment = states.environments.get(path) or (by_path[path].environment if path in by_path else "")
            name = environment or dotenv.environment_in(path)
            found[_folder(path)].setdefault(name, []).append(path)
    return [
        Group(folder, [_member(name, paths, states, by_path) for name, paths in sorted(group.items())])
        for folder, group in sorted(found.items())
    ]


def tables(groups: Iterable[Group]) -> list[Table]:
    """For each folder with sisters: the keys that came or went, and those that changed and are missing somewhere."""
    return [table for group in groups if len(group.members) > 1 and (table := _table(group)).rows]


def slips(groups: Iterable[Group], order: Order) -> list[Slip]:
    """New names that no sister has, and that are close to one that only sisters have."""
    found: list[Slip] = []
    for group in groups:
        here: list[Slip] = []
        for member in group.members:
            others = [other for other in group.members if other is not member]
            there = {name for other in others for name in other.there.keys() | other.pending}
            for typo in similar.typos(member.new, member.there.keys() | member.pending, there):
                where = [other.name for other in others if typo.meant in other.there or typo.meant in other.pending]
                path, line = member.new[typo.name]
                here.append(Slip(path, member.name, line, typo.name, typo.meant, where))
        found += _one_way(here, order)
    return found


def alike_names(groups: Iterable[Group]) -> list[AlikeNames]:
    """Names that a reader takes for each other, where one of them is new."""
    found = []
    for group in groups:
        new = {name for member in group.members for name in member.new}
        names = {name for member in group.members for name in member.there} if new else set()
        found += [
            AlikeNames(group.folder, alike.names, alike.is_case)
            for alike in similar.alike(names)
            if not new.isdisjoint(alike.names)
        ]
    return found


def _one_way(found: list[Slip], order: Order) -> list[Slip]:
    """Where one change brings both names, the one that came first is the right one."""
    pairs = {(slip.name, slip.meant) for slip in found}
    both = [slip for slip in found if (slip.meant, slip.name) in pairs]
    rank = {path: number for number, path in enumerate(order({slip.path for slip in both}) if both else [])}
    by_name = {slip.name: rank[slip.path] for slip in both}
    return [slip for slip in found if slip not in both or rank[slip.path] >= by_name[slip.meant]]


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _member(name: str, paths: Iterable[str], states: States, files: Mapping[str, File]) -> Sister:
    there: dict[str, tuple[str, int]] = {}
    was: set[str] = set()
    pending: set[str] = set()
    changed: set[str] = set()
    told: dict[str, Told] = {}
    for path in paths:
        data = states.after(path) if path in states.environments else b""
        there |= {key: (path, places[-1].line) for key, places in comparing.occurrences(data).items()}
        pending |= {record.name.decode("ascii") for record in document.parse(data) if record.kind is Kind.SEALED}
        if file := files.get(path):
            was |= comparing.occurrences(states.before(file.former or path)).keys()
            changed |= {key.name for key in file.keys if key.outcome is Outcome.CHANGED}
            told |= {key.name: Told(path, key) for key in file.keys if key.outcome is not Outcome.REENCRYPTED}
            told |= {each.name: Told(path, each) for each in file.pending}
        else:
            was |= there.keys()
    new = {key: place for key, place in there.items() if key not in was}
    return Sister(name, there, pending, new, changed, was - there.keys(), told)


def _table(group: Group) -> Table:
    names = sorted({name for member in group.members for name in (*member.there, *member.removed, *member.pending)})
    rows, incomplete = [], 0
    for name in names:
        cells = [_cell(member, name) for member in group.members]
        lacks = any(cell in (Cell.MISSING, Cell.REMOVED) for cell in cells)
        if any(cell in (Cell.ADDED, Cell.REMOVED, Cell.SEALED) for cell in cells) or (lacks and Cell.CHANGED in cells):
            rows.append(Row(name, cells, [member.told.get(name) for member in group.members]))
        elif lacks:
            incomplete += 1
    return Table(group.folder, [member.name for member in group.members], rows, incomplete)


def _cell(member: Sister, name: str) -> Cell:
    if name in member.pending:
        return Cell.SEALED
    if name in member.new:
        return Cell.ADDED
    if name in member.there:
        return Cell.CHANGED if name in member.changed else Cell.THERE
    return Cell.REMOVED if name in member.removed else Cell.MISSING
