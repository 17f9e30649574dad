"""Whether the statements of a change follow honestly from those of its base: the same rules as a clone's pins have."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence

from gitenv.errors import FirstEdition, GitenvError, NotTrusted, shell_word
from gitenv.git.layout import RECIPIENTS
from gitenv.model import names
from gitenv.model.codes import CODES, finding
from gitenv.model.environment import Environment
from gitenv.model.finding import Finding
from gitenv.model.membership import other_person
from gitenv.repo import clone, recipients
from gitenv.repo.claims import Claims
from gitenv.repo.snapshot import Snapshot
from gitenv.trust import chain, forks
from gitenv.trust.change import Change
from gitenv.trust.pins import Pins
from gitenv.trust.trusted import Answer, Trusted

_MAX_PAIRS = 200_000


def findings(change: Change) -> Iterator[Finding]:
    """What is wrong with the statements, and which environments claim one path."""
    now, old = change.members, change.base_members
    for side, error in change.trouble.items():
        yield finding("recipients-unreadable", f".recipients/ of {side} cannot be read: {error.message}", RECIPIENTS)
    yield from _too_many(change)
    for name, error in now.broken.items():
        known = old.broken.get(name)
        was_before = known is not None and known.message == error.message
        text = f"{name}: cannot be read: {_reason(name, error)}"
        code = error.code if isinstance(error, FirstEdition) else "statement-malformed"
        yield finding(code, text, _file(name), 0, _look(name), was_before=was_before)
    for name, state in now.states.items():
        known_state = old.states.get(name)
        if known_state is None:
            yield from _founded(change, state.statement)
        elif known_state.statement.text != state.statement.text:
            yield from _followed(change, known_state.statement, state.statement)
        elif change.base is None:
            yield from _founded(change, state.statement)
        elif change.is_whole or change.has_new_members:
            yield from _complete(change, state.statement)
    yield from _competing(change)


def _too_many(change: Change) -> Iterator[Finding]:
    with contextlib.suppress(GitenvError):  # a folder that cannot be read is named for itself
        if count := recipients.too_many(change.after, change.known):
            was_before = change.base is not None and recipients.too_many(change.base, change.known) >= count
            look = f"git log --diff-filter=A -- :/{RECIPIENTS}"
            text = recipients.too_many_text(count)
            yield finding("recipients-unreadable", text, RECIPIENTS, 0, (look,), was_before=was_before)


def _followed(change: Change, old: Environment, new: Environment) -> Iterator[Finding]:
    """A statement that is another one than the base's: do good steps lead there, and to nothing beside it in history?"""
    assert change.base is not None
    name = new.name
    try:
        verdict = Trusted.since(change.base, change.after, old).about(new)
        if verdict.answer is Answer.NEXT:
            forks.check_moved(change.history, old, verdict, change.heads)
            return
    except NotTrusted as error:
        if _is_believed(change, change.after, new) and not _is_believed(change, change.base, old):
            yield from _founded(change, new)  # the base is what somebody pushed: this takes it back
            return
        code = error.code if error.code in CODES else "not-a-holder"
        yield finding(code, f"{name}: {_reason(name, error)}", _file(name), 0, _look(name))
        return
    was, now = f"revision {old.revision} (generation {old.generation.number})", f"revision {new.revision}"
    now += f" (generation {new.generation.number})"
    if change.goes_on:
        commands = (f"git log -- {shell_word(f':/{_file(name)}')}",)
        yield finding("rolled-back", f"{name}: put back from {was} to {now}", _file(name), 0, commands)
    else:
        text = f"{name}: at {now}, and the base is at {was}: merge the base before you set values"
        yield finding("statement-behind", text, _file(name))


def _other_person(change: Change, name: str) -> Iterator[Finding]:
    """Whether a new environment has somebody in it whom the base knows by another key."""
    known = {person for each, state in change.base_members.states.items() if each != name for person in state.people}
    if who := other_person(change.members.states[name].people, known):
        text = f"{name}: has a {who} with another key than the {who} of the other environments"
        yield finding("other-person", text, _file(name), 0, _look(name))


