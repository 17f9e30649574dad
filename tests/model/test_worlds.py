"""Small worlds, searched through: whatever bob signs after he was taken out, nobody who was shown that believes it.

alice, bob and carol hold production. Somebody takes bob out while others rotate, add a path or sign something else on a branch,
and one side is redone on top of the other. Then bob signs, with the key that he still has, on top of each statement that ever
was, everything that the format lets him say. Each clone, wherever it stands, is shown each of those with each history.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

import pytest

from gitenv.errors import NotTrusted
from gitenv.git.objects import Objects
from gitenv.model import environment, steps
from gitenv.model.cipher import Dek
from gitenv.model.environment import Environment, Left
from gitenv.model.grant import Grant
from gitenv.model.keyring import Keyring, Older
from gitenv.model.reasons import Forked
from gitenv.team import merge_rotations
from gitenv.team.merge_rotations import Fork, Lineage
from gitenv.trust import forks
from gitenv.trust.history import History
from gitenv.trust.pins import Pin
from gitenv.trust.trusted import Answer, Trusted, Verdict
from tests.model.builders import ALICE, BOB, CAROL, EVE, MemoryTree, Person, grant_for, ring_of, statement

DAVE = EVE._replace(name="dave")  # let in by a grant after the founding
FRANK = EVE._replace(name="frank")
ALL, WITHOUT_BOB = (ALICE, BOB, CAROL), (ALICE, CAROL)
FOUNDING = statement(holders=ALL)
_rings = {FOUNDING.hash: ring_of()}
_numbers = itertools.count(1_000)


def signed(
    before: Environment,
    by: Person,
    holders: Sequence[Person],
    beside: Sequence[Environment] = (),
    *,
    rotates: bool = True,
    path: str = ".env.production",
    proof: Sequence[Grant] = (),
    left: Sequence[Left] = (),
) -> Environment:
    """The statement after one, of the next generation or of the same, with the keys of what it gives up on its chain."""
    ring, retired = _rings[before.hash], [*beside, before] if rotates else beside
    older = {each.generation: Older(each.generation, bytes(60)) for each in retired}
    older |= {link.generation: link for each in (*beside, before) for link in each.older}
    if rotates:
        key = Dek(next(_numbers).to_bytes(32, "big"))
        ring = Keyring(ring.id, ring.next_generation(key)[0], key, [])
    links = [link for link in older.values() if link.generation != ring.current]
    links.sort(key=lambda link: -link.generation.number)
    gone = [each for each in before.keyholders if each not in [person.keyholder for person in holders]]
    left = [*before.left, *left, *(Left(each.name, each.key, before.generation.number) for each in gone)]
    new = statement(ring, links, before=before, by=by, holders=holders, beside=beside, paths=(path,), proof=proof, left=left)
    _rings[new.hash] = ring
    return new


# What honest people signed. Who signs on a branch knows nothing of the other side, until one of them redoes theirs.
REMOVAL = signed(FOUNDING, ALICE, WITHOUT_BOB)
AFTER_REMOVAL = signed(REMOVAL, CAROL, WITHOUT_BOB, rotates=False, path="web/.env.production")
ROTATION = signed(FOUNDING, CAROL, ALL)
REDONE = signed(REMOVAL, CAROL, WITHOUT_BOB, [ROTATION])
AFTER_REDONE = signed(REDONE, ALICE, WITHOUT_BOB, rotates=False)
REMOVAL_TOO = signed(ROTATION, CAROL, WITHOUT_BOB)
REDONE_TOO = signed(REMOVAL, CAROL, WITHOUT_BOB, [ROTATION, REMOVAL_TOO])
OTHER_ROTATION = signed(FOUNDING, ALICE, ALL)
REMOVED_LATER = signed(OTHER_ROTATION, ALICE, WITHOUT_BOB, [ROTATION, REMOVAL_TOO])
PATH = signed(FOUNDING, CAROL, ALL, rotates=False, path="web/.env.production")
PATH_REDONE = signed(REMOVAL, CAROL, WITHOUT_BOB, [PATH], rotates=False, path="web/.env.production")
PATH_TOO = signed(PATH, CAROL, ALL, rotates=False)
OTHER_PATH = signed(FOUNDING, ALICE, ALL, rotates=False, path="api/.env.production")
PATHS_REDONE = signed(OTHER_PATH, CAROL, ALL, [PATH, PATH_TOO], rotates=False, path="web/.env.production")
REMOVED_AFTER_PATHS = signed(PATHS_REDONE, ALICE, WITHOUT_BOB)
BY_BOB = signed(FOUNDING, BOB, ALL)  # before he knew
BY_BOB_REDONE = signed(REMOVAL, ALICE, WITHOUT_BOB, [BY_BOB])
REDONE_BY_ALICE = signed(REMOVAL, ALICE, WITHOUT_BOB, [ROTATION])
REDONE_AGAIN = signed(REDONE, ALICE, WITHOUT_BOB, [REDONE_BY_ALICE])
ROTATED_TOO = signed(REMOVAL, ALICE, WITHOUT_BOB)
REDONE_TWICE = signed(ROTATED_TOO, CAROL, WITHOUT_BOB, [REDONE, ROTATION])
DAVES_PATH = signed(FOUNDING, DAVE, (*ALL, DAVE), rotates=False, proof=[grant_for(DAVE, about=FOUNDING)])
DAVES_PATH_REDONE = signed(REMOVAL, CAROL, (ALICE, CAROL, DAVE), [DAVES_PATH])
BY_DAVE = signed(FOUNDING, DAVE, (ALICE, CAROL, DAVE), proof=[grant_for(DAVE, about=FOUNDING)])
DAVE_LISTED = signed(FOUNDING, ALICE, (*ALL, DAVE), rotates=False)
BY_LISTED = signed(DAVE_LISTED, DAVE, (ALICE, CAROL, DAVE))
FRANK_LISTED = signed(FOUNDING, ALICE, (*ALL, FRANK), rotates=False)
WITHOUT_FRANK = signed(FRANK_LISTED, ALICE, ALL)
BY_FRANK_AGAIN = signed(WITHOUT_FRANK, FRANK, (ALICE, CAROL, FRANK), proof=[grant_for(FRANK, about=WITHOUT_FRANK)])

STORIES = {
    "a removal": [FOUNDING, REMOVAL, AFTER_REMOVAL],
    "a removal and a rotation": [FOUNDING, REMOVAL, ROTATION, REDONE, AFTER_REDONE],
    "two removals": [FOUNDING, ROTATION, REMOVAL_TOO, REMOVAL, REDONE_TOO],
    "two rotations, and a removal after one": [FOUNDING, OTHER_ROTATION, ROTATION, REMOVAL_TOO, REMOVED_LATER],
    "a removal and a path": [FOUNDING, PATH, REMOVAL, PATH_REDONE],
    "two paths": [FOUNDING, PATH, PATH_TOO, OTHER_PATH, PATHS_REDONE],
    "two paths, and a removal": [FOUNDING, PATH, PATH_TOO, OTHER_PATH, PATHS_REDONE, REMOVED_AFTER_PATHS],
    "a removal, and a rotation by who goes": [FOUNDING, BY_BOB, REMOVAL, BY_BOB_REDONE],
    "redone by two, and once more": [FOUNDING, ROTATION, REMOVAL, REDONE, REDONE_BY_ALICE, REDONE_AGAIN],
    "redone, and that redone": [FOUNDING, ROTATION, REMOVAL, REDONE, ROTATED_TOO, REDONE_TWICE],
    "a path by who came in by a grant": [FOUNDING, DAVES_PATH, REMOVAL, DAVES_PATH_REDONE],
    "a removal by who came in by a grant": [FOUNDING, BY_DAVE],
    "a removal by who was listed since": [FOUNDING, DAVE_LISTED, BY_LISTED],
    "a removal by who was out for a while": [FOUNDING, FRANK_LISTED, WITHOUT_FRANK, BY_FRANK_AGAIN],
}
"""What history shows, in the order in which it came about. The last one is where everybody comes to."""
HONEST = list(dict.fromkeys(itertools.chain(*STORIES.values())))
Shown = Mapping[str, Environment]


def _keeps_bob(one: Environment) -> bool:
    return BOB.keyholder in one.keyholders


def histories() -> list[Shown]:
    """Each beginning of a story in which bob is taken out."""
    found: dict[frozenset[str], Shown] = {}
    for story in STORIES.values():
        for length in range(1, len(story) + 1):
            shown = {each.hash: each for each in story[:length]}
            if not all(map(_keeps_bob, shown.values())):
                found[frozenset(shown)] = shown
    return list(found.values())


class Forged(NamedTuple):
    """Something that bob signed afterwards."""

    statement: Environment
    chain: Shown  # all that he signed below it, and it


def _forge(bases: Iterable[Forged], besides: Sequence[Sequence[Environment]], *, only_rotations: bool) -> list[Forged]:
    own_grant, daves = grant_for(BOB, about=FOUNDING), Left("dave", DAVE.key, 1)
    kinds = [(True, ALL)] if only_rotations else [(True, ALL), (False, ALL), (True, (BOB,)), (False, (BOB,))]
    made = []
    for base, (rotates, holders), beside in itertools.product(list(bases), kinds, besides):
        for proof in ((),) if only_rotations or beside else ((), (own_grant,)):
            new = signed(base.statement, BOB, holders, beside, rotates=rotates, proof=proof, left=[daves])
            made.append(Forged(new, {**base.chain, new.hash: new}))
    return made


@pytest.fixture(autouse=True, scope="module")
def _each_text_is_read_once() -> Iterator[None]:
    """The same few texts are read and hashed a hundred thousand times: both depend on nothing but the text."""
    with pytest.MonkeyPatch.context() as patch:
        for pure in ("read", "hash_of"):
            patch.setattr(environment, pure, cache(getattr(environment, pure)))
        yield


class World(NamedTuple):
    """All that was ever signed."""

    good: list[Forged]  # each of which is a good step by itself
    bad: list[Forged]
    on_top: list[Forged]  # of good ones
    tree: MemoryTree


@cache
def world() -> World:
    """Made when it is first asked for: a signature takes its time, and every process that runs tests imports this."""
    by_hash = {each.hash: each for each in HONEST}
    alone = [REMOVAL, ROTATION, REMOVAL_TOO, OTHER_ROTATION, PATH_TOO, BY_BOB, BY_DAVE]
    named = [[], *([each] for each in alone), [REMOVAL, ROTATION], HONEST]
    first = _forge([Forged(each, {}) for each in HONEST], named, only_rotations=False)
    good = [each for each in first if steps.is_good(by_hash[each.statement.previous], each.statement)]
    bad = [each for each in first if not steps.is_good(by_hash[each.statement.previous], each.statement)]
    on_top = _forge(good[:: len(named) // 2], [[], [REMOVAL], [ROTATION, REMOVAL_TOO], HONEST], only_rotations=True)
    past = [*HONEST, *(each.statement for each in (*first, *on_top))]  # whoever can push puts there what they like
    return World(good, bad, on_top, MemoryTree(None, past=past))


def _judge(pin: Pin | None, new: Environment, shown: Iterable[Shown], *, is_named: bool = False) -> list[bool]:
    """Whether a clone believes a statement, with each history."""
    try:
        verdict = Trusted("production", pin, world().tree).about(new)
    except NotTrusted:
        return []
    if verdict.answer is not Answer.NEXT:
        return [True]
    return [_is_one_line(pin, verdict, each, is_named) for each in shown]


def _is_one_line(pin: Pin | None, verdict: Verdict, shown: Shown, is_named: bool) -> bool:
    try:
        forks.check_asides(shown, verdict, pin.environment if pin else verdict.statement if is_named else None)
    except NotTrusted:
        return False
    return True


@cache
def pinned_at(one: Environment) -> Pin:
    verdict = Trusted("production", None, MemoryTree(None, past=HONEST)).about(one)
    return Pin.of(one, None, frozenset(), frozenset(), verdict.past)


@pytest.mark.parametrize("pinned", [None, *HONEST], ids=lambda one: one.revision if one else "none")
def test_nothing_that_he_signs_is_believed(pinned: Environment | None) -> None:
    """By no clone that is past his removal, and by none that is behind and has it in its history; nor at first sight."""
    pin, beginnings = pinned and pinned_at(pinned), histories()
    for forged in (*world().good, *world().on_top):
        shown = [{**history, **forged.chain} for history in beginnings]
        assert True not in _judge(pin, forged.statement, shown)


def test_what_is_no_good_step() -> None:
    """What bob signs on top of a statement that he does not hold is refused from that one, and at first sight."""
    by_hash = {each.hash: each for each in HONEST}
    for forged in world().bad:
        for pin in (None, pinned_at(by_hash[forged.statement.previous])):
            assert _judge(pin, forged.statement, [{}]) == []


def test_without_the_removal_he_is_who_he_was() -> None:
    """The search is not empty: where nobody shows his removal, what he signs is a good step, for those who are behind."""
    believed = [each for each in world().good if _judge(pinned_at(FOUNDING), each.statement, [{}]) == [True]]
    assert len(believed) > 100


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_nobody_is_stuck(story: list[Environment]) -> None:
    """From wherever they stand in a story, and at first sight, everybody comes to its end with all of it in their history."""
    shown = {each.hash: each for each in story}
    for pin in (None, *map(pinned_at, story)):
        assert _judge(pin, story[-1], [shown]) == [True]


@pytest.mark.parametrize("story", [each for each in STORIES.values() if not _keeps_bob(each[-1])])
def test_what_he_pushes_stops_nobody_who_knows(story: list[Environment]) -> None:
    """With all his forks in history: who pinned one without him goes on, and so does who named the signer at first sight."""
    shown = {each.hash: each for each in (*story, *(each.statement for each in world().good))}
    for pin in map(pinned_at, story):
        if not _keeps_bob(pin.environment):
            assert _judge(pin, story[-1], [shown]) == [True]
    assert _judge(None, story[-1], [shown], is_named=True) == [True]
    assert _judge(None, story[-1], [shown]) == [False]


@pytest.mark.parametrize("is_listed", [False, True], ids=["left", "was listed"])
def test_an_old_grant_stops_nobody(is_listed: bool) -> None:
    """dave came in by a grant and was taken out, or may only read now: neither he nor whom he let in stops who knows that."""
    frank = BOB._replace(name="frank")
    let_in = [grant_for(frank, DAVE, FOUNDING), grant_for(DAVE, about=FOUNDING)]
    ring = _rings[REMOVAL.hash]
    listed = [statement(before=FOUNDING, holders=(*ALL, DAVE))] if is_listed else []
    left = [] if is_listed else [Left("dave", DAVE.key, 1)]
    removal = statement(ring, REMOVAL.older, before=(listed or [FOUNDING])[-1], holders=WITHOUT_BOB, left=left)
    newest = statement(ring, REMOVAL.older, before=removal, holders=WITHOUT_BOB)
    verdict = Trusted("production", None, MemoryTree(newest, past=[FOUNDING, *listed, removal])).judge()
    assert verdict
    for by, proof in ((DAVE, let_in[1:]), (frank, let_in)):
        aside = statement(before=FOUNDING, by=by, holders=ALL, proof=proof)
        steps.check(FOUNDING, aside)
        shown = {each.hash: each for each in (FOUNDING, *listed, removal, newest, aside)}
        forks.check_asides(shown, verdict, removal)
        forks.check_asides(shown, verdict, newest)
        with pytest.raises(NotTrusted):
            forks.check_asides(shown, verdict, FOUNDING)


def test_sides_that_nobody_gave_up() -> None:
    """What a rotation has to redo: a side as far as it leads, also where only its end was not known to whoever gave it up."""
    whole = [FOUNDING, REMOVAL, REDONE]
    late = signed(ROTATION, ALICE, ALL, rotates=False)
    for found, expected in (
        ([FOUNDING, REMOVAL, ROTATION, REDONE], []),
        ([FOUNDING, REMOVAL, ROTATION, REDONE, AFTER_REDONE], []),
        ([FOUNDING, REMOVAL, ROTATION, REDONE, late], [[ROTATION, late]]),
        ([FOUNDING, REMOVAL, REDONE, PATH, PATH_TOO], [[PATH, PATH_TOO]]),
        ([FOUNDING, REMOVAL, REDONE, AFTER_REMOVAL], [[AFTER_REMOVAL]]),
        ([FOUNDING, REMOVAL, REDONE, statement(before=FOUNDING, by=EVE, holders=(*ALL, EVE))], []),
    ):
        assert forks.sides({each.hash: each for each in found}, whole) == expected


def test_who_was_listed_since_is_nobody_who_was_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """dave, let in on one side, takes bob out; who pinned bob's own step beside it stops, and goes on from dave's side."""
    shown = {each.hash: each for each in (FOUNDING, DAVE_LISTED, BY_LISTED, BY_BOB)}
    monkeypatch.setattr(History, "statements", lambda *_: shown)
    history = History("", Objects(""))
    first_sight = Trusted("production", None, world().tree)
    with pytest.raises(Forked, match=r"one beside it by dave .* that takes somebody out"):
        forks.check_none_taken_out(history, first_sight, pinned_at(BY_BOB), ["HEAD"])
    forks.check_none_taken_out(history, first_sight, pinned_at(BY_LISTED), ["HEAD"])
    daves = Lineage([FOUNDING, DAVE_LISTED, BY_LISTED], world().tree)
    fork = Fork(FOUNDING, world().tree, Lineage([FOUNDING, BY_BOB], world().tree), daves)
    assert merge_rotations.by_who_stays_in(fork).base == daves
