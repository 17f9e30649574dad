"""What history may refuse: sides and later statements that count, in bounds, and nothing that anybody could make up."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import pytest

from gitenv.errors import NotTrusted
from gitenv.git import index, program
from gitenv.git.objects import Objects
from gitenv.model.environment import Environment, Left
from gitenv.model.reasons import ForeignEnvironment, Forked, RolledBack, TooLong
from gitenv.repo.where import Where
from gitenv.trust import chain, forks
from gitenv.trust.history import FETCHED, History
from gitenv.trust.pins import Pin
from gitenv.trust.trusted import Trusted, Verdict
from tests.model import builders
from tests.model.builders import ALICE, BOB, CAROL, EVE, OTHER_IDENTITY, MemoryTree, grant_for, ring_of, rotated, statement


def test_a_history_that_is_too_long_is_named(repository: Where, monkeypatch: pytest.MonkeyPatch) -> None:
    """More statements than are looked at: changed more often than can be followed, and gitenv trust decides all the same."""
    top = repository.folder
    texts = [builders.statement(builders.ring_of(), revision=number).text for number in (1, 2, 3)]
    texts.append(statement(name="staging").text)
    paths = [chain.path("production"), *(chain.past_path("production", f"{number}" * 64) for number in (1, 2, 3))]
    blobs = index.write_blobs(top, texts)
    lines = [f"100644 {blob} 0\t{path}\0".encode() for blob, path in zip(blobs, paths, strict=True)]
    program.run(top, "update-index", "-z", "--index-info", stdin=b"".join(lines))
    program.run(top, "commit", "-qm", "x")
    objects = Objects(top)
    try:
        assert len(History(top, objects).statements("production", ["HEAD"])) == 3  # the other one is about another environment
        monkeypatch.setattr("gitenv.trust.history.MAX_STATEMENTS", 2)
        with pytest.raises(TooLong) as raised:
            History(top, objects).statements("production", ["HEAD"])
    finally:
        objects.close()
    assert raised.value.message == "production/environment: changed more often than can be followed"
    assert raised.value.hint == "gitenv trust production"


# alice founds it and lets bob and carol in; bob rotates, and alice takes carol out. Beside bob, carol rotated: alice redoes it.
ALL = (ALICE, BOB, CAROL)
RING_2, CHAIN_2 = rotated(ring_of(), 2)
RING_3, CHAIN_3 = rotated(RING_2, 3, CHAIN_2)
TWIN, TWIN_CHAIN = rotated(ring_of(), 9)
FOUNDING = statement()
TOGETHER = statement(before=FOUNDING, holders=ALL)
ROTATION = statement(RING_2, CHAIN_2, before=TOGETHER, holders=ALL, by=BOB)
REMOVAL = statement(RING_3, CHAIN_3, before=ROTATION, holders=(ALICE, BOB))
SIDE = statement(TWIN, TWIN_CHAIN, before=TOGETHER, holders=ALL, by=CAROL)
REDONE = statement(RING_3, CHAIN_3, before=ROTATION, beside=[SIDE], holders=ALL)
STORY = [FOUNDING, TOGETHER, ROTATION, REMOVAL]
LATE = statement(TWIN, before=SIDE, holders=ALL, by=CAROL)
BOBS = statement(before=TOGETHER, holders=ALL, by=BOB, paths=("web/.env",))
FORGED = statement(before=TOGETHER, holders=ALL, by=CAROL, signer=EVE)
WITHOUT_BOB = statement(TWIN, TWIN_CHAIN, before=TOGETHER, holders=(ALICE, CAROL), by=CAROL)
NAMED_BY_BOB = statement(RING_3, CHAIN_3, before=ROTATION, beside=[WITHOUT_BOB], holders=ALL, by=BOB)
LET_IN = grant_for(EVE, about=TOGETHER)
BY_EVE = statement(before=TOGETHER, holders=ALL, by=EVE, proof=[LET_IN])
WITH_A_PROOF = statement(before=TOGETHER, holders=ALL, by=CAROL, proof=[LET_IN])
OVER_CAROL = statement(before=FOUNDING, by=EVE, proof=[grant_for(EVE, CAROL, FOUNDING), grant_for(CAROL, about=FOUNDING)])

ASIDES: dict[str, tuple[Sequence[Environment], Environment | None, Environment, Environment, bool]] = {
    # what history shows beside it, who is believed, from where, to where, whether that is a fork
    "nothing": ([], None, FOUNDING, REMOVAL, False),
    "a side": ([SIDE], None, FOUNDING, REMOVAL, True),
    "a side by who is no holder of the believed one": ([SIDE], REMOVAL, FOUNDING, REMOVAL, False),
    "a side by a holder of the believed one": ([BOBS], REMOVAL, FOUNDING, REMOVAL, True),
    "a side before the believed one": ([SIDE], ROTATION, ROTATION, REMOVAL, True),
    "no good step": ([FORGED], None, FOUNDING, REMOVAL, False),
    "a side that was given up": ([SIDE], None, FOUNDING, REDONE, False),
    "what stands on a side that was given up": ([SIDE, LATE], None, FOUNDING, REDONE, True),
    "a side that is named by who did not hold it": ([WITHOUT_BOB], None, FOUNDING, NAMED_BY_BOB, True),
    "by who came in by a grant": ([BY_EVE], REMOVAL, FOUNDING, REMOVAL, True),
    "by who left, with somebody's proof": ([WITH_A_PROOF], REMOVAL, FOUNDING, REMOVAL, False),
    "over the grant of who holds it since": ([OVER_CAROL], TOGETHER, TOGETHER, ROTATION, True),
}


def _verdict(newest: Environment, pinned: Environment | None = None) -> Verdict:
    past = [*STORY, SIDE, LATE, WITHOUT_BOB]
    before = [each.hash for each in STORY[: STORY.index(pinned)]] if pinned else []
    pin = Pin.of(pinned, None, frozenset(), frozenset(), before) if pinned else None
    verdict = Trusted("production", pin, MemoryTree(newest, past=past)).judge()
    assert verdict
    return verdict


def _reason(check: Callable[[], None]) -> type[NotTrusted] | None:
    try:
        check()
    except NotTrusted as error:
        return type(error)
    return None


@pytest.mark.parametrize(("shown", "believed", "start", "end", "is_fork"), ASIDES.values(), ids=ASIDES)
def test_sides_that_count(
    shown: Sequence[Environment], believed: Environment | None, start: Environment, end: Environment, is_fork: bool
) -> None:
    """Good steps that nobody gave up, by holders of what is believed, or by whom those let in and nobody took out since."""
    verdict = _verdict(end, None if start is FOUNDING else start)
    found = {each.hash: each for each in (*STORY[: max(2, STORY.index(start) + 1)], *verdict.way, *shown)}
    assert _reason(functools.partial(forks.check_asides, found, verdict, believed)) is (Forked if is_fork else None)


def test_a_side_that_only_history_has() -> None:
    """The tree says that it was given up, and lacks its text: it is no fork, and what stands on it is."""
    verdict = Trusted("production", None, MemoryTree(REDONE, past=STORY)).judge()
    assert verdict
    shown = {each.hash: each for each in (*STORY[:3], REDONE, SIDE)}
    forks.check_asides(shown, verdict, None)
    with pytest.raises(Forked):
        forks.check_asides({**shown, LATE.hash: LATE}, verdict, None)


class Shown(History):
    """What HEAD's history shows, and what the fetched branch does."""

    def __init__(self, here: Sequence[Environment], fetched: Sequence[Environment] = ()) -> None:
        super().__init__("", Objects(""))
        self._here, self._fetched = here, fetched

    def statements(self, name: str, heads: Sequence[str]) -> dict[str, Environment]:
        return {each.hash: each for each in (*self._here, *(self._fetched if FETCHED in heads else ()))}


