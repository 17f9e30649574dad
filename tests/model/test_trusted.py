"""What a clone says to a statement in a tree: same, past, next, or refused by a name."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest

from gitenv.errors import FirstEdition, Malformed, NotTrusted
from gitenv.git.layout import RECIPIENTS
from gitenv.model import environment
from gitenv.model.environment import Environment
from gitenv.model.reasons import (
    BadProof,
    ForeignEnvironment,
    Forked,
    NotAHolder,
    NotAStep,
    NotSigned,
    OtherText,
    PastMissing,
    Severed,
    TooLong,
)
from gitenv.trust import chain
from gitenv.trust.pins import Pin
from gitenv.trust.trusted import Answer, Trusted, Verdict
from tests.model.builders import (
    ALICE,
    BOB,
    CAROL,
    EVE,
    OTHER_IDENTITY,
    MemoryTree,
    Person,
    dek,
    grant_for,
    resigned,
    ring_of,
    rotated,
    statement,
)

ALL = (ALICE, BOB, CAROL)
RING_1 = ring_of()
RING_2, CHAIN_2 = rotated(RING_1, 2)
RING_3, CHAIN_3 = rotated(RING_2, 3, CHAIN_2)
TWIN, TWIN_CHAIN = rotated(RING_1, 9)  # another generation 2

# alice founds it and lets bob and carol in; bob rotates, and alice takes carol out.
FOUNDING = statement()
TOGETHER = statement(before=FOUNDING, holders=ALL)
ROTATION = statement(RING_2, CHAIN_2, before=TOGETHER, holders=ALL, by=BOB)
REMOVAL = statement(RING_3, CHAIN_3, before=ROTATION, holders=(ALICE, BOB))
STORY = [FOUNDING, TOGETHER, ROTATION, REMOVAL]

# carol rotated at the same time as bob, twice, and alice redoes both of hers on top of bob's.
SIDE = statement(TWIN, TWIN_CHAIN, before=TOGETHER, holders=ALL, by=CAROL)
SIDE_TOO = statement(TWIN, before=SIDE, holders=ALL, by=CAROL, paths=(".env.production", "web/.env"))
REDONE = statement(RING_3, CHAIN_3, before=ROTATION, beside=[SIDE, SIDE_TOO], holders=ALL)
BOTH_SIDES = [FOUNDING, TOGETHER, ROTATION, SIDE, SIDE_TOO]


def _pin(*story: Environment) -> Pin:
    """Pinned at the last of a story."""
    return Pin.of(story[-1], None, frozenset(), frozenset(), [each.hash for each in story[:-1]])


def _judge(pin: Pin | None, newest: Environment, past: Sequence[Environment] = ()) -> Verdict:
    verdict = Trusted("production", pin, MemoryTree(newest, past=past)).judge()
    assert verdict
    return verdict


def _hashes(*statements: Environment) -> list[str]:
    return [each.hash for each in statements]


@pytest.mark.parametrize(("at", "to"), [*itertools.product(range(4), range(4))])
def test_along_a_story(at: int, to: int) -> None:
    """What is pinned is the same, what it goes back to is past, and what goes back to it is next, over however many steps."""
    verdict = _judge(_pin(*STORY[: at + 1]), STORY[to], STORY[:to])
    assert verdict.statement == STORY[to]
    if to <= at:
        assert verdict == Verdict(Answer.SAME if to == at else Answer.PAST, STORY[to])
    else:
        assert verdict == Verdict(Answer.NEXT, STORY[to], STORY[at + 1 : to + 1], _hashes(*STORY[:to]))


def test_nothing_there() -> None:
    """A tree without a statement is no answer, and one that is none, or another environment's, is an error."""
    for pin in (None, _pin(FOUNDING)):
        assert Trusted("production", pin, MemoryTree(None)).judge() is None
        with pytest.raises(Malformed):
            Trusted("production", pin, MemoryTree(b"no statement\n")).judge()
        with pytest.raises(Malformed, match="is a statement about staging"):
            Trusted("production", pin, MemoryTree(statement(name="staging"))).judge()


def test_the_first_edition_is_named() -> None:
    """Not as a damaged statement, nor as one that somebody forged."""
    text = statement().text.replace(str(ALICE.keyholder).encode(), str(ALICE.holder).encode())
    for pin in (None, _pin(FOUNDING)):
        with pytest.raises(FirstEdition):
            Trusted("production", pin, MemoryTree(text)).judge()


