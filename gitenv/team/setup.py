"""Setting up a clone for git to call gitenv, and undoing it: configuration, `info/attributes`, the clone's own notes."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable

import gitenv
from gitenv.errors import NotInOrder, printable
from gitenv.git import attributes
from gitenv.git.repository import Repository
from gitenv.repo import clone
from gitenv.system import files
from gitenv.team import installation
from gitenv.trust.pins import Pin, Pins

_MAX_BYTES = 1024 * 1024
_EXCLUDED = f"# gitenv: files that are being written\n{files.TEMPORARY}\n".encode("ascii")
# Where uvx and `pipx run` keep what they throw away again.
_THROW_AWAY = re.compile(r"[/\\](?:uv[/\\](?:cache[/\\])?(?:archive|environments|builds)-v\d+|pipx[/\\]\.cache)[/\\]")


def check_interpreter(repository: Repository) -> None:
    """Raise `NotInOrder` for a gitenv that will not be there tomorrow, or that a commit could change."""
    hint = "uv tool install gitenv (or pipx install gitenv), then run gitenv init with that one"
    if _THROW_AWAY.search(os.path.abspath(sys.executable)):
        # With `required`, a vanished filter stops every checkout.
        raise NotInOrder("gitenv runs from a throw-away cache here; git needs it at a place that stays", hint)
    roots = [os.path.realpath(root) for root in repository.work_trees()]
    # An editable install or a .pth file can put a folder of the project on the module path, too.
    if _are_inside(roots, [sys.executable, sys.prefix, sys.base_prefix, gitenv.__file__]) or (
        (not _has_all_of_it() or _are_inside(roots, sys.path)) and _are_inside(roots, _module_path())
    ):
        # A branch can bring `.venv/…/evil.pth`, ignored or not, and git would run it at the next status.
        raise NotInOrder("gitenv is installed inside this work tree, where a commit could change it", hint)


def _are_inside(roots: Iterable[str], places: Iterable[str | None]) -> bool:
    real = [os.path.realpath(place) for place in places if place is not None]
    return any(place == root or place.startswith(os.path.join(root, "")) for root in roots for place in real)


def _has_all_of_it() -> bool:
    """Whether our own module path has all that is in `_module_path`. PYTHONPATH, or how we were started, may bring more."""
    elsewhere = {"PYTHONHOME", "PYTHONPLATLIBDIR"}.intersection(os.environ)
    return not (sys.flags.no_user_site or sys.flags.no_site or elsewhere)


def _module_path() -> list[str]:
    """The module path of a Python as git starts it. That takes one to tell."""
    import subprocess

    listing = [sys.executable, "-E", "-P", "-c", "import sys; print(*sys.path, sep='\\0', end='')"]
    said = subprocess.run(listing, cwd=os.path.sep, capture_output=True, check=True).stdout
    return os.fsdecode(said).split("\0")


def install(repository: Repository, name: str) -> None:
    """Configure filter, diff and merge driver for this clone of `name`'s."""
    check_interpreter(repository)
    Pins(clone.set_up(repository.layout.common_dir)).set_owner(name)
    configure(repository)


# textconv gets what smudge gives; starting Python for each blob would make `git log -p` crawl. Within hooks it is needed.
_CAT = '[ "$GIT_INDEX_FILE" ] || exec cat "$1"; '


def settings(repository: Repository) -> dict[str, str]:
    """git's configuration of a clone, by key."""
    places = installation.wanted(repository)
    cat = "" if repository.is_set("gitenv.maskDiff") else _CAT
    return {
        "filter.gitenv.process": installation.command(places, "filter-process"),
        "filter.gitenv.clean": installation.command(places, "clean %f"),
        "filter.gitenv.smudge": installation.command(places, "smudge %f"),
        # A filter that dies without `required` would stage plain text.
        "filter.gitenv.required": "true",
        "diff.gitenv.textconv": cat + installation.command(places, "textconv"),
        "merge.gitenv.name": "merge of .env files by key",
        # A git before 2.44 has no labels to give, and leaves the last three words as they are.
        "merge.gitenv.driver": installation.command(places, "merge-driver %O %A %B %L %P %S %X %Y"),
    }


def configure(repository: Repository) -> None:
    """Bring git's configuration of a clone to `settings`: an earlier gitenv had less, or `gitenv.maskDiff` has changed."""
    new = settings(repository)
    installation.note(repository)
    for key in [key for key, value in new.items() if repository.config(key) != value]:  # to set one is to read all again
        repository.set_config(key, new[key])


