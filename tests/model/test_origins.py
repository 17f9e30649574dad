"""Where a value was before it came into a file, seen by its token."""

from __future__ import annotations

import pytest

from gitenv.model.origins import FileVersions, came, grouped, origins

_BODY = "A" * 70


def _token(name: str, number: int, generation: int = 1) -> bytes:
    return f"{name}=gitenv1:{generation}.aaaaaa:{_BODY}{number:04d}\n".encode()


def test_a_value_of_another_file_is_told() -> None:
    """With the file that has it, or else had it, and whether it took the place of another value; its own file is none."""
    before, after = _token("A", 1), _token("A", 2) + _token("B", 3) + _token("C", 4)
    new = came("x/.env", before, after)
    assert [(each.name, each.line) for each in new] == [("A", 1), ("B", 2), ("C", 3)]
    files = [
        FileVersions("x/.env", before, after),
        FileVersions("y/.env", _token("A", 2) + _token("B", 3), _token("A", 2)),
        FileVersions("z/.env", b"", _token("A", 2)),
    ]
    found = origins(new, files)
    assert [(each.name, each.others, each.is_there, each.is_instead) for each in found] == [
        ("A", ("y/.env", "z/.env"), True, True),
        ("B", ("y/.env",), False, False),
    ]
    assert found[0].where() == "the same value as in y/.env, z/.env"
    assert found[1].where(lambda path: f"`{path}`") == "the same value as `y/.env` had"


def test_what_was_equal_before_is_no_news() -> None:
    """A rotation, or somebody who sets a value in two files, brings equal tokens to both; so does encrypting what was plain."""
    before, after = _token("A", 1), _token("A", 9, generation=2)
    assert origins(came("x/.env", before, after), [FileVersions("y/.env", before, after)]) == []
    assert origins(came("x/.env", b"A=1\n", after), [FileVersions("y/.env", b"A=1\n", after)]) == []
    assert origins(came("x/.env", _token("A", 2), after), [FileVersions("y/.env", before, after)]) != []


def test_a_copied_file_is_one_sentence() -> None:
    """And of many files that have a value, the first are named."""
    text = b"".join(_token(f"K{number}", number) for number in range(50))
    found = origins(came("x/.env", b"", text), [FileVersions(f"{number}/.env", b"", text) for number in range(6)])
    assert [len(group) for group in grouped(found)] == [50]
    assert found[0].where() == "the same value as in 0/.env, 1/.env, 2/.env, 3/.env and 2 more"


def test_no_more_is_looked_through_than_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever can push can push any number of files."""
    text = _token("A", 1)
    monkeypatch.setattr("gitenv.model.origins.MAX_BYTES", 2 * len(text))
    found = origins(came("x/.env", b"", text), [FileVersions(f"{number}/.env", b"", text) for number in range(6)])
    assert found[0].others == ("0/.env", "1/.env")


def test_only_tokens_with_a_name_count() -> None:
    """Comments are equal in many files, plain text is somebody's edit, and a sealed value waits for a decision."""
    text = f"# note\n#gitenv1:1.aaaaaa:{_BODY}\nA=1\nB=gitenv1-sealed:1.aaaaaa:bob:{_BODY}\n".encode()
    assert came("x/.env", b"", text) == []
