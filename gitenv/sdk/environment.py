"""The values of an environment, from all files that it has here: what `run`, `get`, `list`, `export` and the API ask."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence

from gitenv.errors import Missing, NotTrusted, Usage, joined, printable
from gitenv.model import dialect, dotenv, names
from gitenv.model.dialect import Assignment
from gitenv.sdk import places
from gitenv.sdk.belief import Belief
from gitenv.sdk.opening import Consent, Opening, ReadFile
from gitenv.tuples import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitenv.identity.device import DeviceKey
    from gitenv.model.grant import Grant

_MOST_NAMES = 5


class Source(NamedTuple):
    """A file that values came from."""

    path: str  # in full
    shown: str  # from the top
    environment: str  # "" for the user's own
    is_opened: bool  # with a key; else it was open


class Location(NamedTuple):
    """Where a value stands."""

    file: str  # from the top
    line: int

    def __str__(self) -> str:
        return f"{printable(self.file)}, line {self.line}"


class Values(NamedTuple):
    """What a program gets. Bytes that are no UTF-8 are surrogates, as in `os.environ`."""

    values: dict[str, str]
    sources: list[Source]
    places: dict[str, Location]
    said: list[str]  # what the user should know
    unread: list[Location]  # lines that set nothing, and are no comments
    top: places.Top
    grants: list[Grant]  # that opened something

    def __repr__(self) -> str:  # a debugger's, or an error tracker's
        return f"<{len(self.values)} values>"

    def need(self, name: str) -> str:
        """A value. Raises `Missing` where none of the files sets it."""
        if name not in self.values:
            from gitenv.model import similar

            files = joined([printable(source.shown) for source in self.sources])
            typed = name.partition("=")[0]  # somebody may have typed a value, too
            whose = dict.fromkeys(
                source.environment for source in self.sources if source.environment not in ("", places.default())
            )
            hint = " ".join(["gitenv list", *(f"-e {each}" for each in whose)])
            raise Missing(f"there is no {printable(typed)} in {files}{similar.question(typed, self.values)}", hint)
        return self.values[name]

    def masks(self) -> dict[str, str]:
        """What is shown in the place of the values: one that changes when the value does, and only in this clone."""
        from gitenv.model import masking
        from gitenv.repo import clone

        secret = clone.mask_secret(self.top.layout.common_dir) if self.top.layout else os.urandom(32)
        return {name: masking.masked(as_bytes(value), secret).decode("ascii") for name, value in self.values.items()}


class Selection(NamedTuple):
    """Which values are wanted, and how they are read. Empty: what `GITENV_ENVIRONMENT` says, else development's, here."""

    environments: Sequence[str] = ()
    files: Sequence[str] = ()  # exactly these
    folder: str = ""  # where to begin; the current one
    with_own: bool = True  # `.env.local` and `.env.NAME.local`, too
    is_old: bool = False  # what a later statement retired, too
    environ: Mapping[str, str] | None = None  # for `${NAME}`; without one it stays as it is
    override: bool = False  # `${NAME}` means the files' NAME where there are both
    key: DeviceKey | None = None  # in the place of the device key
    consent: Consent | None = None  # in a closed work tree; else this process must be a command that the user allowed there


def values(wanted: Selection = Selection()) -> Values:  # noqa: B008
    """The values. Raises `Missing` for what is not there, `Locked`, and `NotTrusted` for what nobody vouches for."""
    folder = os.path.realpath(wanted.folder or os.getcwd())
    openings: dict[str, Opening] = {}

    def around(place: str) -> Opening:
        top = places.top_of(place)
        if top.folder not in openings:
            openings[top.folder] = Opening(top, wanted.consent or _is_allowed, wanted.key, is_old=wanted.is_old)
        return openings[top.folder]

    try:
        opened = list(_named(around, wanted, folder) if wanted.files else _found(around(folder), wanted, folder))
    finally:
        for opening in openings.values():
            opening.close()
    return _read(next(iter(openings.values())).top, opened, wanted)


def as_bytes(value: str) -> bytes:
    """A value as it stands in the file, in any locale."""
    return value.encode("utf-8", "surrogateescape")


def as_variable(value: str) -> str:
    """A value as `os.environ` has it, so that who reads the variable gets the bytes that stand in the file."""
    return value if _is_text() else os.fsdecode(as_bytes(value))


