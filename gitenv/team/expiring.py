"""What `gitenv status` says about access that ends on a day, or has ended: whose, and the commands to renew or drop it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from gitenv.model import expiry
from gitenv.model.codes import finding
from gitenv.model.finding import Finding
from gitenv.team.roster import People
from gitenv.trust import access


def problems(people: People, held: Collection[str], own: Collection[tuple[str, str]]) -> Iterator[Finding]:
    """`held` are the environments in which the caller can let people in; `own` their own places: environment and name."""
    for given in people.ended.values():
        environment, name = given.environment, given.to
        if (environment, name) not in own:
            text = f"{name}'s access to {environment} ended on {given.expires} ({expiry.POLICY})"
            mend = [access.renewal(environment, name, given.role), f"gitenv rotate {environment}"]
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
