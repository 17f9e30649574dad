"""What changed in `.recipients/` between two trees, and which files of a tree are whose."""

from __future__ import annotations

from gitenv.model import grant
from gitenv.model.environment import Environment
from gitenv.model.grant import HOLDER, READER, Grant
from gitenv.repo.claims import Claims
from gitenv.trust import roster
from gitenv.trust.roster import EnvironmentChange, RequestChange
from tests.model.builders import (
    ALICE,
    AT,
    BOB,
    CAROL,
    EVE,
    MemoryTree,
    Person,
    dek,
    grant_for,
    resigned,
    ring_of,
    rotated,
    statement,
)

FIRST = statement()
FOUNDER = grant_for(ALICE)


def _changes(before: MemoryTree, after: MemoryTree) -> list[EnvironmentChange]:
    return roster.environments(roster.read(before), roster.read(after))


def _grant(to: Person, role: str = HOLDER, *, expires: str = "", about: Environment = FIRST, data_key: int = 1) -> Grant:
    return grant.write(
        about, dek(data_key), to.name, to.key, role, by=ALICE.holder, at=AT, signer=ALICE.device, expires=expires
    )


def test_nothing() -> None:
    """Two equal trees, and two empty ones, differ in nothing."""
    assert _changes(MemoryTree(FIRST, FOUNDER), MemoryTree(FIRST, FOUNDER)) == []
    assert _changes(MemoryTree(None), MemoryTree(None)) == []


def test_new_and_gone() -> None:
    """A founding has its founder come in; a removal has all go."""
    came = _changes(MemoryTree(None), MemoryTree(FIRST, FOUNDER))[0]
    assert (came.before, came.after, came.paths_added, came.rotation) == (None, FIRST, [".env.production"], None)
    assert [(person.name, person.before) for person in came.people] == [("alice", None)]
    gone = _changes(MemoryTree(FIRST, FOUNDER), MemoryTree(None))[0]
    assert (gone.after, gone.paths_removed, [person.after for person in gone.people]) == (None, [".env.production"], [None])


def test_people() -> None:
    """Who came, left, has another role, day or key; a stranger's grant is nobody's."""
    before = MemoryTree(FIRST, FOUNDER, _grant(BOB, READER), _grant(CAROL))
    stranger = grant_for(EVE, EVE, FIRST)
    other_key = grant_for(CAROL, ALICE, FIRST, key=EVE.key)
    after = MemoryTree(FIRST, FOUNDER, _grant(BOB, HOLDER, expires="2027-01-31"), other_key, stranger)
    (change,) = _changes(before, after)
    bob, carol = change.people
    assert (bob.name, bob.is_role_new, bob.is_expiry_new, bob.is_key_new) == ("bob", True, True, False)
    assert (carol.name, carol.is_role_new, carol.is_expiry_new, carol.is_key_new) == ("carol", False, False, True)
    (left,) = _changes(after, MemoryTree(FIRST, FOUNDER, other_key))
    assert [(person.name, person.after) for person in left.people] == [("bob", None)]


def test_rotation() -> None:
    """Another generation, with the same people; and another environment under the name."""
    ring, older = rotated(ring_of(), 2)
    later = statement(ring, older, revision=2, paths=[".env.production", "web/.env"])
    (change,) = _changes(MemoryTree(FIRST, FOUNDER), MemoryTree(later, _grant(ALICE, about=later, data_key=2)))
    assert (change.rotation, change.is_other, change.people) == ((1, 2), False, [])
    assert (change.paths_added, change.paths_removed) == (["web/.env"], [])
    other = _changes(MemoryTree(FIRST), MemoryTree(statement(identity=type(FIRST.id)(b"another one's id"))))[0]
    assert other.is_other


def test_not_to_be_read() -> None:
    """A statement with a word that this version does not know is named, and stops nothing else."""
    policy = resigned(FIRST.text, b"generation 1", b"policy post-quantum required\ngeneration 1", ALICE)
    found = roster.read(MemoryTree(policy, FOUNDER))
    assert (list(found.states), list(found.broken)) == ([], ["production"])
    change = roster.environments(roster.read(MemoryTree(FIRST, FOUNDER)), found)[0]
    assert change.after is None


def test_requests() -> None:
    """`.pub` files that came, have another key, and hold none any more. One that never held a key asks for nothing."""
    nobody, bob = roster.read(MemoryTree(None)), roster.read(MemoryTree(None, bob=BOB.key.line("bob")))
    other, junk = roster.read(MemoryTree(None, bob=EVE.key.line("bob"))), roster.read(MemoryTree(None, bob=b"no key"))
    key, another = (BOB.key.fingerprint(),), (EVE.key.fingerprint(),)
    assert roster.requests(nobody, bob) == [RequestChange("bob", (), key)]
    assert roster.requests(bob, other) == [RequestChange("bob", key, another)]
    assert roster.requests(other, junk) == [RequestChange("bob", another, ())]
    assert roster.requests(nobody, junk) == []
    assert roster.requests(bob, bob) == []


def test_claims() -> None:
    """Patterns mean what they mean to the filter: base names anywhere, paths from the top, wild cards, and no examples."""
    claims = Claims(
        [statement(paths=[".env", "web/.env.x", "apps/*/.env.y", ".env.z*"]), statement(name="other", paths=["b/.env"])]
    )
    assert [claims.environment_of(path) for path in (".env", "a/.env", "web/.env.x", "apps/b/.env.y", "q/.env.zz")] == (
        ["production"] * 5
    )
    assert claims.environment_of("b/.env") == "other"
    for path in ("web/.env.y", "x/web/.env.x", "apps/b/c/.env.y", ".env.example", ".recipients/.env", "env"):
        assert claims.environment_of(path) == ""
    assert claims.has(".env.new")
    assert not claims.has(".env.local")
