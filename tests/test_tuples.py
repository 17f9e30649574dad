"""gitenv's NamedTuple is typing's, made faster."""

from __future__ import annotations

import pickle
import re
import typing
from pathlib import Path

from gitenv import tuples


class _Ours(tuples.NamedTuple):
    """Ours."""

    name: str
    numbers: typing.Sequence[int] = ()  # a comment
    limit: int = 3

    @property
    def size(self) -> int:
        """How many."""
        return len(self.numbers)

    @classmethod
    def of(cls, name: str) -> _Ours:
        """One by its name."""
        return cls(name, [1])

    def __str__(self) -> str:
        return f"<{self.name}>"


class _Typings(typing.NamedTuple):
    """Ours."""

    name: str
    numbers: typing.Sequence[int] = ()
    limit: int = 3


def test_it_is_the_same() -> None:
    """Fields, defaults, what is inherited and what is written below them are as with typing's."""
    for name in ("_fields", "_field_defaults", "__match_args__", "__doc__", "__module__", "__bases__"):
        assert getattr(_Ours, name) == getattr(_Typings, name)
    one = _Ours.of("x")
    assert tuple(one) == tuple(_Typings("x", [1])) == ("x", [1], 3)
    assert (one.size, str(one), repr(one)) == (1, "<x>", "_Ours(name='x', numbers=[1], limit=3)")
    assert one._replace(limit=4)._asdict() == {"name": "x", "numbers": [1], "limit": 4}
    assert _Ours("y") == _Ours(name="y", numbers=(), limit=3)
    assert pickle.loads(pickle.dumps(one)) == one
    assert typing.get_type_hints(_Ours) == typing.get_type_hints(_Typings)
    assert not hasattr(one, "__dict__")


def test_all_of_gitenv_has_it() -> None:
    """No module takes typing's, which would be slower again."""
    modules = Path(tuples.__file__).parent.rglob("*.py")
    imported = re.compile(r"^from typing import .*\bNamedTuple\b", re.MULTILINE)
    assert not [path.name for path in modules if imported.search(path.read_text(encoding="utf-8"))]