# The past.


@pytest.mark.parametrize("gone", [1, 2])
def test_a_cut_past(gone: int) -> None:
    """What it goes back to is named by its hash where it is missing; nothing before the pinned one is asked for."""
    missing = STORY[gone]
    with pytest.raises(PastMissing, match=f"past/{missing.hash[:12]}") as caught:
        _judge(_pin(FOUNDING), REMOVAL, [each for each in STORY if each is not missing])
    assert "gitenv doctor --fix" in caught.value.hint
    assert _judge(_pin(*STORY[:3]), REMOVAL).answer is Answer.NEXT


def test_what_the_pin_keeps_stands_in() -> None:
    """A file that is missing in the tree does no harm where this clone has it; the hash binds it, wherever it comes from."""
    kept = {each.hash: each.text for each in STORY}
    for pin in (_pin(FOUNDING), None):
        verdict = Trusted("production", pin, MemoryTree(REMOVAL), kept.get).judge()
        assert verdict
        assert verdict.answer is Answer.NEXT


def test_what_the_pin_keeps_stands_in_for_an_edited_text() -> None:
    """Whoever edits the common statement in `past/` keeps nobody on the side that was given up from going on."""
    pin, tree = _pin(FOUNDING, TOGETHER, SIDE, SIDE_TOO), MemoryTree(REDONE, past=[ROTATION])
    tree.files[f"{RECIPIENTS}/production/past/{TOGETHER.hash}"] = b"junk\n"
    kept = {each.hash: each.text for each in (FOUNDING, TOGETHER, SIDE)}
    verdict = Trusted("production", pin, tree, kept.get).judge()
    assert verdict
    assert verdict.answer is Answer.NEXT


@pytest.mark.parametrize("text", [REMOVAL.text, TOGETHER.text + b"\n", b"", b"no statement\n"])
def test_another_text_under_the_name_of_a_hash(text: bytes) -> None:
    """Whoever can push writes there what they like: it is as good as missing, if it is not what its name says."""
    tree = MemoryTree(ROTATION, past=[FOUNDING])
    tree.files[f"{RECIPIENTS}/production/past/{TOGETHER.hash}"] = text
    with pytest.raises(PastMissing):
        Trusted("production", _pin(FOUNDING), tree).judge()


def test_what_else_lies_there() -> None:
    """Forged statements, and files that are none, change nothing: only what is named is read."""
    forged = statement(before=TOGETHER, by=EVE, holders=(*ALL, EVE))
    tree = MemoryTree(ROTATION, past=[*STORY, forged, SIDE])
    tree.files |= {f"{RECIPIENTS}/production/past/{n:064}": b"\0" for n in range(1_000)}
    verdict = Trusted("production", _pin(FOUNDING), tree).judge()
    assert verdict
    assert verdict.past == _hashes(FOUNDING, TOGETHER)


def _long(count: int) -> list[Environment]:
    made = [FOUNDING]
    while len(made) < count:
        made.append(statement(before=made[-1]))
    return made


def test_a_chain_has_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """4,096 steps and 64 MiB, which no team reaches: a made-up chain takes nobody's time or memory."""
    assert (chain.MAX_STEPS, chain.MAX_BYTES) == (4_096, 64 * 1024 * 1024)
    story = _long(12)
    monkeypatch.setattr(chain, "MAX_STEPS", 11)
    assert len(_judge(_pin(FOUNDING), story[-1], story).way) == 11
    with pytest.raises(TooLong):
        _judge(None, story[-1], story)
    monkeypatch.setattr(chain, "MAX_STEPS", 12)
    assert len(_judge(None, story[-1], story).way) == 12
    monkeypatch.setattr(chain, "MAX_BYTES", sum(len(each.text) for each in story[:-1]) - 1)
    with pytest.raises(TooLong):
        _judge(None, story[-1], story)


