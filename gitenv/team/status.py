"""`gitenv status`: how this clone stands, environment by environment, and the command for each thing that is wrong."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Sequence

from gitenv.errors import GitenvError, Locked, NotInOrder, NotTrusted, joined
from gitenv.git.layout import RECIPIENTS
from gitenv.identity import device
from gitenv.model import remedies
from gitenv.model.codes import finding, of_error
from gitenv.model.environment import Environment
from gitenv.model.finding import Finding
from gitenv.model.grant import HOLDER
from gitenv.model.keyring import Keyring
from gitenv.team import (
    configuration,
    expiring,
    file_status,
    follow,
    founding_steps,
    past,
    reissue,
    roster,
    setup,
    shared_attributes,
    unclaimed,
    value_origins,
)
from gitenv.team.file_status import FileStatus
from gitenv.team.reissue import Reissue
from gitenv.team.roster import People
from gitenv.team.workspace import Workspace
from gitenv.trust import access
from gitenv.trust.access import check_not_rolled_back
from gitenv.trust.pins import Pin
from gitenv.tuples import NamedTuple

OPEN, LOCKED, NO_ACCESS, NEW, NOT_TRUSTED = "open", "locked", "no access", "new here", "not trusted"
EXPIRED, ABSENT, CLOSED = "expired", "not in this commit", "closed"
_MOST = 8


class EnvironmentStatus(NamedTuple):
    """One environment as this clone sees it."""

    name: str
    access: str  # OPEN, CLOSED, LOCKED, NO_ACCESS, EXPIRED, NEW, NOT_TRUSTED or ABSENT
    role: str
    generation: int
    holders: list[str]
    files: list[FileStatus]


class Status(NamedTuple):
    """The whole of it."""

    name: str
    fingerprint: str
    environments: list[EnvironmentStatus]
    waiting: list[str]  # people who ask to be let in
    problems: list[Finding]


def status(workspace: Workspace, wanted: Collection[str] = ()) -> Status:
    """Look at everything, or at the environments that are `wanted`; raises only if there is no key to read or no repository."""
    key = workspace.access.device()
    followed = follow.look(workspace)
    people = roster.membership(workspace)
    problems = [*_key_problems(), *_clone_problems(workspace), *(of_error(error) for error in followed)]
    there = {*people.environments, *(pin.name for pin in workspace.access.pinned())}
    listed = sorted(there.intersection(wanted) if wanted else there)
    torn = follow.torn(workspace)  # all that is wrong with these is mended as a whole
    found = [_environment(workspace, name, people, [] if name in torn else problems, is_asked=bool(wanted)) for name in listed]
    problems += _nowhere(workspace, found)
    said = {f"{name}/environment" for name in listed} | _own_request(workspace, key)
    said |= {each.name for each in found if each.access == NOT_TRUSTED}
    uncounted = [
        entry
        for entry in roster.only(people, wanted).uncounted
        if entry.path not in said and entry.path not in people.ended and entry.path.partition("/")[0] not in torn
    ]
    held = [environment.name for environment in found if environment.access in (OPEN, CLOSED) and environment.role == HOLDER]
    problems += [
        finding(entry.code, f"{entry.path}: {entry.text}", commands=(_for_whom(entry, held),))
        for entry in roster.grouped(uncounted, 20)
    ]
    own = [(pin.name, pin.grant.to) for pin in workspace.access.pinned() if pin.grant]
    problems += expiring.problems(people, held, own)
    problems += [_to_reissue(each) for each in reissue.here(workspace, listed)]
    problems += value_origins.problems(workspace, [pin.environment for pin in workspace.access.pinned() if pin.name in listed])
    problems += [
        *_new_paths(workspace),
        *_waiting(workspace),
        *_unstaged(workspace),
        *unclaimed.problems(workspace),
        *map(of_error, past.problems(workspace)),
    ]
    # Where a statement is not believed, or in conflict, nobody knows who is in: they would all seem to ask.
    is_known = all(environment.access != NOT_TRUSTED for environment in found) and not torn
    waiting = [person.name for person in people.people if person.is_waiting and is_known]
    fingerprint = key.public.fingerprint() if key else ""
    me = workspace.access.name or (workspace.find_me(key.public) if key else "")
    unique = list({problem.text: problem for problem in problems}.values())
    return Status(me, fingerprint, found, [name for name in waiting if name != me], unique)


def _for_whom(entry: Finding, held: Collection[str]) -> str:
    """What mends a file that does not count; who holds nothing there asks."""
    command = entry.commands[0] if entry.commands else "gitenv recipients"
    is_holders = command.startswith("gitenv add-recipient") and entry.path.partition("/")[0] not in held
    return f"ask a holder to run: {command}" if is_holders else command


def _to_reissue(found: Reissue) -> Finding:
    code = "tracking-lost" if found.is_lost else "reissue-overdue" if found.overdue(access.today()) else "to-reissue"
    return finding(code, found.text(), commands=(found.command,))


def _own_request(workspace: Workspace, key: device.DeviceKey | None) -> set[str]:
    """The caller's own `.pub`, where the key in it is theirs: they know, and are told whom to ask for what they lack."""
    me = workspace.access.name
    with contextlib.suppress(GitenvError, ValueError):
        if key and me and key.public in workspace.public_keys(me):
            return {f"{me}.pub"}
    return set()


