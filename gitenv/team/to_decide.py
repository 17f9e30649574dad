"""What a person decides about: lines that nobody vouches for, and links in the place of protected files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from gitenv.errors import GitenvError, from_top, joined
from gitenv.git.index import IndexEntry
from gitenv.model import clean, links, names, plain, remedies, unverified, unvouched
from gitenv.model.codes import finding, of_error
from gitenv.model.document import Record
from gitenv.model.environment import Environment
from gitenv.model.finding import Finding
from gitenv.model.keyring import Keyring
from gitenv.model.unverified import Unverified
from gitenv.repo import clone
from gitenv.team.workspace import Workspace
from gitenv.trust.pins import Pin

_MOST = 8


class Choice(Finding):
    """That somebody has to accept or reject what nobody vouches for. Its text names the file."""


def leads_to(pins: Iterable[Pin], path: str) -> bool:
    """Whether a file of environments belongs at a path, or below it."""
    return any(pin.claims(path) or names.leads_to_claimed(pin.paths, path) for pin in pins)


def linked(workspace: Workspace, is_protected: Callable[[str], bool]) -> Iterator[Choice]:
    """Links in the place of protected files, or of their folders. Programs follow them, and so does what somebody types."""
    for entry in workspace.repository.listing.links():
        if is_protected(entry.path) and not _leads_to_protected(workspace, entry):
            text = f"{entry.path} is a link, and is not encrypted: programs read, and write, what it leads to"
            yield choice("not-a-file", text, commands=(remedies.look(entry.path), remedies.take_out(entry.path)))


def _leads_to_protected(workspace: Workspace, link: IndexEntry) -> bool:
    target = links.leads_to(link.path, workspace.repository.objects.read(link.object_id, links.MAX_BYTES))
    try:
        return workspace.repository.listing.has(target) and workspace.access.claimant(target) is not None
    except GitenvError:
        return False


def foreign(statement: Environment, path: str, records: list[Record], positions: list[int], *, is_typed: bool) -> Finding:
    """Tokens at some positions of a file are of a key that none of its environment's is."""
    word = from_top(path)
    if is_typed:
        text = f"{path} is encrypted for another environment"
        return choice("token-unknown", text, commands=(remedies.stage_anew(path),))
    # Only those that are shown: to find a line's number takes as long as the file has lines before it.
    places = joined([clean.place(records, position) for position in positions[:_MOST]], _MOST, len(positions))
    text = f"{path} stays closed: encrypted with a key that is none of {statement.name}'s: {places}"
    return choice("token-unknown", text, commands=(f"git log -p -- {word}", f"git checkout COMMIT -- {word}"))


def marked_lines(
    workspace: Workspace,
    path: str,
    records: list[Record],
    marked: list[Unverified],
    asked: list[Unverified],
    statement: Environment,
    ring: Keyring | None,
    who: str,
) -> Iterator[Finding]:
    """What to decide about, by what is wrong with it; and forged marks. `who` accepts, where the caller cannot."""
    checked = [(found, unverified.forged_at(records, found)) for found in marked]
    forged = [position for _, position in checked if position is not None]
    yield from (Choice(*of_error(clean.forged_mark(records, position), path)) for position in forged[:_MOST])
    left = [found for found, position in checked if position is None]
    codes = {found: unvouched.code(found.record, statement) or "lookalike" for found in left}  # opens for nobody here
    for code in dict.fromkeys(codes.values()):
        same = [found for found in left if codes[found] == code]
        text = f"{path}: nobody vouches for {joined([found.shown for found in same])}{_which_retired(same, ring)}"
        own = not who and clone.has_made(workspace.repository.layout.common_dir, [found.record.raw for found in same])
        yield choice(code, text, commands=tuple(ways(path, unverified.words(same, asked), who, are_mine=own)))


def in_use(
    workspace: Workspace, pin: Pin, opened: list[Record], records: list[Record]
) -> Iterator[tuple[str, str, list[Unverified]]]:
    """Lines without a mark for which the index has what counts for nothing: no `git add` makes values of them."""
    from gitenv.team import lock

    if not (all_found := plain.find(opened, records, lock.retiring(workspace, pin))):
        return
    text = plain.find(opened, records)
    for code, why, found in (
        ("plain-text", "plain text in the index", text),
        ("token-retired", "encrypted with a retired key in the index", [each for each in all_found if each not in text]),
    ):
        if found:
            yield code, why, found


def only_in_index(path: str, listed: list[str], statement: Environment, *, is_open: bool) -> Finding:
    """Lines that the file does not show: it is closed, or somebody staged or committed them and left it as it was."""
    text = f"{path}: nobody vouches for {joined(listed)}"
    if not is_open:
        return choice("plain-text", text, commands=(f"gitenv unlock {statement.name}",))
    commands = [remedies.look(path), f"git add {from_top(path)}"]
    return choice(
        "plain-text", f"{text} (in the index, and not in your file; git add takes it out there)", commands=tuple(commands)
    )


def ways(path: str, which: list[str], who: str, *, are_mine: bool = False) -> list[str]:
    """To look, to accept and to reject; `who` accepts, where the caller cannot."""
    accept, reject = remedies.decide(path, which, are_mine=are_mine)
    return [remedies.look(path), *([reject, f"ask {who} to run: {accept}"] if who else [accept, reject])]


def _which_retired(found: list[Unverified], ring: Keyring | None) -> str:
    """Which of them come from before a rotation, most of them from a colleague's older branch."""
    retired = [each.shown for each in found if ring and unverified.is_retired(each, ring)]
    if len(retired) == len(found):
        return " (encrypted with a retired key)"
    return f" ({joined(retired)}: encrypted with a retired key)" if retired else ""


def choice(code: str, text: str, commands: tuple[str, ...]) -> Choice:
    """A finding about what a person decides."""
    return Choice(*finding(code, text, commands=commands))
