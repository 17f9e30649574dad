"""Values that went back to an earlier one, as history shows them to anybody."""

from __future__ import annotations

from gitenv.git.objects import Objects
from gitenv.repo.value_rollbacks import Rollback, came, rollbacks
from tests.lab import Person

BODY = "A" * 70


def _token(name: str, number: int) -> bytes:
    return f"{name}=gitenv1:1.aaaaaa:{BODY}{number:04d}\n".encode()


def _commit(alice: Person, path: str, data: bytes) -> str:
    (alice.cwd / path).write_bytes(data)
    alice.must("git", "add", "-A")
    alice.must("git", "commit", "-qm", "x")
    return alice.must("git", "rev-parse", "HEAD").said


def test_a_value_that_came_back(alice: Person) -> None:
    """A token that was superseded before the base is named with its line and commit; a new one and the same one are not."""
    first = _commit(alice, ".env", _token("A", 1) + _token("B", 1))
    _commit(alice, ".env", _token("A", 2) + _token("B", 1))
    base = _commit(alice, "other", b"x")
    now = b"## heading\n" + _token("B", 1) + _token("A", 1) + _token("C", 1)
    objects = Objects(str(alice.cwd))
    listed = came(_token("A", 2) + _token("B", 1), now)
    assert [(each.record.name, each.line) for each in listed] == [(b"A", 3), (b"C", 4)]
    assert rollbacks(str(alice.cwd), objects, base, {".env": listed}) == [Rollback(".env", "A", 3, first, False)]
    assert rollbacks(str(alice.cwd), objects, base, {".env.production": listed}) == []
    assert rollbacks(str(alice.cwd), objects, "", {".env": listed}) == []
    objects.close()


def test_a_key_that_stood_in_plain_text_is_no_rollback() -> None:
    """Equal values are equal tokens, so who encrypts a plain commit brings the earlier tokens; a sealed value stays named."""
    sealed = f"B=gitenv1-sealed:1.aaaaaa:bob:{BODY}\n".encode()
    listed = came(b"A=1\nB=1\n", _token("A", 1) + sealed + _token("C", 1))
    assert [each.record.name for each in listed] == [b"B", b"C"]


def test_a_file_that_came_back(alice: Person) -> None:
    """What a file had when it was deleted comes back with it; not an older value, nor one set anew in a file that goes."""
    first = _commit(alice, ".env", _token("A", 1) + _token("B", 1))
    second = _commit(alice, ".env", _token("A", 2) + _token("B", 1))
    alice.must("git", "mv", ".env", ".env.moved")
    base = _commit(alice, "other", b"x")
    objects = Objects(str(alice.cwd))
    newest, moved = _token("A", 2) + _token("B", 1), _token("A", 2) + _token("B", 3)
    for now, taken, found in (
        (newest, [newest], []),
        (_token("A", 1) + _token("B", 1), [newest], [Rollback(".env", "A", 1, first, False)]),
        (newest, [moved], [Rollback(".env", "B", 2, second, False)]),
    ):
        assert rollbacks(str(alice.cwd), objects, base, {".env": came(b"", now)}, taken) == found
    objects.close()


def test_a_sealed_value_that_came_back(alice: Person) -> None:
    """One that was taken away is told from a value."""
    sealed = f"A=gitenv1-sealed:1.aaaaaa:bob:{BODY}\n".encode()
    first = _commit(alice, ".env", sealed)
    base = _commit(alice, ".env", b"## empty\n")
    objects = Objects(str(alice.cwd))
    found = rollbacks(str(alice.cwd), objects, base, {".env": came(b"## empty\n", sealed)})
    assert found == [Rollback(".env", "A", 1, first, True)]
    objects.close()