def test_made_up_statements_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever can push makes up 64 MiB of them: the first bad step ends it, and no rule looks at what stands after that."""
    forged = [statement(before=FOUNDING, by=EVE, holders=(ALICE, EVE))]
    while len(forged) < 50:
        forged.append(statement(before=forged[-1], by=EVE, holders=(ALICE, EVE)))
    read: list[bytes] = []
    inner = environment.read

    def counting(data: bytes, where: str) -> Environment:
        read.append(data)
        return inner(data, where)

    monkeypatch.setattr(environment, "read", counting)
    for pin in (None, _pin(FOUNDING)):
        read.clear()
        with pytest.raises(NotAHolder):
            _judge(pin, forged[-1], [FOUNDING, *forged])
        assert read == [forged[-1].text, *([] if pin else [FOUNDING.text]), forged[0].text]


def test_sides_that_were_given_up_have_the_bounds_of_one_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    """In bytes, too: what a holder makes up and names is not looked for beyond them, and nothing of it is opened."""
    monkeypatch.setattr(chain, "MAX_BYTES", len(SIDE.text) + len(SIDE_TOO.text))
    everything = _judge(_pin(FOUNDING, TOGETHER, ROTATION), REDONE, BOTH_SIDES)
    assert {SIDE.hash, SIDE_TOO.hash} <= set(everything.past)
    monkeypatch.setattr(chain, "MAX_BYTES", len(REDONE.text))
    part = _judge(_pin(FOUNDING, TOGETHER, ROTATION), REDONE, BOTH_SIDES)
    assert part.answer is Answer.NEXT
    assert not {SIDE.hash, SIDE_TOO.hash} <= set(part.past)


def test_a_chain_of_200_statements() -> None:
    """Each step is checked once, from the oldest, and nothing recurses."""
    story = _long(200)
    assert _judge(None, story[-1], story).way == story
    story[100:] = [statement(before=story[99], by=EVE, holders=(ALICE, EVE))]
    while len(story) < 200:
        story.append(statement(before=story[-1], by=EVE, holders=(ALICE, EVE)))
    for pin in (None, _pin(*story[:50])):
        with pytest.raises(NotAHolder, match="revision 101"):
            _judge(pin, story[-1], story)


# Refused.


FALSE_ALICE = Person("alice", EVE.device)
AFTER_TOGETHER: dict[str, tuple[Environment, type[NotTrusted]]] = {
    "a stranger's": (statement(before=TOGETHER, by=EVE, holders=(*ALL, EVE)), NotAHolder),
    "edited": (statement(before=TOGETHER, holders=ALL, signer=EVE), NotSigned),
    "another founding": (statement(ring_of(1, OTHER_IDENTITY), identity=OTHER_IDENTITY), ForeignEnvironment),
    "another founding of the same id": (statement(holders=(EVE,), by=EVE), Forked),
    "from another side": (statement(before=FOUNDING, holders=(ALICE, BOB)), OtherText),
    "of a later revision, from another side": (SIDE, Forked),
    "one before that is another": (statement(revision=3, previous=FOUNDING.hash, holders=ALL), Forked),
    "a severed generation": (statement(RING_2, [], before=TOGETHER, holders=ALL), Severed),
    "a proof that is none": (statement(before=TOGETHER, by=EVE, holders=ALL, proof=[grant_for(EVE, by=EVE)]), BadProof),
    "a founding by no holder": (statement(by=FALSE_ALICE), Forked),
}


@pytest.mark.parametrize(("new", "reason"), AFTER_TOGETHER.values(), ids=AFTER_TOGETHER)
def test_anything_else_is_refused(new: Environment, reason: type[NotTrusted]) -> None:
    """With the reason, exit code 4, and the command that shows both; nothing of it is believed in part."""
    pin = _pin(*BOTH_SIDES[:3]) if new is SIDE else _pin(FOUNDING, TOGETHER)
    with pytest.raises(NotTrusted) as caught:
        _judge(pin, new, BOTH_SIDES)
    assert type(caught.value) is reason
    assert caught.value.exit_code == 4
    assert "gitenv trust production" in caught.value.hint


FOUNDINGS: dict[str, tuple[Environment, type[NotAStep]]] = {
    "by none of its holders": (statement(by=EVE), NotAHolder),
    "signed by another": (statement(signer=EVE), NotSigned),
    "with a bad step after it": (statement(before=TOGETHER, by=EVE, holders=(*ALL, EVE)), NotAHolder),
    "without its past": (statement(before=statement(holders=ALL), holders=ALL), PastMissing),
}


@pytest.mark.parametrize(("new", "reason"), FOUNDINGS.values(), ids=FOUNDINGS)
def test_first_sight_of_a_bad_chain(new: Environment, reason: type[NotAStep]) -> None:
    """It is checked from revision 1: nothing of it is taken on trust but who founded it."""
    with pytest.raises(reason):
        _judge(None, new, STORY)


def test_first_sight() -> None:
    """All steps from the founding, and all that it goes back to."""
    for count in range(1, 5):
        verdict = _judge(None, STORY[count - 1], STORY)
        assert verdict == Verdict(Answer.NEXT, STORY[count - 1], STORY[:count], _hashes(*STORY[: count - 1]))


def test_a_pin_at_a_forged_statement_takes_no_honest_one() -> None:
    """Whoever pinned a fork is told, and not led away from it: only a person decides."""
    forged = statement(RING_2, CHAIN_2, before=TOGETHER, by=CAROL, holders=(CAROL,))
    with pytest.raises(Forked):
        _judge(_pin(FOUNDING, TOGETHER, forged), REMOVAL, [*STORY, forged])


# Sides that were given up.


@pytest.mark.parametrize(
    "pinned",
    [STORY[:1], STORY[:2], STORY[:3], [*STORY[:2], SIDE], [*STORY[:2], SIDE, SIDE_TOO]],
    ids=["founding", "common", "kept", "given up", "given up further on"],
)
def test_a_redone_statement_is_next_from_either_side(pinned: list[Environment]) -> None:
    """Whoever pinned the side that was given up goes on as well; all of it is past then, for everybody, behind what it left."""
    verdict = _judge(_pin(*pinned), REDONE, BOTH_SIDES)
    assert verdict.answer is Answer.NEXT
    assert set(verdict.past) == set(_hashes(*BOTH_SIDES))
    assert verdict.way[-1] == REDONE
    for earlier, later in itertools.pairwise([TOGETHER, SIDE, SIDE_TOO]):
        assert verdict.past.index(earlier.hash) < verdict.past.index(later.hash)
    moved = Pin.of(REDONE, None, frozenset(), frozenset(), verdict.past)
    for each in BOTH_SIDES:
        assert _judge(moved, each).answer is Answer.PAST


def test_first_sight_of_a_redone_statement() -> None:
    """Who sees it for the first time knows what was given up, too: old branches of it can be read."""
    assert set(_judge(None, REDONE, BOTH_SIDES).past) == set(_hashes(*BOTH_SIDES))


def test_a_side_whose_texts_are_gone_is_not_past() -> None:
    """It does no harm to the chain: only what was given up is not known, so nothing of it is opened."""
    verdict = _judge(_pin(*STORY[:3]), REDONE, STORY)
    assert verdict.answer is Answer.NEXT
    assert verdict.past == _hashes(*STORY[:3])


def test_who_pinned_the_side_needs_all_of_it_named() -> None:
    """What stands on a side that was given up, and was not named, was not known to whoever gave it up."""
    late = statement(TWIN, before=SIDE_TOO, holders=ALL, by=CAROL)
    with pytest.raises(Forked):
        _judge(_pin(FOUNDING, TOGETHER, SIDE, SIDE_TOO, late), REDONE, BOTH_SIDES)


WITHOUT_CAROL = statement(RING_2, CHAIN_2, before=TOGETHER, holders=(ALICE, BOB), by=BOB)
WITHOUT_BOB = statement(TWIN, TWIN_CHAIN, before=TOGETHER, holders=(ALICE, CAROL), by=CAROL)
LET_IN = grant_for(CAROL, BOB, WITHOUT_CAROL, data_key=dek(2))
NOT_BESIDE = {
    "by who held the other side only": (
        WITHOUT_BOB,
        statement(RING_3, CHAIN_3, before=WITHOUT_CAROL, beside=[WITHOUT_BOB], holders=(ALICE, BOB), by=BOB),
    ),
    "by who held that side only": (
        WITHOUT_BOB,
        statement(
            *(RING_3, CHAIN_3), before=WITHOUT_CAROL, beside=[WITHOUT_BOB], holders=(ALICE, BOB), by=CAROL, proof=[LET_IN]
        ),
    ),
    "by a stranger": (
        WITHOUT_BOB,
        statement(RING_3, CHAIN_3, before=WITHOUT_CAROL, beside=[WITHOUT_BOB], holders=(ALICE, EVE), by=EVE),
    ),
    "of another statement": (
        WITHOUT_BOB,
        statement(RING_3, CHAIN_3, before=WITHOUT_CAROL, beside=[SIDE], holders=(ALICE, BOB)),
    ),
    "of nothing": (WITHOUT_BOB, statement(RING_3, CHAIN_3, before=WITHOUT_CAROL, holders=(ALICE, BOB))),
}


@pytest.mark.parametrize(("pinned", "new"), NOT_BESIDE.values(), ids=NOT_BESIDE)
def test_anybody_can_write_the_word(pinned: Environment, new: Environment) -> None:
    """It counts only by a holder of what it names and of the one before: else whoever was taken out leads others away."""
    past = [FOUNDING, TOGETHER, WITHOUT_CAROL, SIDE]
    with pytest.raises(Forked):
        _judge(_pin(FOUNDING, TOGETHER, pinned), new, [*past, pinned])


def test_what_such_a_word_names_is_not_past() -> None:
    """A clone of the side that was kept follows the step, if it is a good one, and reads nothing of the other side."""
    _, new = NOT_BESIDE["by who held the other side only"]
    verdict = _judge(_pin(FOUNDING, TOGETHER, WITHOUT_CAROL), new, [WITHOUT_BOB, SIDE])
    assert verdict.past == _hashes(FOUNDING, TOGETHER, WITHOUT_CAROL)


def test_a_side_with_a_bad_step_is_not_past() -> None:
    """Whoever names it may hold both; what a stranger signed on the way to it is believed by nobody all the same."""
    forged = statement(before=TOGETHER, by=EVE, holders=(*ALL, EVE))
    on_top = statement(before=forged, holders=(*ALL, EVE))
    new = statement(RING_2, CHAIN_2, before=TOGETHER, beside=[on_top], holders=ALL)
    verdict = _judge(_pin(FOUNDING, TOGETHER), new, [forged, on_top])
    assert verdict.past == _hashes(FOUNDING, TOGETHER)


def test_made_up_sides_keep_nobody_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of many that a statement gives up goes back over many: all of them together are read as often as one chain is."""
    monkeypatch.setattr(chain, "MAX_STEPS", 40)
    aside = [statement(before=TOGETHER, holders=ALL, signer=EVE)]
    while len(aside) < 30:
        aside.append(statement(before=aside[-1], holders=ALL))
    new = statement(before=TOGETHER, beside=aside, holders=ALL)
    read: list[str] = []
    texts = {each.hash: each.text for each in (TOGETHER, *aside)}

    def text_of(wanted: str) -> bytes | None:
        read.append(wanted)
        return texts.get(wanted)

    verdict = Trusted("production", _pin(FOUNDING, TOGETHER), MemoryTree(new), text_of).judge()
    assert verdict
    assert verdict.past == _hashes(FOUNDING, TOGETHER)
    assert len(read) < 80