def _key_problems() -> list[Finding]:
    if not device.has_next():
        return []
    return [finding("former-key", "a new device key was made, and has not taken over yet", commands=("gitenv key rotate",))]


def _clone_problems(workspace: Workspace) -> list[Finding]:
    problems = []
    try:
        setup.check_interpreter(workspace.repository)
    except NotInOrder as error:
        problems.append(of_error(error))
    wrong = list(configuration.wrong(workspace.repository)) if setup.is_known(workspace.repository) else []
    problems += [finding(code, text, commands=("gitenv init",)) for code, text in wrong]
    if not setup.is_known(workspace.repository):
        problems.append(finding("not-set-up", "git does not call gitenv in this clone", commands=("gitenv init",)))
    elif not setup.is_lifted(workspace.repository):
        problems.append(finding("guard-not-lifted", "the guard is not lifted in this clone", commands=("gitenv init",)))
    elif line := setup.behind_lifted(workspace.repository):
        problems.append(finding("guard-not-lifted", setup.wins_over(line), commands=("gitenv init",)))
    try:
        code, text = shared_attributes.lacking(workspace)
    except NotTrusted as error:
        return [*problems, of_error(error)]
    return [*problems, finding(code, text, commands=("gitenv init",))] if code else problems


def _environment(
    workspace: Workspace, name: str, people: People, problems: list[Finding], *, is_asked: bool
) -> EnvironmentStatus:
    """Look at one. Where nobody ever let the caller in, that is no problem of theirs, unless they asked for it by name."""
    pin = workspace.access.pin(name)
    if pin is None:
        return _unpinned(workspace, name, people, problems, is_asked=is_asked)
    entries = {person.name: person.entries[name] for person in people.people if name in person.entries}
    holders = people.holders(name)
    me = pin.grant.to if pin.grant else _my_name(workspace, people, name)
    of_access: list[Finding] = []
    state, statement, ring = _access(workspace, pin, me in entries, of_access)
    is_outside = state == NO_ACCESS and me not in entries and not workspace.was_let_in(pin)
    problems += [each for each in of_access if is_asked or not (is_outside and each.code == "locked")]
    role = entries[me].role if me in entries else ""
    if len(holders) == 1 and state in (OPEN, CLOSED) and role == HOLDER:
        problems.append(
            finding(
                "one-holder",
                f"{name} has one holder, {holders[0]}: one lost laptop, and nobody can read it",
                commands=(f"gitenv add-recipient NAME -e {name}", "gitenv add-recipient FILE --name recovery --all"),
            )
        )
    if former := _former(workspace, pin, holders):
        problems.append(former)
    listed = file_status.statuses(workspace, statement, ring, problems)
    listed += file_status.ignored(workspace, statement, problems)
    if state == OPEN and any(file.state == file_status.CLOSED for file in listed):
        problems.append(
            finding("closed", f"files of {name} are closed, and you have the key", commands=(f"gitenv unlock {name}",))
        )
    if state == CLOSED and (left := [file.path for file in listed if file.state == "open"]):
        text = f"{', '.join(left[:_MOST])}: open, in a work tree that is closed"
        ways = remedies.close_again(left[:_MOST], is_linked=not workspace.access.pins.is_closed)
        problems.append(finding("left-open", text, commands=ways))
    return EnvironmentStatus(name, state, role, statement.generation.number, holders, listed)


def _former(workspace: Workspace, pin: Pin, holders: list[str]) -> Finding | None:
    """A grant for a key that is not the device key any more: good as long as the old key is kept."""
    own = pin.grant
    if own is None or not workspace.is_former(pin):
        return None
    commands = ["git pull", "gitenv key rotate"]
    if pin.is_reader:
        who = " or ".join([holder for holder in holders if holder != own.to][:3]) or "a holder"
        commands = [f"ask {who} to run: gitenv add-recipient {own.to} -e {pin.name} --role reader --replace"]
    return finding("former-key", f"your grant for {pin.name} is for a former key of yours", commands=tuple(commands))


def _nowhere(workspace: Workspace, found: Sequence[EnvironmentStatus]) -> list[Finding]:
    """What somebody who waits to be let in can do; in one line, however many environments there are."""
    pins = [pin for pin in workspace.access.pinned() if any(each.name == pin.name for each in found)]
    if workspace.access.device() is None or any(each.access != NO_ACCESS or each.role for each in found):
        return []
    never = [pin for pin in pins if not workspace.was_let_in(pin)]
    return [of_error(workspace.access.no_grant(*never))] if never else []


