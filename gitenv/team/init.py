"""`gitenv init`: found gitenv in a repository, or set a clone of one up and ask to be let in."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from gitenv.errors import GitenvError, NotInOrder, NotTrusted, Usage, printable, shell_word
from gitenv.git.layout import RECIPIENTS
from gitenv.git.repository import Ignored
from gitenv.identity import device
from gitenv.identity.device import DeviceKey
from gitenv.model import names
from gitenv.model.environment import Environment
from gitenv.model.foreign import Tool
from gitenv.model.reasons import SwappedKey
from gitenv.repo import exposed
from gitenv.repo.exposed import Exposed
from gitenv.repo.snapshot import WorkSnapshot
from gitenv.team import (
    competing,
    conversions,
    departures,
    discover,
    first_sight,
    follow,
    found,
    founding_steps,
    gitignore,
    hooks,
    key_lines,
    lock,
    permissions,
    rename,
    setup,
    shared_attributes,
)
from gitenv.team.discover import ReadableComment
from gitenv.team.hooks import HookLine
from gitenv.team.lock import Opened
from gitenv.team.workspace import Workspace
from gitenv.trust import vouchers
from gitenv.trust.pins import Pin
from gitenv.tuples import NamedTuple


class Founded(NamedTuple):
    """What founding did, and what is left for the founder to look at."""

    name: str
    fingerprint: str
    made_key: bool
    environments: dict[str, list[str]]  # name → patterns
    files: list[str]  # encrypted and staged
    waiting: list[str]  # for the second step
    impossible: list[str]
    linked: list[str]
    ignored: list[Ignored]
    comments: list[ReadableComment]
    exposed: list[Exposed] | None  # None: history could not be read
    encodings: list[str]  # in which no key name can be read
    foreign: dict[str, Tool]  # with values that another tool encrypted


class Joined(NamedTuple):
    """What setting up a clone did."""

    name: str
    fingerprint: str
    made_key: bool
    wrote_request: bool
    is_lost: bool  # the key of that name was lost, and this is another one
    pinned: list[Environment]  # newly, on trust
    later: list[str]  # environments that came after that, for `gitenv unlock` to ask about
    opened: list[Opened]
    problems: list[GitenvError]
    pins: list[Pin]


def is_founded(workspace: Workspace) -> bool:
    """Whether the repository has environments. One's own that are in no commit yet can be founded on, and finished."""
    tracked = [entry.path.split("/") for entry in workspace.repository.tracked()]
    listed = [path[1] for path in tracked if path[0] == RECIPIENTS and path[2:] == ["environment"]]
    return any(not found.is_unfinished(workspace, name) for name in listed)


def check_staged(workspace: Workspace) -> None:
    """Raise `NotInOrder` if environments lie here and git knows none of them: an archive that was unpacked, say."""
    is_known = any(entry.path.partition("/")[0] == RECIPIENTS for entry in workspace.repository.tracked())
    if not is_known and isinstance(workspace.tree, WorkSnapshot) and workspace.environments():
        hint = "gitenv init --no-key && git add -A, then run gitenv init again"  # no plain text passes then
        raise NotInOrder(f"{RECIPIENTS}/ is here, and git does not know it", hint)


def look(workspace: Workspace, wanted: Mapping[str, Sequence[str]], name: str, unignore: bool) -> discover.Found:
    """What founding as `name` would do here: the files and environments it finds; with `unignore` also what git ignores.

    Raises whatever it would be refused for: nothing is written yet, and without a filter .gitignore must stay as it is.
    """
    for each, patterns in wanted.items():
        names.check_name(each, "environment")
        names.check_patterns(patterns)
    departures.check_not_nested(workspace.repository)
    seen = discover.find(workspace.repository, wanted, unignore)
    competing.check(seen.environments, competing.paths(workspace.repository))
    for path in seen.files:
        if discover.has_marks(workspace.repository, path):
            check_staged(workspace)
            # A new environment cannot open the old one's values, and would only seem to have them.
            hint = f"get {RECIPIENTS}/ back: git log -- {RECIPIENTS}, git checkout COMMIT -- {RECIPIENTS}"
            if workspace.access.pinned() and not workspace.repository.was_ever_committed(RECIPIENTS):
                hint = departures.UNDO
            raise NotTrusted(f"{printable(path)} is encrypted already, and {RECIPIENTS}/ is not here", hint)
    found.check_wanted(workspace, seen.environments, lambda old, new: _renamed(seen, wanted, old, new))
    discover.check_can_be_encrypted(workspace.repository, seen.files)
    found.check_free(workspace, _founder(workspace, name), device.load())
    if unignore:
        gitignore.check(seen.ignored)
    return seen