def test_a_past_of_the_first_edition() -> None:
    """Nothing goes back to one: it is somebody's text, and says nothing about this repository."""
    text = FOUNDING.text.replace(str(ALICE.keyholder).encode(), str(ALICE.holder).encode())
    name = environment.hash_of(text)
    tree = MemoryTree(statement(revision=2, previous=name))
    tree.files[f"{RECIPIENTS}/production/past/{name}"] = text
    for pin, reason in ((None, Malformed), (_pin(FOUNDING), Forked)):
        with pytest.raises(reason):
            Trusted("production", pin, tree).judge()
    named = statement(before=FOUNDING)
    beside = environment.read(resigned(named.text, b"path ", b"beside " + name.encode() + b"\npath ", ALICE), "here")
    tree = MemoryTree(beside)
    tree.files[f"{RECIPIENTS}/production/past/{name}"] = text
    verdict = Trusted("production", _pin(FOUNDING), tree).judge()
    assert verdict
    assert verdict.past == _hashes(FOUNDING)


def test_the_steps_before_a_redone_one_are_checked() -> None:
    """A forged step on the side that was kept: nobody is led over it, from the side that was given up neither."""
    forged = statement(before=TOGETHER, by=EVE, holders=ALL)
    redone = statement(before=forged, beside=[SIDE, SIDE_TOO], holders=ALL)
    for pinned, reason in (([FOUNDING, TOGETHER], NotAHolder), ([FOUNDING, TOGETHER, SIDE], Forked)):
        with pytest.raises(reason):
            _judge(_pin(*pinned), redone, [*BOTH_SIDES, forged])