OTHER_FOUNDING = statement(ring_of(1, OTHER_IDENTITY), identity=OTHER_IDENTITY, by=EVE, holders=(EVE,))
NO_FOUNDING = statement(ring_of(1, OTHER_IDENTITY), identity=OTHER_IDENTITY, by=ALICE, signer=EVE)
AFTER = statement(RING_3, before=REMOVAL, holders=(ALICE, BOB))
NOT_AFTER = statement(RING_3, before=REMOVAL, holders=(ALICE, BOB), by=EVE)
FIRST_SIGHT: dict[
    str, tuple[Sequence[Environment], Sequence[Environment], type[NotTrusted] | None, type[NotTrusted] | None]
] = {  # here, fetched, what is refused, what is for who named the signer
    "nothing": ([], [], None, None),
    "a side": ([SIDE], [], Forked, None),
    "a fetched side": ([], [SIDE], Forked, None),
    "a side by a holder": ([BOBS], [], Forked, Forked),
    "another founding": ([], [OTHER_FOUNDING], ForeignEnvironment, None),
    "no founding": ([NO_FOUNDING], [], None, None),
    "a later one": ([AFTER], [], RolledBack, RolledBack),
    "a later one, fetched": ([], [AFTER], None, None),
    "no later one": ([NOT_AFTER], [], None, None),
    "no later one, and one that is fetched": ([NOT_AFTER], [AFTER], None, None),
}


