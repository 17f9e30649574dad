"""The revocation report: which secrets somebody who leaves could read, for people, for programs, and for a ticket."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gitenv.cli import show
from gitenv.errors import printable

if TYPE_CHECKING:
    from gitenv.team.removing import Removal, Removed
    from gitenv.team.revocation import Exposure, Secret

_SHORT = 12


def show_text(who: str, exposures: Sequence[Exposure]) -> None:
    """On the terminal. `who` left, or is the key that did."""
    count = sum(len(exposure.secrets) for exposure in exposures)
    if not count:
        return
    show.say(f"{who} could read {count} secrets. Give each a new value at its provider, then set that here:")
    rows = [
        [exposure.environment, secret.name, secret.path, _since(secret, exposure), "" if secret.is_there else "no longer there"]
        for exposure in exposures
        for secret in exposure.secrets
    ]
    show.table("", ["environment", "key", "file", "readable since commit", ""], rows)
    for exposure in exposures:
        if exposure.hidden:
            show.say(f"and {_hidden(exposure)}")
    show.say(_stays(who))


def as_json(removal: Removal, removed: Removed) -> dict[str, object]:
    """For programs."""
    return {
        "name": removal.name,
        "environments": [
            {
                "environment": exposure.environment,
                "since": exposure.since,
                "hidden_lines": exposure.hidden,
                "secrets": [
                    {"name": secret.name, "path": secret.path, "since": secret.since, "present": secret.is_there}
                    for secret in exposure.secrets
                ],
            }
            for exposure in removal.exposures
        ],
        "generations": {done.name: done.number for done in removed.rotated},
        "still_in": removal.beyond,
        "pub_removed": removed.pub,
        "note": _stays(removal.name),
    }


def as_markdown(removal: Removal) -> str:
    """For a ticket: one box to tick for each secret."""
    return "\n".join(_markdown(removal)) + "\n"


def _markdown(removal: Removal) -> Iterator[str]:
    yield f"## {removal.name} has left: secrets to reissue"
    yield ""
    yield f"{_stays(removal.name)} Each of these needs a new value at its provider."
    for exposure in removal.exposures:
        yield ""
        yield f"### {exposure.environment}"
        yield ""
        for secret in exposure.secrets:
            gone = "" if secret.is_there else ", no longer there"
            yield f"- [ ] `{secret.name}` in {_code(secret.path)}, readable since {_since(secret, exposure)}{gone}"
        if exposure.hidden:
            yield f"- [ ] {_hidden(exposure)}"
        if not exposure.secrets:
            yield "No key names."
    if removal.beyond:
        yield ""
        where = " ".join(f"-e {name}" for name in removal.beyond)
        yield f"Still in: {', '.join(removal.beyond)}. Who holds that can run `gitenv remove-recipient {removal.name} {where}`."


def _hidden(exposure: Exposure) -> str:
    lines = "1 line" if exposure.hidden == 1 else f"{exposure.hidden:,} lines"
    return f"{lines} of {exposure.environment} without a name, such as comments: look at what they say"


def _stays(name: str) -> str:
    return f"Old commits stay readable to {name}: whoever had a key may have kept it, and no rotation takes that back."


def _since(secret: Secret, exposure: Exposure) -> str:
    return (secret.since or exposure.since)[:_SHORT] or "not committed"


def _code(text: str) -> str:
    """A path from the repository as code, with more backticks around it than it has in it."""
    plain = printable(text)
    fence = "`"
    while fence in plain:
        fence += "`"
    return f"{fence} {plain} {fence}" if "`" in plain else f"`{plain}`"