def lift_guard(repository: Repository, pins: list[Pin]) -> None:
    """Write `info/attributes`, from the pinned paths only: what a commit says must not decide what is filtered here.

    Never without the filter: `uninstall` may be taking it out.
    """
    if not is_configured(repository):
        return
    path = _info_attributes(repository)
    text, new = _lifted(path, pins)
    if new != text:
        _write(path, new)
    # A write that is cut off leaves a file beside the one that it was for: none for `git add -A` to find.
    exclude(repository, _EXCLUDED)


def exclude(repository: Repository, lines: bytes) -> None:
    """Have git ignore something in this clone, whatever the repository's `.gitignore` says."""
    path = _info_exclude(repository)
    text = _read(path)
    if lines not in text:
        _write(path, text + (b"\n" if text and not text.endswith(b"\n") else b"") + lines)


def _include_temporary(repository: Repository) -> None:
    path = _info_exclude(repository)
    text = _read(path)
    if _EXCLUDED in text:
        files.replace(path, text.replace(_EXCLUDED, b""))


def is_installed(repository: Repository) -> bool:
    """Whether git starts this very gitenv in this clone."""
    return repository.config("filter.gitenv.process") == installation.command(installation.wanted(repository), "filter-process")


def is_configured(repository: Repository) -> bool:
    """Whether git starts any gitenv in this clone, and stops where it cannot."""
    return bool(repository.config("filter.gitenv.process")) and repository.is_set("filter.gitenv.required")


def is_known(repository: Repository) -> bool:
    """Whether anybody ran `gitenv init` here, with whatever installation."""
    return bool(repository.config("filter.gitenv.process")) or bool(clone.identity(repository.layout.common_dir))


def is_lifted_for(repository: Repository, pins: list[Pin]) -> bool:
    """Whether `info/attributes` is as `lift_guard` leaves it: all pinned paths, and nothing after them that would win."""
    text, new = _lifted(_info_attributes(repository), pins)
    return text == new


def _lifted(path: str, pins: list[Pin]) -> tuple[bytes, bytes]:
    patterns = [pattern for pin in pins for pattern in pin.paths]
    text = _read(path)
    return text, attributes.with_block(text, attributes.lifted(patterns))


def behind_lifted(repository: Repository) -> str:
    """A line of `info/attributes` that wins over gitenv's, or ""."""
    return attributes.behind_block(_read(_info_attributes(repository)))


def wins_over(line: str) -> str:
    """What is wrong where such a line stands."""
    return f"{printable(line)[:80]!r} in info/attributes wins over gitenv's lines: files may be refused, or pass as plain text"


def is_lifted(repository: Repository) -> bool:
    """Whether `info/attributes` has gitenv's block."""
    return attributes.has_block(_read(_info_attributes(repository)))


def put_guard_back(repository: Repository, pins: list[Pin]) -> None:
    """Give this clone a guard of its own: its files are plain, and the next `git commit -a` without the filter would take them.

    A run that was cut off may have forgotten the pins already: what its guard names stays.
    """
    path = _info_attributes(repository)
    text = _read(path)
    pinned = [pattern for pin in pins for pattern in pin.paths]
    new = attributes.with_block(text, attributes.guarded([*attributes.patterns_in(text), *pinned]))
    if new != text:
        _write(path, new)


def uninstall(repository: Repository, *, stays_closed: bool = False) -> None:
    """Undo `install` and, but for a guard that was put back, `lift_guard`. The files in the work tree stay as they are.

    `stays_closed`: a filter that is required and has no command remains. It stops `git add` where attributes name it, in
    another work tree of a branch without a guard, and is asked nowhere else.
    """
    if not attributes.has_guard(_read(_info_attributes(repository))):
        take_guard_away(repository)
    for section in ("diff.gitenv", "merge.gitenv", *(() if stays_closed else ("filter.gitenv",))):
        repository.remove_section(section)
    for command in ("process", "clean", "smudge") if stays_closed else ():
        repository.unset_config(f"filter.gitenv.{command}")
    _include_temporary(repository)


def take_guard_away(repository: Repository) -> None:
    """Take gitenv's block out of `info/attributes`, whatever it is: the repository has no gitenv any more."""
    path = _info_attributes(repository)
    text = _read(path)
    if rest := attributes.without_block(text):
        files.replace(path, rest)
    elif text:
        os.unlink(path)


def _read(path: str) -> bytes:
    return files.read(path, _MAX_BYTES) or b""


def _write(path: str, text: bytes) -> None:
    files.make_folder(os.path.dirname(path))
    files.replace(path, text)


def _info_exclude(repository: Repository) -> str:
    return os.path.join(repository.layout.common_dir, "info", "exclude")


def _info_attributes(repository: Repository) -> str:
    return os.path.join(repository.layout.common_dir, "info", "attributes")