@pytest.mark.parametrize(("here", "fetched", "reason", "named"), FIRST_SIGHT.values(), ids=FIRST_SIGHT)
def test_first_sight(
    here: Sequence[Environment],
    fetched: Sequence[Environment],
    reason: type[NotTrusted] | None,
    named: type[NotTrusted] | None,
) -> None:
    """Any side and a second founding stop it, but not who named the signer; a later one does where HEAD's history has it."""
    history = Shown([*STORY, *here], fetched)
    for is_named, expected in ((False, reason), (True, named)):
        check = functools.partial(forks.check_first_sight, history, _verdict(REMOVAL), ["HEAD", FETCHED], is_named=is_named)
        assert _reason(check) is expected


def test_a_pin_that_moves() -> None:
    """What only the fetched branch shows keeps it where it is."""
    verdict = _verdict(REMOVAL, TOGETHER)
    forks.check_moved(Shown(STORY), TOGETHER, verdict, ["HEAD", FETCHED])
    with pytest.raises(Forked):
        forks.check_moved(Shown(STORY, [SIDE]), TOGETHER, verdict, ["HEAD", FETCHED])


DAVE = Left("dave", EVE.key, 1)
KEPT = {
    "who only listed less": (statement(TWIN, TWIN_CHAIN, before=TOGETHER, holders=(ALICE, BOB)), True),
    "who took a reader out": (statement(TWIN, TWIN_CHAIN, before=TOGETHER, holders=ALL, left=[DAVE]), True),
    "who took nobody out": (SIDE, False),
    "who came in by a grant": (
        statement(TWIN, TWIN_CHAIN, before=TOGETHER, holders=(ALICE, EVE), by=EVE, proof=[LET_IN]),
        True,
    ),
}


@pytest.mark.parametrize(("side", "is_refused"), KEPT.values(), ids=KEPT)
def test_a_side_that_was_kept_beside_a_removal(side: Environment, is_refused: bool) -> None:
    """Who pinned it goes on under a key that somebody has who was taken out: not if who held it did, and none gave that up."""
    history = Shown([FOUNDING, TOGETHER, ROTATION, side, FORGED])
    trusted = Trusted("production", None, MemoryTree(ROTATION, past=[FOUNDING, TOGETHER]))
    for past, expected in (([], is_refused), ([side.hash], False)):
        pin = Pin.of(ROTATION, None, frozenset(), frozenset(), [FOUNDING.hash, TOGETHER.hash, *past])
        check = functools.partial(forks.check_none_taken_out, history, trusted, pin, ["HEAD"])
        assert _reason(check) is (Forked if expected else None)


def test_what_is_no_step_leads_nowhere() -> None:
    """Neither takes a forged founding a name away, nor a forged step a statement further."""
    history = Shown([NO_FOUNDING, FOUNDING, TOGETHER, FORGED])
    assert forks.furthest(history, FOUNDING, ["HEAD"]) == TOGETHER
    assert not forks.is_free(history, "production", ["HEAD"])
    assert forks.is_free(Shown([NO_FOUNDING]), "production", ["HEAD"])
