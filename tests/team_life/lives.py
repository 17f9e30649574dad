"""Lives that are written down: two rotations that meet, a retired line that travels, somebody who leaves and comes back."""

from __future__ import annotations

from collections.abc import Callable

from tests.team_life.model import HOLDER, READER
from tests.team_life.team import Team

DEVELOPMENT, PRODUCTION = "development", "production"


def two_rotations(team: Team) -> None:
    """Both sides rotate, set values and change who is in; all of it meets, and every old commit opens for who is left."""
    team.edit("alice", DEVELOPMENT, 1, "A")
    team.remove("alice", "carol", DEVELOPMENT)
    team.push("alice")
    team.ask("dave")
    team.edit("bob", DEVELOPMENT, 3, "B")
    team.rotate("bob", DEVELOPMENT)
    team.edit("bob", DEVELOPMENT, 5, "C")
    assert team.push("bob") == "resolved"
    team.let_in("bob", "dave", DEVELOPMENT, READER)
    for who in ("bob", "dave", "alice", "carol"):
        team.push(who)
    for which in range(len(team.clones["alice"].head.history)):
        team.look_back("alice", which)
        team.look_back("dave", which)


def a_retired_line(team: Team) -> None:
    """A value from a branch that was cut before a rotation is nobody's through more rotations, until a holder accepts it."""
    team.cut("alice", DEVELOPMENT, 7, "D", "")
    team.cut("alice", DEVELOPMENT, 0, "E", "")
    team.rotate("alice", DEVELOPMENT)
    team.merge_topic("alice", 0)
    team.rotate("alice", DEVELOPMENT)
    team.merge_topic("alice", 0)
    team.push("alice")
    team.push("bob")
    team.rotate("bob", DEVELOPMENT)
    team.decide("bob", DEVELOPMENT, 0, "accept")
    team.push("bob")
    team.push("carol")


def away_and_back(team: Team) -> None:
    """carol goes, seals a value, and comes back: she reads what was set meanwhile, and what she had sealed."""
    team.remove("alice", "carol", DEVELOPMENT)
    team.edit("alice", DEVELOPMENT, 1, "A")
    team.push("alice")
    team.push("carol")
    team.set_value("carol", DEVELOPMENT, "B")
    team.set_value("carol", PRODUCTION, "A")
    team.ask("carol")
    team.push("alice")
    team.check_knowledge()
    team.decide("alice", DEVELOPMENT, 0, "accept")
    team.let_in("alice", "carol", DEVELOPMENT, HOLDER)
    team.push("alice")
    team.push("carol")
    team.rotate("carol", DEVELOPMENT)
    team.remove("carol", "carol", DEVELOPMENT)
    team.push("carol")
    team.push("bob")
    team.rotate("bob", DEVELOPMENT)
    team.push("bob")


def against_each_other(team: Team) -> None:
    """alice and bob take each other out: whoever comes second begins again from what was pushed first."""
    team.remove("alice", "bob", PRODUCTION)
    team.push("alice")
    team.remove("bob", "alice", PRODUCTION)
    assert team.push("bob") == "cloned again"
    team.edit("alice", PRODUCTION, 1, "A")
    team.push("alice")
    team.push("bob")


LIVES: dict[str, Callable[[Team], None]] = {
    "two rotations": two_rotations,
    "a retired line": a_retired_line,
    "away and back": away_and_back,
    "against each other": against_each_other,
}