def _unpinned(workspace: Workspace, name: str, people: People, problems: list[Finding], *, is_asked: bool) -> EnvironmentStatus:
    from gitenv.team import first_sight

    try:
        first_sight.checked(workspace, name)
    except GitenvError as error:
        problems.append(of_error(error))
        return EnvironmentStatus(name, NOT_TRUSTED, "", 0, [], [])
    is_mine = bool(_my_name(workspace, people, name))
    if (is_mine or is_asked) and setup.is_known(workspace.repository):  # else `gitenv init` is what comes first
        known = ", and has a grant for you" if is_mine else ""
        problems.append(finding("new-environment", f"{name} is new to this clone{known}", commands=(f"gitenv unlock {name}",)))
    return EnvironmentStatus(name, NEW, "", 0, people.holders(name), [])


def _my_name(workspace: Workspace, people: People, environment: str) -> str:
    """The name that this device's key has a grant under, or ""."""
    key = workspace.access.device()
    fingerprint = key.public.fingerprint() if key else ""
    mine = [person.name for person in people.people if person.fingerprint == fingerprint and environment in person.entries]
    return mine[0] if mine else ""


def _access(workspace: Workspace, pin: Pin, is_in: bool, problems: list[Finding]) -> tuple[str, Environment, Keyring | None]:
    """How somebody stands to an environment, what it says here, and its keys if it is open."""
    try:
        judged = workspace.access.judge(pin, workspace.tree)
    except GitenvError as error:
        problems.append(of_error(error))
        return NOT_TRUSTED, pin.environment, None
    if judged is None:
        from gitenv.team import remove_environment

        if remove_environment.was_removed(workspace, pin):
            look = [f"git log -- :/{RECIPIENTS}/{pin.name}", f"gitenv remove-environment {pin.name}"]
            problems.append(
                finding("removed", f"{pin.name} was removed, and this clone still believes who held it", commands=tuple(look))
            )
        return ABSENT, pin.environment, None
    try:
        check_not_rolled_back(workspace.history, pin, judged)
    except NotTrusted as error:
        problems.append(of_error(error))
        return NOT_TRUSTED, pin.environment, None
    statement = judged.moves.environment if judged.moves else pin.environment
    if pin.name in workspace.access.locked:
        return LOCKED, statement, None
    # Who was taken out by a step that the pin has not gone yet has the key of yesterday, and not this one.
    believed = judged.moves if judged.moves and (judged.moves.grant or not is_in) else pin
    try:
        ring = workspace.access.ring(believed)
        return CLOSED if workspace.access.is_closed else OPEN, statement, ring
    except GitenvError as error:
        let_in = finding("let-in", f"you were let into {pin.name}", commands=(f"gitenv unlock {pin.name}",))
        is_over = pin.grant is not None and pin.grant.expired(access.today()) and isinstance(error, Locked)
        said = of_error(error)
        problems.append(
            let_in if (pin.grant is None or is_over) and is_in else said._replace(code="grant-expired") if is_over else said
        )
        return EXPIRED if is_over and not is_in else NO_ACCESS, statement, None


def _new_paths(workspace: Workspace) -> Iterator[Finding]:
    """Paths that an environment claims since a later statement: its holders would read what is written there."""
    for pin in workspace.access.pinned():
        if pin.waiting:
            from gitenv.team import first_sight

            text = f"{pin.name} claims {', '.join(pin.waiting)} since a statement that nobody here has said yes to"
            way = f"gitenv unlock {pin.name}"
            if first_sight.competitor(workspace, pin.environment, []):  # a yes is refused; the next rotation leaves it out
                is_mine = pin.grant and not pin.is_reader
                way = f"gitenv rotate {pin.name}" if is_mine else remedies.look(f"{RECIPIENTS}/{pin.name}/environment")
            yield finding("paths-changed", text, commands=(way,))


def _waiting(workspace: Workspace) -> Iterator[Finding]:
    if found := founding_steps.waiting(workspace):
        listed = found[:3] + ([f"{len(found) - 3} more"] if len(found) > 3 else [])
        text = f"{', '.join(listed)}: to be shared when your team has pulled the first step of founding"
        yield finding("waits-for-team", text, commands=("gitenv init",))


def _unstaged(workspace: Workspace) -> list[Finding]:
    """What gitenv wrote for the team and the next commit would leave out: a run was cut off before it had staged it."""
    found = workspace.repository.unstaged(RECIPIENTS)
    return (
        [finding("not-staged", f"written and not staged: {joined(found, _MOST)}", commands=(f"git add :/{RECIPIENTS}",))]
        if found
        else []
    )