def _is_text() -> bool:
    """Whether variables are in UTF-8, as files are: always, but where somebody asked for another locale."""
    return os.name == "nt" or sys.getfilesystemencoding() == "utf-8"


def _is_allowed(belief: Belief, environment: str) -> None:
    belief.check_allowed(environment, sys.orig_argv)


def _named(around: Callable[[str], Opening], wanted: Selection, folder: str) -> Iterator[ReadFile]:
    """Exactly the files that somebody named, wherever they lie: each by what is believed there."""
    for file in wanted.files:
        path = places.named(folder, file)
        opening = around(os.path.dirname(path))
        opened = opening.read(opening.top.relative(path), is_named=True)
        if opened is None:
            raise Missing(f"there is no file {printable(file)}", "gitenv status")
        if wanted.environments and opened.environment not in wanted.environments:
            whose = f"a file of {opened.environment}" if opened.environment else "no environment's file"
            raise Usage(f"{printable(file)} is {whose}, not of {wanted.environments[0]}", "leave out -e or -f")
        yield opened


def _found(opening: Opening, wanted: Selection, folder: str) -> list[ReadFile]:
    chosen = list(wanted.environments) or [places.default()]
    found: list[ReadFile] = []
    own: dict[str, list[str]] = {}
    for name in dict.fromkeys(chosen):
        names.check_name(name, "environment")
        paths = places.nearest(opening.top, folder, functools.partial(_is_of, opening, name))
        if not paths:
            raise _none(opening, name, folder)
        found += [opened for path in paths if (opened := opening.read(path))]
        own.setdefault(paths[0].rpartition("/")[0], []).append(name)
    if wanted.with_own:
        paths = [path for where, its in own.items() for path in places.own(opening.top, where, its)]
        found += [opened for path in paths if (opened := opening.own(path))]
    return found


def _is_of(opening: Opening, name: str, path: str) -> bool:
    """Whether a file is an environment's; of one that nobody has founded, by the file's name."""
    if opening.belief.is_known(name):
        return opening.belief.is_of(name, path)
    is_called = dotenv.kind(path) == "shared" and dotenv.environment_in(path) == name
    return is_called and not opening.belief.owner(path)


def _none(opening: Opening, name: str, folder: str) -> Missing:
    from gitenv.model import similar

    known, up_to = opening.belief.names(), ""
    if folder != opening.top.folder:
        up_to = f", nor above up to {printable(opening.top.folder)}"
    here = [each for each in known if places.nearest(opening.top, folder, functools.partial(_is_of, opening, each))]
    hint = f"change to the folder with your {'.env' if name == places.DEFAULT else f'.env.{name}'}"
    if here:
        close = similar.meant(name, here)
        hint = f"name one that is here: -e {', -e '.join([close] if close else here[:_MOST_NAMES])}"
    elif name in known and opening.top.layout:  # without git there is no status
        hint = "gitenv status"
    return Missing(f"there is no file of {name} in {printable(folder)}{up_to}", hint)


def _read(top: places.Top, opened: Sequence[ReadFile], wanted: Selection) -> Values:
    """All files as if they were one: the last assignment of a name counts."""
    assigned: list[Assignment] = []
    where, unread = dict[str, Location](), list[Location]()
    for each in opened:
        for found in dialect.read(each.text):
            place = Location(each.path, found.line)
            if not found.name:
                unread.append(place)
                continue
            if (found.value or "").startswith(dialect.ENCRYPTED):
                raise NotTrusted(f"{place}: {printable(found.name)} is still encrypted", "gitenv status")
            assigned.append(found)
            where[found.name] = place
    sources = [Source(top.path(each.path), each.path, each.environment, each.statement is not None) for each in opened]
    said = dict.fromkeys(line for each in opened for line in each.said)
    grants = {each.grant.text: each.grant for each in opened if each.grant}
    return Values(_values(assigned, wanted), sources, where, list(said), unread, top, list(grants.values()))


def _values(assigned: Sequence[Assignment], wanted: Selection) -> dict[str, str]:
    if wanted.environ is None:
        last = {each.name: each.value for each in assigned}
        return {name: value for name, value in last.items() if value is not None}
    from gitenv.model import interpolation

    environ = wanted.environ
    if not _is_text():
        environ = {name: os.fsencode(value).decode("utf-8", "surrogateescape") for name, value in environ.items()}
    return interpolation.expand(assigned, environ, override=wanted.override)
