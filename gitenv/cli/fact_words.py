"""What commits did, in a few words, for `gitenv log` and `gitenv matrix`; and what of them was not looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gitenv.errors import joined
from gitenv.log.facts import What

if TYPE_CHECKING:
    from gitenv.git.commits import Author
    from gitenv.log.facts import Fact, Skipped

SHALLOW = "this clone has only the newest commits; to get the others: git fetch --unshallow"
_MAX_AUTHOR = 20  # characters in a table
_MOST_SKIPPED = 10
_WORDS = {
    What.SET: "set {key}{plain}",
    What.CHANGED: "changed {key}{plain}",
    What.REMOVED: "removed {key}",
    What.RENAMED: "renamed {former} to {key}{likely}{plain}",
    What.ENCRYPTED: "encrypted {key}",
    What.EXPOSED: "put {key} in plain text",
    What.REENCRYPTED: "encrypted {key_or_count} anew{generations}",
    What.MOVED: "moved from {former}",
    What.EARLIER: "{key} was there before",
    What.SEALED: "sealed {key}{as_by}",
    What.ACCEPTED: "accepted {key}{sealed_by}{or_set}",
    What.REJECTED: "rejected {key}{sealed_by}",
    What.FOUNDED: "founded by {by}",
    What.REPLACED: "replaced by another environment, of {by}",
    What.ENDED: "removed",
    What.UNREADABLE: "cannot be read any more",
    What.ROTATED: "rotated by {by}{generations}{anew}",
    What.PUT_BACK: "put back to generation {generation}, revision {revision}",
    What.PATHS: "paths set by {by}: {paths}",
    What.POLICY: "policy set by {by}: {policy}",
    What.KNOWN: "{by} signed what those who left could read",
    What.SIGNED: "signed anew by {by}",
    What.LET_IN: "{by} let in {person}{as_role}{until}",
    What.TAKEN_OUT: "{person} taken out by {by}",
    What.ROLE: "{by} made {person} a {role}",
    What.EXPIRY: "{by} gave {person} another last day{until}",
    What.NEW_KEY: "{by} let in a new key of {person}",
    What.UNCOUNTED: "a grant for {person} that does not count",
    What.ASKED: "{person} asks to be let in",
    What.REQUEST: "{person} has another public key",
    What.UNASKED: "the public key of {person} was removed",
}

_CAME = "came with revision {revision}, signed by {by}"  # put back after it was deleted, or squashed with later steps


def sentence(fact: Fact) -> str:
    """A fact without its place: `set HELLO`, `bob let in alice`."""
    by = fact.by.name if fact.by else "somebody"
    words = _CAME if fact.what is What.FOUNDED and fact.revision > 1 else _WORDS[fact.what]
    is_new_generation = fact.generation != fact.former_generation and fact.former_generation and fact.generation
    return words.format(
        key=fact.key,
        former=fact.former,
        person=fact.person,
        role=fact.role,
        by=by,
        generation=fact.generation,
        revision=fact.revision,
        paths=joined(fact.paths, 3),
        policy=fact.policy,
        plain=" in plain text" if fact.is_plain else "",
        likely="" if fact.is_sure else ", by its place",
        key_or_count=fact.key or counted(fact.keys),
        generations=f", generation {fact.former_generation} to {fact.generation}" if is_new_generation else "",
        anew=f", {counted(fact.keys)}" if fact.keys else "",
        as_by=f" as {by}",
        sealed_by=f", sealed by {by}" if fact.by else "",
        or_set="" if fact.is_sure else ", or set it",
        as_role=" as a reader" if fact.role == "reader" else "",
        until=f" until {fact.expires}" if fact.expires else "",
    )


def who(author: Author) -> str:
    """Who made a commit, short enough for a table."""
    name = author.called
    return name if len(name) <= _MAX_AUTHOR else f"{name[: _MAX_AUTHOR - 1]}…"


def skipped_lines(skipped: Sequence[Skipped], more: int) -> Iterator[str]:
    """What was not looked at; `more` files are not in the list."""
    for each in skipped[:_MOST_SKIPPED]:
        yield f"not looked at: {each.path} in {each.commit[:10]}: {each.why}"
    if (left := len(skipped) + more - _MOST_SKIPPED) > 0:
        yield f"not looked at: {left:,} more files"


def counted(keys: int) -> str:
    return f"{keys:,} key{'' if keys == 1 else 's'}"
