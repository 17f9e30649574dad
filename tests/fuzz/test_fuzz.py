"""The bounded run: the same inputs each time, a quarter of them but once a week. `python -m tests.fuzz` makes others."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, example, given, settings

from tests.conftest import some
from tests.fuzz import seeds
from tests.fuzz.documents import check_clean, check_document, check_smudge
from tests.fuzz.mutator import Mutator
from tests.fuzz.targets import Target, targets
from tests.model.builders import committed
from tests.model.documents import anything

NAMES = (
    *("document", "clean", "smudge", "values", "token", "sealed", "next generation", "environment", "grant"),
    *("signed by a holder", "public key", "pin"),
)
steadily = settings(
    max_examples=some(400), derandomize=True, deadline=None, suppress_health_check=list(HealthCheck), database=None
)


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Target]:
    """The targets, with a configuration folder of their own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("APPDATA", str(tmp_path))
    return {target.name: target for target in targets(tmp_path)}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_but_the_declared_comes_of_hostile_bytes(found: dict[str, Target], name: str) -> None:
    """Every reader gives what was written or one of its own errors, and nothing of a stranger's comes alive."""
    target = found[name]
    for number in range(some(target.examples)):
        data = target.make(Random(f"bounded {name} {number}"))
        try:
            target.check(data)
        except Exception as error:
            error.add_note(f"example {number} of {name}: {len(data)} bytes, {data[:2000]!r}")
            raise


def test_every_target_is_run(found: dict[str, Target]) -> None:
    """A target that is added is in the bounded run, too."""
    assert tuple(found) == NAMES


@given(anything())
@example(b"\n".join(seeds.LINES))
@example(committed(b"A=\\", seeds.RING) + b"\n")  # opened, its backslash takes the line feed in
@example(b"A='" + b"\n" * 10_000 + b"'")
@steadily
def test_documents_of_every_shape(data: bytes) -> None:
    """Whatever people and machines write: read and joined, cleaned and smudged, nothing is lost, shown or laundered."""
    for check in (check_document, check_clean, check_smudge):
        check(data)


@pytest.mark.parametrize("kept", [seeds.TOKENS, seeds.LINES], ids=["tokens", "lines"])
def test_tokens_in_any_order_bring_nothing_to_life(kept: list[bytes]) -> None:
    """Real tokens, some with an open quote or half a key in them, in a stranger's order, between a stranger's lines."""
    for number in range(some(300)):
        random = Random(f"order {number}")
        lines = [random.choice(kept) for _ in range(random.randint(1, 30))]
        check_smudge(b"\n".join(lines) + random.choice((b"", b"\n")))


def test_the_same_seed_gives_the_same_bytes() -> None:
    """Else no failure could be played again."""
    first, second = (Mutator(seeds.DOCUMENTS, seeds.DOCUMENT_FRAGMENTS) for _ in range(2))
    assert [first.make(Random(n)) for n in range(50)] == [second.make(Random(n)) for n in range(50)]


def test_the_seeds_are_worth_changing() -> None:
    """There are tokens that open, statements that people signed, and keys: else every input would fail at its first line."""
    assert len(seeds.GENUINE) >= 20
    assert {b"gitenv-environment", b"gitenv-grant"} == {data.split(b" ")[0] for data in seeds.GENUINE if data[:6] == b"gitenv"}
    assert check_smudge(seeds.TOKENS[0] + b"\n") == "opened"
