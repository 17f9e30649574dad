"""Every command that gitenv proposes is typed by a test that has seen what it is proposed for."""

from __future__ import annotations

from functools import cache

from gitenv.cli import commands
from tests import hints

# They show something and change nothing: whoever types one sees more, and is asked for no more.
LOOKS = (
    "gitenv status",
    "gitenv recipients",
    "gitenv key show",
    "git status",
    "git log",
    "git show",
    "git fsck",
    "git check-attr",
)

# Not when the tests are collected: each worker would read all of the source.
_hints = cache(lambda: list(hints.hints()))
_played = cache(hints.played)


def _is_followed(hint: hints.Hint) -> bool:
    return all(command in LOOKS for command in hint.commands) or any(played.follows(hint) for played in _played())


def test_each_hint_is_followed() -> None:
    """A session, a document or a test sees the message, the hint or the code, and types one of its commands."""
    missing = {(hint.where, hint.shown): hint.text for hint in _hints() if not _is_followed(hint)}
    assert missing == {}, "write a session that follows these"


def test_an_unfollowed_hint_is_seen() -> None:
    """A hint that nobody follows does not pass by a command that others type for another reason."""
    assert not _is_followed(hints.Hint("nowhere.py: Usage", ("nobody ever says this",), "gitenv unlock \0"))
    assert _is_followed(hints.Hint("cli/unlock.py: Locked", ("this clone is not set up",), "gitenv init"))


def test_a_proposed_command_is_one() -> None:
    """Each `gitenv …` in a hint is a command that there is."""
    ours = {command.split()[1] for hint in _hints() for command in hint.commands if command.startswith("gitenv ")}
    assert ours <= set(commands.names())
