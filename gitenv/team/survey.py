"""Who is in which environment: people × environments, and what does not count and why. Read only."""

from __future__ import annotations

from typing import NamedTuple

from gitenv import recipients
from gitenv.access import today
from gitenv.errors import GitenvError, Malformed, NotTrusted, Usage
from gitenv.model import trust
from gitenv.model.environment import Environment
from gitenv.model.grant import HOLDER, READER
from gitenv.team.workspace import Workspace


class Entry(NamedTuple):
    """One person in one environment."""

    role: str  # "holder" or "reader"
    by: str  # who let them in
    at: str
    expires: str


class Person(NamedTuple):
    """One person (one name), with what counts of them."""

    name: str
    fingerprint: str
    entries: dict[str, Entry]  # by environment
    is_waiting: bool  # a `.pub` and nothing else


class Uncounted(NamedTuple):
    """A file in `.recipients/` that nothing is given for, and why."""

    file: str
    reason: str


class Membership(NamedTuple):
    """The whole of `.recipients/`."""

    environments: list[str]
    people: list[Person]
    uncounted: list[Uncounted]


def membership(workspace: Workspace) -> Membership:
    """Read `.recipients/`. What is pinned is judged by the pin; the rest by its own statement, unverified."""
    entries: dict[str, dict[str, Entry]] = {}
    fingerprints: dict[str, str] = {}
    uncounted: list[Uncounted] = []
    names = workspace.environments()
    for name in names:
        try:
            statement = _statement(workspace, name)
        except NotTrusted as error:
            uncounted.append(Uncounted(f"{name}/environment", error.message.removeprefix(f"{name}/environment: ")))
            continue
        key_of = recipients.key_finder(workspace.tree, name)
        found = trust.standing(statement, recipients.grants(workspace.tree, name), key_of, today())
        for person, grant in found.counted.items():
            role = HOLDER if grant.role == HOLDER else READER
            entries.setdefault(person, {})[name] = Entry(role, grant.by.name, grant.at, grant.expires)
            fingerprints[person] = grant.key.fingerprint()
        uncounted += [Uncounted(f"{name}/{grant.to}.grant", reason) for grant, reason in found.refused]
        uncounted += [Uncounted(f"{name}/", error.message) for error in recipients.malformed_grants(workspace.tree, name)]
    requests, damaged = _requests(workspace, fingerprints)
    fingerprints = {**requests, **fingerprints}
    people = [Person(name, fingerprints[name], entries.get(name, {}), name not in entries) for name in sorted(fingerprints)]
    return Membership(names, people, uncounted + damaged)


def _statement(workspace: Workspace, name: str) -> Environment:
    pin = workspace.access.pin(name)
    if pin is None:
        return recipients.environment_in(workspace.tree, name)
    judged = workspace.access.judge(pin, workspace.tree)
    if judged is None:
        raise Malformed("it is gone")
    return judged.moves.environment if judged.moves else pin.environment


def _requests(workspace: Workspace, granted: dict[str, str]) -> tuple[dict[str, str], list[Uncounted]]:
    """Whose `.pub` files are there, and what is wrong with some of them."""
    found: dict[str, str] = {}
    damaged: list[Uncounted] = []
    for name in workspace.people():
        try:
            fingerprints = [key.fingerprint() for key in workspace.public_keys(name)]
        except (GitenvError, ValueError) as error:
            damaged.append(Uncounted(f"{name}.pub", error.message if isinstance(error, Usage) else "not a key"))
            continue
        if name in granted and granted[name] not in fingerprints:
            damaged.append(Uncounted(f"{name}.pub", f"another key than the one that {name} is in with"))
        found[name] = fingerprints[0]
    return found, damaged
