"""The one look at history, when a pin is set or moves: is there another good step beside the tree's chain?

Somebody who was taken out in revision 7 can sign a 7' on top of 6. Who knows 7 refuses it; who is still at 6 cannot tell, but
for history. It may refuse, and never vouches: where it is not there, nothing is lost but this.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from gitenv.errors import NotTrusted
from gitenv.git.layout import RECIPIENTS
from gitenv.model import steps
from gitenv.model.environment import Environment
from gitenv.model.reasons import ForeignEnvironment, Forked, RolledBack
from gitenv.model.statements import Keyholder
from gitenv.trust.history import FETCHED, History
from gitenv.trust.pins import Pin
from gitenv.trust.trusted import Trusted, Verdict, gives_up


def check_moved(history: History, pinned: Environment, verdict: Verdict, heads: Sequence[str]) -> None:
    """Raise `Forked` if history has good steps aside, by nobody who is out as the pinned statement says."""
    check_asides(history.statements(pinned.name, heads), verdict, pinned)


def check_first_sight(history: History, verdict: Verdict, heads: Sequence[str], *, is_named: bool = False) -> None:
    """Raise `Forked` for any good step aside or a second founding, and `RolledBack` for a later one in HEAD's history.

    Where the user named the signer or a statement (`is_named`), no founding counts, and no step by who is out as the newest
    statement says: else one pushed commit would stop every newcomer and CI for ever.
    """
    newest = verdict.statement
    found = history.statements(newest.name, heads)
    check_asides(found, verdict, newest if is_named else None)
    if not is_named:
        _check_foundings(found, verdict.way[0], newest)
    if any(later.previous == newest.hash for later in found.values()):  # in a fetched branch it is no more than newer
        here = history.statements(newest.name, [head for head in heads if head != FETCHED])
        later = [each for each in here.values() if each.previous == newest.hash]
        if any(steps.is_good(newest, each) for each in later):
            raise rolled_back(later[0], newest, f"git log -- :/{RECIPIENTS}/{newest.name}")


def check_none_taken_out(history: History, trusted: Trusted, pin: Pin, heads: Sequence[str]) -> None:
    """Raise `Forked` if history has a side beside the pinned statement that takes out somebody who is in it.

    No side counts that somebody made who was taken out before, as the pinned one says.
    Who pinned a statement that was signed at the same time would go on encrypting for them, where a merge kept that one. What
    takes nobody out stops nobody who does not move: whoever can push could bring any side along. `trusted` has no pin.
    """
    pinned = pin.environment
    if all(each == pinned.hash or pin.is_past(each) for each in history.statements(pin.name, heads)):
        return
    whole = trusted.about(pinned).way
    left, gone = {person for each in whole for person in each.left}, taken_out(whole)
    for side in asides(history, whole, heads[:1]):
        origin = next(each for each in whole if each.hash == side[0].previous)
        if all(pin.is_past(each.hash) for each in side) or is_by(gone, [origin, *side]):
            continue
        if any(set(pinned.keyholders).difference(each.keyholders) or set(each.left) - left for each in side):
            raise Forked(
                f"{pinned.name}/environment: revision {pinned.revision} by {pinned.by} is pinned, "
                f"and history has one beside it by {side[-1].by} that takes somebody out",
                f"gitenv rotate {pinned.name}",
            )


def rolled_back(was: Environment, now: Environment, hint: str) -> RolledBack:
    """The error for a tree that has `now`, and whose history has `was`, which is later."""
    return RolledBack(
        f"{was.name}/environment: put back from revision {was.revision} (generation {was.generation.number}) "
        f"to revision {now.revision} (generation {now.generation.number})",
        hint,
    )


def is_free(history: History, name: str, heads: Sequence[str]) -> bool:
    """Whether no environment of this name was ever founded in a history."""
    found = history.statements(name, [*heads, FETCHED]).values()
    return not any(each.revision == 1 and _is_good_founding(each) for each in found)


def furthest(history: History, start: Environment, heads: Sequence[str]) -> Environment:
    """How far good steps lead from a statement in a history."""
    found = history.statements(start.name, heads)
    while following := [each for each in found.values() if each.previous == start.hash and steps.is_good(start, each)]:
        start = following[0]
    return start


def check_asides(found: Mapping[str, Environment], verdict: Verdict, believed: Environment | None) -> None:
    """Raise `Forked` if one of the statements `found` in a history stands beside the chain, and nobody gave it up.

    Only good steps count. None by who held it once and does not any more, as the `believed` statement says, nor over a grant of
    theirs: they could stop everybody for ever. But on top of that one, and of what follows from it, all do: who signs there is
    in again. Where nothing is believed yet, all do, everywhere. One may stand on a side that was given up: whoever did so did
    not know it.
    """
    way = [*([believed] if believed else []), *verdict.way]
    there = dict(found) | {each.hash: each for each in way}
    newest = verdict.statement.hash
    line = {*verdict.past, newest}
    chain = [(there[each.previous], each) for each in map(there.get, line) if each and each.previous in there]
    gone, follows = taken_out(_back(believed, there)), _following(believed, verdict.way)
    after = _after(found)
    waiting = [name for name in line if name != newest and name in there]
    while waiting:
        name = waiting.pop()
        before = there[name]
        for beside in after.get(name, ()):
            aside = found[beside]
            if beside in line or not steps.is_good(before, aside):
                continue
            if name not in follows and is_by(gone, [before, aside]):
                continue
            if not any(gives_up(aside, pair) for pair in chain):
                raise _forked(before, aside, verdict.statement)
            if name in follows:
                follows.add(beside)
            waiting.append(beside)


def _after(found: Mapping[str, Environment]) -> dict[str, list[str]]:
    """The statements that name each one as the one before."""
    after: dict[str, list[str]] = {}
    for name, each in found.items():
        after.setdefault(each.previous, []).append(name)
    return after


def taken_out(chain: Sequence[Environment]) -> set[Keyholder]:
    """Who held it once and does not any more, as a chain says, oldest first.

    Ask no later statement: its signer says what they like about who took them out.
    """
    listed = {person for each in chain for person in each.keyholders}
    left = {Keyholder(left.name, left.key) for each in chain for left in each.left}
    return (listed | left).difference(chain[-1].keyholders if chain else ())


def is_by(people: Collection[Keyholder], side: Sequence[Environment]) -> bool:
    """Whether one of them signed a step of a side (good steps, after the first one), or let in who did."""
    return any(not set(people).isdisjoint(_leads_over(each, before)) for before, each in itertools.pairwise(side))


def _back(believed: Environment | None, there: Mapping[str, Environment]) -> list[Environment]:
    found: list[Environment] = []
    while believed:
        found.append(believed)
        believed = there.get(believed.previous)
    return found[::-1]


def _following(believed: Environment | None, way: Iterable[Environment]) -> set[str]:
    """The believed statement, and those on the way that go back to it."""
    found = {believed.hash} if believed else set[str]()
    for each in way:
        if each.previous in found:
            found.add(each.hash)
    return found


def _leads_over(aside: Environment, before: Environment) -> Iterator[Keyholder]:
    """Who signed a good step: with the key of a `holder` line, or with a proof, and then whoever let them in as well."""
    proof = [] if before.key_of(aside.by) else steps.proof_of(aside)
    yield from (Keyholder(each.to, each.key) for each in proof)
    last = proof[-1].by if proof else aside.by
    if key := before.key_of(last):
        yield Keyholder(last.name, key)


def _check_foundings(found: Mapping[str, Environment], first: Environment, newest: Environment) -> None:
    for other in found.values():  # an id is no difference: it is public, and anybody can found with the same one
        if other.revision == 1 and other.hash != first.hash and _is_good_founding(other):
            raise ForeignEnvironment(
                f"{newest.name}/environment: another environment under a known name, signed by {newest.by}; "
                f"this history also has one founded by {other.by}",
                f"ask your team which of them is right, then gitenv trust {newest.name}",
            )


def asides(history: History, whole: Sequence[Environment], heads: Sequence[str]) -> list[list[Environment]]:
    """The sides that history has beside a whole chain and nobody gave up, as far as they lead: see `sides`."""
    return sides(history.statements(whole[-1].name, heads), whole)


def sides(found: Mapping[str, Environment], whole: Sequence[Environment]) -> list[list[Environment]]:
    """The sides that the statements `found` in a history make beside a whole chain: good steps from it, oldest first.

    Each ends where no good step leads on, and has a statement that nobody gave up: perhaps behind one that was.
    """
    line, after = [each.hash for each in whole], _after(found)
    waiting = [([each], name) for each, name in zip(whole[:-1], line, strict=False)]
    made = []
    while waiting:
        path, name = waiting.pop()
        good = [each for each in after.get(name, ()) if each not in line and steps.is_good(path[-1], found[each])]
        waiting += [([*path, found[each]], each) for each in good]
        if not good and any(not gives_up(each, whole) for each in path[1:]):
            made.append(path[1:])
    return made


def _is_good_founding(statement: Environment) -> bool:
    try:
        steps.check_first(statement)
    except NotTrusted:
        return False
    return True


def _forked(before: Environment, aside: Environment, newest: Environment) -> Forked:
    return Forked(
        f"{newest.name}/environment: after revision {before.revision} history has one by {aside.by} and one that leads to "
        f"revision {newest.revision} by {newest.by}",
        f"gitenv trust {newest.name}",
    )
