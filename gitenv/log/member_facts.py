"""What a commit did to who is in: from `.recipients/` as it was, and as it is then. Signatures count as they do in a clone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gitenv.git.layout import RECIPIENTS
from gitenv.log.facts import Fact, What
from gitenv.model.environment import Environment
from gitenv.model.grant import Grant
from gitenv.repo.snapshot import Snapshot
from gitenv.trust import roster
from gitenv.trust.roster import EnvironmentChange, PersonChange, RequestChange, Roster


class Touched(Snapshot):
    """The part of a snapshot's `.recipients/` that a commit touched: the rest, up to ten thousand grants, need not be read."""

    def __init__(self, tree: Snapshot, paths: Sequence[str]) -> None:
        """`paths` are the files that the commit changed."""
        self._tree = tree
        self._names = {path.split("/")[1] for path in paths}

    def read(self, path: str, limit: int) -> bytes | None:
        return self._tree.read(path, limit)

    def names(self, folder: str) -> list[str]:
        found = self._tree.names(folder)
        return [name for name in found if name in self._names] if folder == RECIPIENTS else found


def of_commit(before: Sequence[Roster], after: Roster) -> list[Fact]:
    """What is other than in all of `before`, one for each parent of the commit."""
    first, *others = [list(_between(each, after)) for each in before]
    shared = [{fact.identity for fact in other} for other in others]
    return [fact for fact in first if all(fact.identity in other for other in shared)]


def _between(before: Roster, after: Roster) -> Iterator[Fact]:
    let_in = set[str]()
    for change in roster.environments(before, after):
        if change.after is None and change.name in after.broken:
            yield Fact(What.UNREADABLE, change.name, reason=after.broken[change.name].message)
            continue
        yield from _of_environment(change)
        if change.after is not None:
            people = [fact for person in change.people for fact in _of_person(person, change.after)]
            let_in |= {fact.person for fact in people if fact.what is What.LET_IN} | {change.after.by.name}
            yield from people
    for name in sorted(after.broken.keys() - before.broken.keys() - before.states.keys()):
        yield Fact(What.UNREADABLE, name, reason=after.broken[name].message)
    yield from _uncounted(before, after)
    for request in roster.requests(before, after):
        # Who lets somebody in by a file commits the key as well, and who founds an environment their own.
        if request.before or request.name not in let_in:
            yield _of_request(request)


def _of_environment(change: EnvironmentChange) -> Iterator[Fact]:
    was, now = change.before, change.after
    if now is None:
        yield Fact(What.ENDED, change.name)
        return
    about = Fact(What.SIGNED, change.name, by=now.by, revision=now.revision, generation=now.generation.number, paths=now.paths)
    if was is None:
        yield about._replace(what=What.FOUNDED)
        return
    about = about._replace(former_generation=was.generation.number)
    if change.is_other:
        yield about._replace(what=What.REPLACED)
        return
    if was.text == now.text:
        return
    if (now.generation.number, now.revision) < (was.generation.number, was.revision):
        yield about._replace(what=What.PUT_BACK)
    elif change.rotation:
        yield about._replace(what=What.ROTATED)
    has_paths = bool(change.paths_added or change.paths_removed)
    if has_paths:
        yield about._replace(what=What.PATHS)
    if now.reissue_within != was.reissue_within:
        days = f"{now.reissue_within}d" if now.reissue_within else "0"
        yield about._replace(what=What.POLICY, policy=f"reissue-within={days}")
    elif not has_paths and change.rotation is None and now.revision > was.revision:
        is_known = now.known != was.known and now.keyholders == was.keyholders
        yield about._replace(what=What.KNOWN) if is_known else about


def _of_person(change: PersonChange, statement: Environment) -> Iterator[Fact]:
    now = change.after
    if now is None:
        yield Fact(What.TAKEN_OUT, change.environment, person=change.name, by=statement.by)
        return
    about = Fact(
        What.LET_IN,
        change.environment,
        person=change.name,
        person_key=_fingerprint(now),
        by=now.by,
        role=now.role,
        expires=now.expires,
    )
    if change.before is None:
        if now.to != now.by.name:  # who founds is in by that
            yield about
        return
    if change.is_key_new:
        yield about._replace(what=What.NEW_KEY)
    if change.is_role_new:
        yield about._replace(what=What.ROLE, former=change.before.role)
    if change.is_expiry_new:
        yield about._replace(what=What.EXPIRY, former=change.before.expires)


def _uncounted(before: Roster, after: Roster) -> Iterator[Fact]:
    """Grants that came and do not count; those that a rotation left behind were there before."""
    for name, state in after.states.items():
        old = before.states.get(name)
        known = (
            {*(refused.grant.text for refused in old.refused), *(given.text for given in old.counted.values())} if old else ()
        )
        for refused in state.refused:
            if refused.grant.text not in known:
                given = refused.grant
                yield Fact(What.UNCOUNTED, name, person=given.to, by=given.by, role=given.role, reason=refused.reason)


def _of_request(change: RequestChange) -> Fact:
    what = What.REQUEST if change.before and change.after else What.ASKED if change.after else What.UNASKED
    return Fact(what, path=f"{RECIPIENTS}/{change.name}.pub", person=change.name, person_key=next(iter(change.after), ""))


def _fingerprint(given: Grant) -> str:
    try:
        return given.key.fingerprint()
    except ValueError:
        return ""
