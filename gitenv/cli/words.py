"""Sentences that several commands say the same way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gitenv.errors import joined, shell_word

if TYPE_CHECKING:
    from gitenv.model.environment import Environment
    from gitenv.team.lock import Opened
    from gitenv.team.news import Out


def trust_lines(statement: Environment, how: str, me: str) -> Iterator[str]:
    """Whose word is taken for an environment, and what to compare with them. `me` is the caller's own fingerprint."""
    is_mine = statement.by.fingerprint == me
    paths = joined([shell_word(path) for path in statement.paths])
    yield f"{statement.name} ({paths}): {'signed with your own key' if is_mine else f'{how} {statement.by.name}'}"
    if not is_mine:
        yield f"  compare with {statement.by.name}: {statement.by.fingerprint}"
    others = [holder.name for holder in statement.holders if holder != statement.by]
    if others:
        yield f"  other holders: {joined(others)}"


def opened_lines(results: Sequence[Opened]) -> Iterator[str]:
    """What became of the files. What nobody ever let the user into is no news."""
    for result in results:
        if result.never_granted:
            continue
        if result.closed:
            yield f"{result.environment}: closed ({result.closed.message})"
            continue
        if opened := [*result.opened, *result.opened_edited]:
            yield f"{result.environment}: opened {joined(opened)}"
        elif not result.edited:
            yield f"{result.environment}: open"
        if result.edited:
            yield f"{result.environment}: left alone, because edited: {joined(result.edited)}"


def out_lines(found: Sequence[Out]) -> Iterator[str]:
    """Where the user is out, a line each."""
    for each in found:
        if each.is_exchanged:
            yield f"{each.environment}: {each.by} let another key in as {each.name}; this device's opens nothing new"
        else:
            yield f"{each.by} took you out of {each.environment}: its newest key is not for you"