def _renamed(seen: discover.Found, wanted: Mapping[str, Sequence[str]], old: str, new: str) -> str:
    """The command that founds what is `wanted`, with another name for one environment."""
    patterns = seen.environments[old]
    in_use = [each for each in patterns if any(names.claimed([each], path) for path in seen.files)] or patterns[:1]
    named = {name: patterns for name, patterns in wanted.items() if name != old} | {new: in_use}
    words = [shell_word(f"{name}={each}") for name, patterns in named.items() for each in patterns]
    return " ".join(("gitenv init", *(f"--environment {word}" for word in words)))


def _founder(workspace: Workspace, name: str) -> str:
    return _checked(name) if name else workspace.access.name or workspace.guess_name()


def _take_out_of_gitignore(workspace: Workspace, lines: Sequence[Ignored]) -> list[Ignored]:
    """Take the lines that ignore .env files out of .gitignore and stage that. Return what ignores them all the same."""
    left = list(lines)
    while ours := [line for line in left if gitignore.can_be_mended(line)]:  # another may stand before it
        workspace.repository.stage(gitignore.take_out(workspace.repository, ours))
        left = workspace.repository.why_ignored([line.path for line in lines])
    return left


def unignore_pinned(workspace: Workspace, *, at_once: bool) -> tuple[list[str], list[str]]:
    """In a repository with gitenv: take .env files of its environments out of .gitignore.

    Returns which files were staged, and which wait for the second step.
    """
    seen = discover.find(workspace.repository, {pin.name: pin.paths for pin in workspace.access.pinned()})
    gitignore.check(seen.ignored)
    _take_out_of_gitignore(workspace, seen.ignored)
    paths = [line.path for line in seen.ignored if workspace.access.claimant(line.path)]
    held = [] if at_once else founding_steps.held_back(workspace, paths, paths)
    founding_steps.hold_back(workspace, [*founding_steps.waiting(workspace), *held])
    staged = [path for path in paths if path not in held]
    found.stage_files(workspace, staged)
    return staged, held


def found_here(
    workspace: Workspace,
    seen: discover.Found,
    name: str,
    guard: bool,
    held: Sequence[str],
    unignore: bool,
    *,
    closed: bool = False,
) -> Founded:
    """Found gitenv in this repository and stage everything but the files that are `held` back; nothing is committed.

    `closed`: what is staged stands here as ciphertext from now on.
    """
    name = _founder(workspace, name)
    key, made_key = device.load_or_make()
    _set_up(workspace, name, closed=closed)
    written = found.make_environments(workspace, seen.environments, key, name)
    patterns = [pattern for patterns in seen.environments.values() for pattern in patterns]
    written += shared_attributes.write(workspace, patterns, guard)
    workspace.repository.stage(written)
    # Cut off before this, git still ignores the files; after it, the filter and the guard stand.
    left = _take_out_of_gitignore(workspace, seen.ignored) if unignore else seen.ignored
    stays = {line.path for line in left}
    held = [path for path in held if path not in stays]
    staged = [path for path in seen.files if path not in stays.union(held)]
    founding_steps.hold_back(workspace, held)
    found.stage_files(workspace, staged)
    if closed:
        lock.close_files(workspace)
    permissions.apply(workspace, workspace.access.pinned())
    return Founded(
        name,
        key.public.fingerprint(),
        made_key,
        seen.environments,
        staged,
        held,
        seen.impossible,
        seen.linked,
        left,
        discover.readable_comments(workspace.repository, staged),
        _exposed(workspace, seen.files),
        discover.wrong_encodings(workspace.repository, staged),
        discover.encrypted_values(workspace.repository, staged),
    )


def guest(workspace: Workspace) -> str:
    """Whose key is in the environment, where this clone is somebody else's; "" where it is not, or is nobody's yet."""
    if not os.environ.get(device.VARIABLE) or not workspace.access.name or (key := device.load()) is None:
        return ""
    name = workspace.find_me(key.public)
    return name if name != workspace.access.name else ""


