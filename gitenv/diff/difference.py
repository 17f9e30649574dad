"""What `gitenv diff` says of a change: every format shows the same. No value of a key but where that was asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from types import MappingProxyType

from gitenv.model.comparing import Outcome
from gitenv.model.origins import Origin
from gitenv.repo.value_rollbacks import Rollback
from gitenv.trust.roster import EnvironmentChange, RequestChange
from gitenv.tuples import NamedTuple


class FileState(Enum):
    """What happened to a file."""

    ADDED = "added"
    CHANGED = "changed"
    MOVED = "moved"
    REMOVED = "removed"


class Doubt(Enum):
    """Why nobody vouches for a line of an encrypted file."""

    PLAIN = "plain-text"  # beside tokens: anybody could have written it
    RETIRED = "retired-key"  # encrypted with a key of before the last rotation
    FOREIGN = "foreign-key"  # of no generation that its environment has
    MARK = "mark"  # has a mark of gitenv's own, and not its form or not its place


class Cell(Enum):
    """What a table shows for one key in one environment."""

    THERE = "there"
    ADDED = "added"
    CHANGED = "changed"
    SEALED = "sealed"  # set by somebody who cannot read the environment, and waiting for a holder
    REMOVED = "removed"
    MISSING = "missing"


class Key(NamedTuple):
    """One key that is not what it was."""

    name: str
    outcome: Outcome
    line: int  # where it stands now, or where it stood
    former: str = ""  # its name before, where it has a new one
    is_sure: bool = True  # False: without a key nobody can tell; then it is what is likely
    is_plain: bool = False  # it stands in plain text in a commit
    before: str | None = None  # its values, where they were asked for and a key opens them
    after: str | None = None
    origin: Origin | None = None  # other files of the environment that have this very value, or had it


class SealedValue(NamedTuple):
    """A sealed value that came, as it says of itself."""

    name: str
    by: str
    line: int


class Unvouched(NamedTuple):
    """A line that nobody vouches for."""

    shown: str  # the name, or "line 3"
    line: int
    doubt: Doubt


class Duplicate(NamedTuple):
    """A key that a file sets more than once."""

    name: str
    lines: list[int]


class File(NamedTuple):
    """One .env file that is not what it was."""

    path: str
    environment: str  # "" where none claims it
    state: FileState
    former: str = ""  # its path before, where it was moved
    keys: Sequence[Key] = ()
    hidden_added: int = 0  # comments, and lines that are nothing known
    hidden_removed: int = 0
    pending: Sequence[SealedValue] = ()
    unvouched: Sequence[Unvouched] = ()
    duplicates: Sequence[Duplicate] = ()
    conflicts: Sequence[str] = ()  # keys between git's markers: they have no value yet, and are in none of the lists above
    problem: str = ""  # why it could not be compared

    @property
    def is_telling(self) -> bool:
        """Whether more differs than order, headings for reviewers, and white space."""
        listed = (self.keys, self.pending, self.unvouched, self.duplicates, self.conflicts)
        return self.state is not FileState.CHANGED or any((*listed, self.hidden_added, self.hidden_removed, self.problem))


class EnvironmentDifference(NamedTuple):
    """One environment whose `.recipients/` folder is not what it was."""

    change: EnvironmentChange
    doubt: str = ""  # why its new statement is no honest step from the one before

    @property
    def name(self) -> str:
        return self.change.name


class Broken(NamedTuple):
    """An environment whose statement cannot be read any more."""

    name: str
    why: str


class Told(NamedTuple):
    """What happened to a key in one file."""

    path: str
    key: Key | SealedValue


class Row(NamedTuple):
    """One key in all environments of a folder, and what happened to it there."""

    name: str
    cells: list[Cell]
    told: Sequence[Told | None]

    @property
    def is_anywhere(self) -> bool:
        """Whether any environment has it now: else it is nowhere missing."""
        return any(cell not in (Cell.REMOVED, Cell.MISSING) for cell in self.cells)


class Table(NamedTuple):
    """Keys × the environments that have a file in one folder: what this change touched, where that is missing somewhere."""

    folder: str  # "" is the top
    columns: list[str]
    rows: list[Row]
    incomplete: int  # keys that this change did not touch and that are not in all of them


class Slip(NamedTuple):
    """A name that may be a typo."""

    path: str
    environment: str
    line: int
    name: str
    meant: str
    where: list[str]  # the environments that have what was meant


class AlikeNames(NamedTuple):
    """Names in one folder that a reader takes for each other, one of which is new."""

    folder: str
    names: tuple[str, ...]
    is_case: bool


class Difference(NamedTuple):
    """All that a review of a change shows."""

    before: str  # for people
    after: str
    before_commit: str  # full ids; "" for what is no commit
    after_commit: str
    environments: list[EnvironmentDifference]
    broken: list[Broken]
    requests: list[RequestChange]
    files: list[File]
    tables: list[Table]
    slips: list[Slip]
    rollbacks: list[Rollback]
    alike: list[AlikeNames]
    closed: Sequence[str] = ()  # environments whose values were asked for and cannot be read
    nested: Sequence[str] = ()  # folders that have a .recipients/ of their own now
    readers: Mapping[str, Sequence[str]] = MappingProxyType({})  # who may read each environment in the newer state

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        return not (self.environments or self.broken or self.requests or self.files or self.nested)

    @property
    def is_unsure(self) -> bool:
        """Whether a key would tell more."""
        return any(key.outcome is Outcome.REENCRYPTED and not key.is_sure for file in self.files for key in file.keys)


def only(found: Difference, environments: Collection[str]) -> Difference:
    """What a change does to some environments. Tables keep their sisters: what one lacks, another has."""
    files = [file for file in found.files if file.environment in environments]
    paths, folders = {file.path for file in files}, {file.path.rpartition("/")[0] for file in files}
    return found._replace(
        environments=[each for each in found.environments if each.name in environments],
        broken=[each for each in found.broken if each.name in environments],
        requests=[],
        files=files,
        tables=[table for table in found.tables if table.folder in folders],
        slips=[slip for slip in found.slips if slip.path in paths],
        rollbacks=[each for each in found.rollbacks if each.path in paths],
        alike=[each for each in found.alike if each.folder in folders],
        closed=[name for name in found.closed if name in environments],
        nested=(),
    )
