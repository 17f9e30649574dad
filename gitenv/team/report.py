"""`gitenv status`: how this clone stands, environment by environment, and the command for each thing that is wrong."""

from __future__ import annotations

import os
from typing import NamedTuple

from gitenv import files
from gitenv.errors import GitenvError, NotInOrder, shell_word
from gitenv.git import attributes
from gitenv.model import names
from gitenv.model.environment import Environment
from gitenv.pins import Pin
from gitenv.team import discover, file_report, setup, survey
from gitenv.team.file_report import FileStatus, Problem
from gitenv.team.survey import Membership
from gitenv.team.workspace import Workspace

OPEN, LOCKED, NO_ACCESS, NEW, NOT_TRUSTED = "open", "locked", "no access", "new here", "not trusted"
ABSENT = "not in this commit"
_MAX_BYTES = 16 * 1024 * 1024


class EnvironmentStatus(NamedTuple):
    """One environment as this clone sees it."""

    name: str
    access: str  # OPEN, LOCKED, NO_ACCESS, NEW, NOT_TRUSTED or ABSENT
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
    problems: list[Problem]


def status(workspace: Workspace) -> Status:
    """Look at everything; raises only if there is no key to read or no repository."""
    key = workspace.access.device()
    people = survey.membership(workspace)
    problems = _clone_problems(workspace)
    listed = sorted({*people.environments, *(pin.name for pin in workspace.access.pinned())})
    found = [_environment(workspace, name, people, problems) for name in listed]
    said = {f"{pin.name}/environment" for pin in workspace.access.pinned()}
    problems += [Problem(f"{file}: {reason}", "gitenv recipients") for file, reason in people.uncounted if file not in said]
    problems += _unclaimed(workspace)
    waiting = [person.name for person in people.people if person.is_waiting]
    fingerprint = key.public.fingerprint() if key else ""
    me = workspace.access.name or (workspace.find_me(key.public) if key else "")
    return Status(me, fingerprint, found, [name for name in waiting if name != me], problems)


def _clone_problems(workspace: Workspace) -> list[Problem]:
    problems = []
    try:
        setup.check_interpreter(workspace.repository)
    except NotInOrder as error:
        problems.append(Problem(error.message, error.hint))
    if not setup.is_installed(workspace.repository):
        problems.append(Problem("git does not call this gitenv here", "gitenv init"))
    elif not setup.is_lifted(workspace.repository):
        problems.append(Problem("the guard is not lifted in this clone", "gitenv init"))
    text = files.read(workspace.repository.path(".gitattributes"), _MAX_BYTES)
    if not attributes.has_block(text or b"") and workspace.environments():
        problems.append(Problem("gitenv's lines are not in .gitattributes", "git restore .gitattributes"))
    return problems


def _environment(workspace: Workspace, name: str, people: Membership, problems: list[Problem]) -> EnvironmentStatus:
    pin = workspace.access.pin(name)
    entries = {person.name: person.entries[name] for person in people.people if name in person.entries}
    holders = sorted(person for person, entry in entries.items() if entry.role == "holder")
    if pin is None:
        problems.append(Problem(f"{name} is new to this clone", f"gitenv unlock {name}"))
        return EnvironmentStatus(name, NEW, "", 0, holders, [])
    me = pin.grant.to if pin.grant else _my_name(workspace, people, name)
    access, statement = _access(workspace, pin, me in entries, problems)
    role = entries[me].role if me in entries else ""
    if len(holders) == 1 and access == OPEN:
        problems.append(
            Problem(
                f"{name} has one holder, {holders[0]}: one lost laptop, and nobody can read it",
                f"gitenv add-recipient NAME -e {name}",
            )
        )
    ring = workspace.access.ring(pin) if access == OPEN else None
    listed = file_report.statuses(workspace, statement, ring, problems)
    if access == OPEN and any(file.state == "closed" for file in listed):
        problems.append(Problem(f"files of {name} are closed, and you have the key", f"gitenv unlock {name}"))
    return EnvironmentStatus(name, access, role, statement.generation.number, holders, listed)


def _my_name(workspace: Workspace, people: Membership, environment: str) -> str:
    """The name that this device's key has a grant under, or ""."""
    key = workspace.access.device()
    fingerprint = key.public.fingerprint() if key else ""
    mine = [person.name for person in people.people if person.fingerprint == fingerprint and environment in person.entries]
    return mine[0] if mine else ""


def _access(workspace: Workspace, pin: Pin, is_in: bool, problems: list[Problem]) -> tuple[str, Environment]:
    try:
        judged = workspace.access.judge(pin, workspace.tree)
    except GitenvError as error:
        problems.append(Problem(error.message, error.hint))
        return NOT_TRUSTED, pin.environment
    if judged is None:
        return ABSENT, pin.environment
    statement = judged.moves.environment if judged.moves else pin.environment
    if pin.name in workspace.access.locked:
        return LOCKED, statement
    try:
        workspace.access.ring(pin)
    except GitenvError as error:
        let_in = Problem(f"you were let into {pin.name}", f"gitenv unlock {pin.name}")
        problems.append(let_in if pin.grant is None and is_in else Problem(error.message, error.hint))
        return NO_ACCESS, statement
    return OPEN, statement


def _unclaimed(workspace: Workspace) -> list[Problem]:
    """Files that the attributes protect and no pinned environment claims."""
    problems = []
    for path in [entry.path for entry in workspace.repository.tracked() if entry.is_file] + workspace.repository.untracked():
        base = os.path.basename(path)
        if not (base == ".env" or base.startswith(".env.")) or discover.is_private(path):
            continue
        try:
            if workspace.access.claimant(path) is None and not _in_new(workspace, path):
                name = discover.environment_of(path)
                command = f"gitenv add-environment {name if names.is_name(name) else 'NAME'} {shell_word(base)}"
                problems.append(Problem(f"{path} belongs to no environment", command))
        except GitenvError as error:
            problems.append(Problem(f"{path}: {error.message}", error.hint))
    return problems


def _in_new(workspace: Workspace, path: str) -> bool:
    from gitenv import recipients

    for name in workspace.environments():
        if workspace.access.pin(name) is None:
            try:
                if recipients.environment_in(workspace.tree, name).claims(path):
                    return True
            except GitenvError:
                continue
    return False