def join(workspace: Workspace, name: str, strict: bool, replace: bool = False, *, closed: bool = False) -> Joined:
    """Set up a clone: pin what is there, open what this key opens, and ask for the rest with a `.pub` file.

    With `strict` nothing is believed for which nobody vouches (see `vouchers`). With `replace`, and where this clone knows the
    name as its user's, a `.pub` of a key that is not here any more gets a new one. `closed`: nothing is opened from now on.
    """
    existing = device.load()
    converted = {} if setup.is_known(workspace.repository) else conversions.find(workspace)
    problems: list[GitenvError] = []
    chosen = _who(workspace, existing, name, problems)
    is_lost = not problems and workspace.is_lost(chosen) and (replace or _is_own_name(workspace, chosen))
    if not problems and not is_lost:
        found.check_free(workspace, chosen, existing)
    key, made_key = device.load_or_make()
    request = [] if problems else found.write_public_key(workspace, chosen, key, is_lost)
    request += rename.give_up(workspace, key.public, chosen) if name else []
    _set_up(workspace, chosen, closed=closed)
    problems += follow.refresh(workspace)
    new, later = _pin_on_first_sight(workspace, problems, strict)
    conversions.undo(workspace, converted)
    workspace.repository.stage(request)  # git may look at all files for it, and would take a converted one for new text
    opened = lock.open_files(workspace)
    if not problems and not later:
        shared_attributes.mend(workspace)
    permissions.apply(workspace, workspace.access.pinned())
    return Joined(
        chosen,
        key.public.fingerprint(),
        made_key,
        bool(request),
        is_lost or _is_in_otherwise(workspace, chosen, key),
        new,
        later,
        opened,
        problems,
        workspace.access.pinned(),
    )


def _who(workspace: Workspace, key: DeviceKey | None, name: str, problems: list[GitenvError]) -> str:
    """What to call whoever sets up a clone. If a grant says so and their `.pub` says otherwise, that is a problem."""
    known_as = workspace.find_me(key.public, name) if key else ""
    if key and name and known_as and name != known_as and workspace.has_grant(known_as, key.public):
        raise Usage(f"this device's key is known as {known_as} here", f"gitenv init --name {known_as}")
    chosen = _checked(name) if name else known_as or workspace.access.name or workspace.guess_name()
    if key and not known_as and workspace.public_keys(chosen) and workspace.has_grant(chosen, key.public):
        where = f"{RECIPIENTS}/{chosen}.pub"
        problems.append(
            SwappedKey(f"{where}: another key than this device's, which {chosen} is in with", f"git log -p -- :/{where}")
        )
    return chosen


def _is_in_otherwise(workspace: Workspace, name: str, key: DeviceKey) -> bool:
    """Whether somebody of that name is in only with keys that are not here any more: a holder has to exchange them."""
    granted = [own.key for own in key_lines.counted(workspace, name).values()]
    return bool(granted) and not any(each == key.public or device.former(each) for each in granted)


def _checked(name: str) -> str:
    return names.check_name(name, "person", "gitenv init --name NAME")


def _is_own_name(workspace: Workspace, name: str) -> bool:
    """Whether this clone knows a name as its user's. A job that is given its key has lost none."""
    return workspace.access.name == name and not os.environ.get(device.VARIABLE)


def _pin_on_first_sight(workspace: Workspace, problems: list[GitenvError], strict: bool) -> tuple[list[Environment], list[str]]:
    """Pin what a fresh clone has. What arrives later is for `gitenv unlock`, which asks: anybody could have pushed it.

    Returns what was pinned, and the names of what arrived later.
    """
    try:
        found = first_sight.new_environments(workspace, [], is_named=bool(vouchers.vouchers()))
    except NotTrusted as error:
        problems.append(error)
        return [], []
    problems += found.problems
    new = found.new
    if strict or vouchers.vouchers():
        new, unvouched = first_sight.sort_out(workspace, new, strict)
        problems += unvouched
    elif workspace.access.pinned():
        return [], [statement.name for statement in new]
    problems += first_sight.pin(workspace, new)
    return [statement for statement in new if workspace.access.pin(statement.name)], []


def set_up_without_key(workspace: Workspace) -> None:
    """For bots: filter and guard only. Nothing is pinned, so ciphertext passes through and new plain text is refused."""
    setup.install(workspace.repository, "")
    setup.lift_guard(workspace.repository, workspace.access.pinned())
    conversions.undo_in_recipients(workspace)


def install_hooks(workspace: Workspace, *, wanted: bool) -> list[HookLine]:
    """Install git's hooks, or take them out; return those that are not gitenv's to write."""
    if wanted:
        return hooks.install(workspace.repository)
    hooks.leave_out(workspace.repository)
    return []


def _set_up(workspace: Workspace, name: str, *, closed: bool) -> None:
    setup.install(workspace.repository, name)
    workspace.reload()
    if closed:
        lock.close_files(workspace)
        workspace.access.pins.close()
        workspace.reload()
    setup.lift_guard(workspace.repository, workspace.access.pinned())


def _exposed(workspace: Workspace, paths: Sequence[str]) -> list[Exposed] | None:
    return exposed.find(workspace.root, workspace.repository.objects, paths, discover.was_exposed)
