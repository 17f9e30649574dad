"""What `gitenv status` says about access that ends on a day, or has ended: whose, and the commands to renew or drop it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from gitenv.model import expiry
from gitenv.model.codes import finding
from gitenv.model.finding import Finding
from gitenv.team.roster import People, Uncounted
from gitenv.trust import access


def problems(people: People, held: Collection[str], own: Collection[tuple[str, str]]) -> Iterator[Finding]:
    """`held` are the environments in which the caller can let people in; `own` their own places: environment and name."""
    for entry in people.uncounted:
        environment, name = place(entry)
        if entry.expires and (environment, name) not in own:
            text = f"{name}'s access to {environment} ended on {entry.expires} ({expiry.POLICY})"
            mend = [access.renewal(environment, name, entry.role), f"gitenv rotate {environment}"]
            yield finding("grant-expired", text, commands=tuple(mend if environment in held else ["gitenv recipients"]))
    for person in people.people:
        for environment, found in person.entries.items():
            if not expiry.is_soon(found.expires, access.today()):
                continue
            command = access.renewal(environment, person.name, found.role)
            if (environment, person.name) in own:
                text = f"your access to {environment} ends after {found.expires}"
                yield finding("expires-soon", text, commands=(f"ask {found.by} to run: {command}",))
            elif environment in held:
                yield finding(
                    "expires-soon", f"{person.name}'s access to {environment} ends after {found.expires}", commands=(command,)
                )


def place(entry: Uncounted) -> tuple[str, str]:
    """The environment and the name that a file which does not count is about."""
    environment, _, file = entry.file.partition("/")
    return environment, file.removesuffix(".grant")