def _complete(change: Change, statement: Environment) -> Iterator[Finding]:
    """Whether all lies there that a statement goes back to: else nobody who comes new can verify it.

    Of a whole state also whether that leads to it: whoever is told that all is well has asked about what was committed before.
    """
    name = statement.name
    try:
        _, texts = chain.before(statement, chain.finder(change.after, name), lambda _: False)
        if change.is_whole:
            chain.follow(name, texts, None)
    except GitenvError as error:
        code = error.code if error.code in CODES else "past-missing"
        yield finding(code, error.message, _file(name), 0, (error.hint,) if error.hint else _look(name))


def _founded(change: Change, statement: Environment) -> Iterator[Finding]:
    """A statement that nothing in the base leads to: its chain from its own founding, and what history has beside it."""
    name = statement.name
    try:
        verdict = Trusted(name, None, change.after).about(statement)
        is_named = _is_believed(change, change.after, statement)
        forks.check_first_sight(change.history, verdict, change.heads, is_named=is_named)
        yield from _other_person(change, name)
    except NotTrusted as error:
        code = error.code if error.code in CODES else "not-a-holder"
        yield finding(code, f"{name}: {_reason(name, error)}", _file(name), 0, _look(name))


def _is_believed(change: Change, side: Snapshot, statement: Environment) -> bool:
    """Whether this clone has pinned a statement or goes back to it, or `GITENV_TRUST` vouches for it, whatever the base has."""
    with contextlib.suppress(GitenvError):
        pin = Pins(clone.identity(change.where.layout.common_dir)).get(statement.name)
        if pin and (pin.environment.text == statement.text or pin.is_past(statement.hash)):
            return True
        if os.environ.get("GITENV_TRUST"):
            from gitenv.trust import vouchers

            return vouchers.vouchers().vouch_for(Trusted(statement.name, None, side).about(statement))
    return False


def _competing(change: Change) -> Iterator[Finding]:
    """Two environments that claim one path: a new one could have values encrypted for whoever founded it."""
    listed = list(change.statements.values())
    new = [each for each in listed if change.is_whole or _paths(change, each.name) != each.paths]
    if len(new) * (len(listed) + len(change.base_statements)) > _MAX_PAIRS:
        text = f"{len(listed):,} environments, more than can be compared"
        yield finding("competing", text, RECIPIENTS)
        return
    # What the base has is claimed by it still, although the change takes it away. Only who held it founds another one there.
    gone = [each for name, each in change.base_statements.items() if name not in change.statements]
    there = _claimed_twice(change, [*listed, *gone]) if new else {}
    done: set[str] = set()
    for one in new:
        done.add(one.name)
        for other in gone:
            state = change.base_members.states.get(other.name)
            if (state is None or one.by not in state.holders) and (path := _shared(one, other, there)):
                text = f"{one.name} claims {path}, which is {other.name}'s in the base"
                yield finding("competing", text, _file(one.name), 0, _look(one.name))
        for other in listed:
            if other.name not in done and (path := _shared(one, other, there)):
                known = [_paths(change, each.name) == each.paths for each in (one, other)]
                blamed = other if known[0] else one
                both = " and ".join(sorted((one.name, other.name)))
                text = f"both {both} claim {path}"
                yield finding("competing", text, _file(blamed.name), 0, _look(blamed.name), was_before=all(known))


def _claimed_twice(change: Change, listed: Sequence[Environment]) -> dict[frozenset[str], str]:
    """Which environments, by their names, claim a file together, each time with the first such file."""
    claims, found = Claims(listed), dict[frozenset[str], str]()
    for path in sorted(change.files):
        found.setdefault(frozenset(each.name for each in claims.claimants(path)), path)
    return {claiming: path for claiming, path in found.items() if len(claiming) > 1}


def _shared(one: Environment, other: Environment, there: Mapping[frozenset[str], str]) -> str:
    paths = (path for claiming, path in there.items() if claiming.issuperset((one.name, other.name)))
    return next(paths, "") or names.shared(one.paths, other.paths, ())


def _paths(change: Change, name: str) -> tuple[str, ...]:
    known = change.base_statements.get(name)
    return known.paths if known else ()


def _reason(name: str, error: GitenvError) -> str:
    return error.message.removeprefix(f"{name}/environment: ")


def _file(name: str) -> str:
    return f"{RECIPIENTS}/{name}/environment"


def _look(name: str) -> tuple[str, ...]:
    return (f"git log -p -- :/{_file(name)}",)
