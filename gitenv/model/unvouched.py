"""What is wrong with a line that nobody vouches for, as far as it can be told without a key: for `check` and `status` alike."""

from __future__ import annotations

from gitenv.model import contribution, token
from gitenv.model.document import Kind, Record
from gitenv.model.environment import Environment


def code(record: Record, statement: Environment) -> str:
    """Its code in the catalogue of findings; "" for a token that is of today's generation."""
    if record.kind not in (Kind.TOKEN, Kind.LOOKALIKE):
        return "plain-text"
    found = token.read(record) if record.kind is Kind.TOKEN else None
    if found is None:
        return "token-malformed"
    generation = contribution.generation_of(statement, found.number, found.hint)
    if generation is None:
        # An edit on a branch from before a rotation is under the newest key, which this statement cannot know.
        return "token-newer" if found.number > statement.generation.number else "token-unknown"
    return "" if generation == statement.generation else "token-retired"
