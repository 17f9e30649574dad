"""`gitenv accept` and `gitenv reject`: a person decides about lines that nobody vouches for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from gitenv.errors import Changed, GitenvError, Locked, NotTrusted, Usage, from_top, printable
from gitenv.git import index
from gitenv.model import document, editing, known, plain, smudge, token, unverified
from gitenv.model.document import Kind, Record
from gitenv.model.keyring import Keyring
from gitenv.model.unverified import Unverified
from gitenv.repo import clone
from gitenv.system import files
from gitenv.team import amend, follow, lock, revise, save
from gitenv.team.contributors import Contributors
from gitenv.team.save import Unstaged
from gitenv.team.workspace import Workspace
from gitenv.trust.pins import Pin
from gitenv.tuples import NamedTuple


class Question(NamedTuple):
    """One unverified record of a file, to be decided about."""

    path: str
    environment: str
    found: Unverified
    replaces: tuple[int, ...]  # the lines of the values it would take the place of
    problem: NotTrusted | None  # what speaks against a sealed value: it needs --force
    text: bytes  # the whole file, as it was when it was asked about
    is_plain: bool = False  # it, or another line with its name, stands in plain text in the index, and has no mark in the file
    later: int = 0  # the line of another one with its name that is meant as well: the last counts, as in any dotenv file


class Decided(NamedTuple):
    """What was done to a file."""

    path: str
    names: list[str]
    unstaged: Unstaged | None
    known: Sequence[str] = ()  # those that somebody who left could read


def mine(workspace: Workspace, asked: Sequence[Question]) -> list[Question]:
    """Those that this clone itself encrypted: in a stash, on a branch or in a rebase from before a rotation. Raises `Usage`."""
    made = clone.made(workspace.repository.layout.common_dir)
    found = [each for each in asked if any(clone.is_made(made, raw) for raw in _tokens(workspace, each))]
    if not found:
        raise Usage("none of the lines is one that this clone encrypted", "gitenv status names them")
    return found


def _tokens(workspace: Workspace, question: Question) -> list[bytes]:
    """The tokens that a question is about: behind the mark, or in the index where the line stands open in the file."""
    if question.is_plain:
        return plain.tokens(document.parse(_stored(workspace, question.path)), question.found, _ring(workspace, question.path))
    return [question.found.record.raw] if question.found.record.kind is Kind.TOKEN else []


def questions(workspace: Workspace, wanted: Sequence[str], file: str, folder: str, environment: str = "") -> list[Question]:
    """The unverified records that are meant: by name or by line, or all. Raises `Usage` where that is not clear.

    `file` is relative to `folder`; without one, all files of the pinned environments are looked through, or
    of the one that is named.
    """
    if environment:
        workspace.check_known(environment)
    seals = Contributors(workspace)
    found = [
        each for path in _paths(workspace, file, folder, environment) for each in _in_file(workspace, path, bool(file), seals)
    ]
    found = [each for each in found if environment in ("", each.environment)]
    if not found:
        where = f" in {printable(file or environment)}" if file or environment else ""
        # Somebody may have taken them out of the file, and that is not staged.
        staged = [path for path in _paths(workspace, file, folder, environment) if file and _has_plain(workspace, path)]
        if staged:
            raise Usage(f"there are no unverified lines{where} any more; the index has some", f"git add {from_top(staged[0])}")
        raise Usage(f"there are no unverified lines{where}", "gitenv status")
    chosen = [_one(found, name) for name in wanted] or found
    chosen = list(dict.fromkeys(chosen))
    last = {(each.path, each.found.name): each.found.line for each in sorted(chosen, key=lambda each: each.found.line)}
    return [each._replace(later=_later(each, last[each.path, each.found.name])) for each in chosen]


def _has_plain(workspace: Workspace, path: str) -> bool:
    records = document.parse(_stored(workspace, path))
    return any(record.kind is Kind.TOKEN for record in records) and any(record.kind in document.TEXT for record in records)


def _later(question: Question, last: int) -> int:
    return last if question.found.name and question.found.line < last else 0


def accept(workspace: Workspace, chosen: Sequence[Question], *, force: bool = False) -> list[Decided]:
    """Make values of them. All is checked before the first file is written.

    Raises `Locked` for who is no holder, and `NotTrusted` for a forged mark, for what cannot stand there, and without `force`
    for a sealed value that something speaks against.
    """
    follow.refresh(workspace)
    rings = check(workspace, chosen, force=force)
    marked = [question for question in chosen if not question.is_plain]
    texts = _decided(
        workspace, marked, lambda data, mine: unverified.accept(data, [q.found for q in mine], rings[mine[0].environment])
    )
    known_to_others = _list_known(workspace, marked, rings)
    done = _write(workspace, marked, texts, lambda mine: _accepted_in_index(workspace, mine, rings[mine[0].environment]))
    _accept_in_conflict(workspace, marked, rings)
    done += _write_index(
        workspace, chosen, lambda data, mine: plain.encrypted(data, [q.found for q in mine], rings[mine[0].environment])
    )
    return [each._replace(known=known_to_others.get(each.path, [])) for each in done]


def check(workspace: Workspace, chosen: Sequence[Question], *, force: bool) -> dict[str, Keyring]:
    """The keyrings of their environments. Raises `Locked`, and without `force` what speaks against one of them."""
    pins = {question.environment: workspace.need_pin(question.environment) for question in chosen}
    rings = {name: workspace.need_holder(pin, "accept nothing") for name, pin in pins.items()}
    for problem in (question.problem for question in chosen if question.problem and not force):
        raise type(problem)(problem.message, f"{problem.hint + '; ' if problem.hint else ''}to accept it all the same: --force")
    return rings


def shown_values(workspace: Workspace, question: Question) -> tuple[list[bytes], bytes]:
    """The records that are values now under that name, and the one that would be. Raises `Locked` and `NotTrusted`."""
    ring = workspace.access.ring(workspace.need_pin(question.environment))
    records = document.parse(question.text)
    now = [records[position].raw for position in editing.values(records).get(question.found.name, [])]
    return now, unverified.value(question.found, ring).raw


def reject(workspace: Workspace, chosen: Sequence[Question]) -> list[Decided]:
    """Take them out of their files."""
    marked = [question for question in chosen if not question.is_plain]
    done = _write(
        workspace, marked, _decided(workspace, marked, lambda data, mine: unverified.reject(data, [q.found for q in mine]))
    )
    for path in dict.fromkeys(question.path for question in chosen if question.is_plain):
        # What the file has in the place of a line in the index is the user's own, and stays.
        there = plain.texts(document.parse(_stored(workspace, path)), _ring(workspace, path))
        mine = [q.found for q in chosen if q.is_plain and q.path == path and q.found.record.raw in there]
        text = files.read_inside(workspace.root, path, document.MAX_BYTES) or b""
        workspace.write(path, plain.without(text, mine, None), instead_of=text)
    return done + _write_index(
        workspace,
        chosen,
        lambda data, mine: plain.without(data, [q.found for q in mine], _ring(workspace, mine[0].path)),
    )


def _paths(workspace: Workspace, file: str, folder: str, environment: str) -> list[str]:
    if file:
        path = workspace.relative(file, folder)
        if files.read_inside(workspace.root, path, document.MAX_BYTES) is None:
            raise Usage(f"there is no file {printable(file)}", "gitenv status")
        return [path]
    pinned = workspace.access.pinned()
    listed = workspace.files_of([pin.environment for pin in pinned if environment in ("", pin.name)])
    return sorted({entry.path for entries in listed.values() for entry in entries})


def _in_file(workspace: Workspace, path: str, is_named: bool, seals: Contributors) -> Iterator[Question]:
    """The questions of one file. Raises for one that was named and cannot be decided about."""
    try:
        pin = workspace.access.claimant(path)
        if pin is None:
            raise Usage(f"{printable(path)} belongs to no environment", "gitenv status")
        yield from _open_questions(workspace, path, pin, seals)
    except NotTrusted as error:
        if is_named:
            raise type(error)(f"{printable(path)}: {error.message}", error.hint) from None
    except GitenvError:
        if is_named:
            raise


def _open_questions(workspace: Workspace, path: str, pin: Pin, seals: Contributors) -> Iterator[Question]:
    text = _text(workspace, path, pin)
    records = document.parse(text)
    if any(record.kind is Kind.TOKEN for record in records):
        raise Locked(f"{printable(path)} is not open", f"gitenv unlock {pin.name}")
    namesakes, lines = editing.values(records), editing.line_numbers(records)
    for found in unverified.find(records):
        replaces = tuple(lines[position] for position in namesakes.get(found.name, []))
        is_sealed = found.record.kind is Kind.SEALED
        problem = seals.problem(pin.environment, found.record, f"{printable(path)}: {found.shown}") if is_sealed else None
        yield Question(path, pin.name, found, replaces, problem, text)
    for found in plain.find(records, document.parse(_stored(workspace, path)), _ring(workspace, path)):
        yield Question(path, pin.name, found, (), None, text, is_plain=True)


def _text(workspace: Workspace, path: str, pin: Pin | None) -> bytes:
    """A file as it is; of a closed work tree as it would be in an open one."""
    if pin and workspace.access.is_closed:
        return amend.look(workspace, pin, path, workspace.access.ring(pin)).text
    return files.read_inside(workspace.root, path, document.MAX_BYTES) or b""


def _ring(workspace: Workspace, path: str) -> Keyring | None:
    pin = workspace.access.claimant(path)
    return lock.retiring(workspace, pin) if pin and workspace.access.can_open(pin) else None


def _one(found: Sequence[Question], name: str) -> Question:
    fitting = [question for question in found if name in (question.found.name, str(question.found.line))]
    if len(fitting) > 1:
        raise _several(name, fitting)
    if not fitting:
        there = ", ".join(dict.fromkeys(question.found.shown for question in found[:10]))
        raise Usage(f"there is no unverified {printable(name)}", f"there are: {there}")
    return fitting[0]


def _several(name: str, fitting: Sequence[Question]) -> Usage:
    places = ", ".join(f"{printable(question.path)}:{question.found.line}" for question in fitting[:10])
    word = from_top(fitting[0].path)
    return Usage(
        f"{printable(name)} is there {len(fitting)} times: {places}",
        f"say which file and line, like: {fitting[0].found.line} -f {word}",
    )


def _by_path(chosen: Iterable[Question]) -> dict[str, list[Question]]:
    by_path: dict[str, list[Question]] = {}
    for question in chosen:
        by_path.setdefault(question.path, []).append(question)
    return by_path


def _decided(
    workspace: Workspace, chosen: Sequence[Question], decide: Callable[[bytes, Sequence[Question]], bytes]
) -> dict[str, bytes]:
    """The files as they are to be. Raises what speaks against it, before anything is written."""
    texts: dict[str, bytes] = {}
    for path, mine in _by_path(chosen).items():
        try:
            texts[path] = decide(_still(workspace, path, mine), mine)
        except NotTrusted as error:
            raise type(error)(f"{printable(path)}: {error.message}", error.hint) from None
    return texts


def _list_known(workspace: Workspace, chosen: Iterable[Question], rings: Mapping[str, Keyring]) -> dict[str, list[str]]:
    """Sign which of these values somebody who left could read; return their names by file."""
    found: dict[str, list[str]] = {}
    asked = [question for question in chosen if question.found.name and not question.later]
    for name in rings:
        mine = [(q, _spelled(q.found.record, q, rings)) for q in asked if q.environment == name]
        listed = revise.list_known(workspace, name, [(q.found.record, record) for q, record in mine])
        for question, record in mine:
            if known.hash_of(record) in listed:
                found.setdefault(question.path, []).append(question.found.name)
    return found


def _write(
    workspace: Workspace,
    chosen: Sequence[Question],
    texts: Mapping[str, bytes],
    stage: Callable[[Sequence[Question]], bytes | None] | None = None,
) -> list[Decided]:
    if not texts:
        return []
    by_path = _by_path(chosen)
    if workspace.access.is_closed:
        return [Decided(path, _shown(mine), _amended(workspace, path, texts[path], mine)) for path, mine in by_path.items()]
    blobs = {path: blob for path, mine in by_path.items() if stage and (blob := stage(mine)) is not None}
    unstaged = save.save(workspace, texts, {path: mine[0].text for path, mine in by_path.items()}, blobs)
    return [Decided(path, _shown(mine), unstaged.get(path)) for path, mine in by_path.items()]


def _amended(workspace: Workspace, path: str, text: bytes, decided: Sequence[Question]) -> Unstaged | None:
    """In a closed work tree only ciphertext is written."""
    pin = workspace.need_pin(decided[0].environment)
    ring = workspace.access.ring(pin)
    standing = amend.look(workspace, pin, path, ring)
    return amend.write(workspace, standing, text, ring, {question.found.name for question in decided})


def _write_index(
    workspace: Workspace, chosen: Sequence[Question], decide: Callable[[bytes, Sequence[Question]], bytes]
) -> list[Decided]:
    """Decide about what stands in plain text in the index, there and past the filter; a file keeps what else it has."""
    by_path = _by_path(question for question in chosen if question.is_plain)
    texts = [decide(_stored(workspace, path), mine) for path, mine in by_path.items()]
    save.stage_blobs(workspace, dict(zip(by_path, texts, strict=True)))
    return [Decided(path, _shown(mine), None) for path, mine in by_path.items()]


def _accept_in_conflict(workspace: Workspace, chosen: Sequence[Question], rings: Mapping[str, Keyring]) -> None:
    """In each side a token of today, in the place of what counted for nothing: else `git add` would bring that back."""
    raws = {(q.path, q.found.record.raw): q for q in chosen}
    entries = []
    for entry in workspace.repository.tracked():
        mine = {raw: q for (path, raw), q in raws.items() if path == entry.path and entry.stage}
        records = document.parse(workspace.repository.objects.read(entry.object_id) or b"") if mine else []
        new = [_spelled(record, mine.get(record.raw), rings) for record in records]
        if new != records:
            entries.append(entry._replace(object_id=index.write_blobs(workspace.root, [document.join(new)])[0]))
    if entries:
        workspace.repository.replace_entries(entries)


def _spelled(record: Record, question: Question | None, rings: Mapping[str, Keyring]) -> Record:
    if question is None:
        return record
    ring = rings[question.environment]
    value = unverified.value(question.found, ring)
    return record._replace(raw=token.spell(ring.keys, token.head(ring.current), value))


def _accepted_in_index(workspace: Workspace, asked: Sequence[Question], ring: Keyring) -> bytes | None:
    """What the index is to have: the accepted values, and all else as it stands there. None where it has none of them."""
    stored = _stored(workspace, asked[0].path)
    opened = smudge.smudge(stored, [ring])
    left = Counter(question.found.record.raw for question in asked)
    found: list[Unverified] = []
    for each in [question.found for question in asked] if opened == asked[0].text else unverified.find(document.parse(opened)):
        if left[each.record.raw]:
            left[each.record.raw] -= 1
            found.append(each)
    if not found:
        return None
    raws = {each.record.raw for each in found}
    return save.cleaned(unverified.accept(opened, found, ring), stored, ring, lambda record: record.raw in raws)


def _shown(questions: Sequence[Question]) -> list[str]:
    return list(dict.fromkeys(question.found.shown for question in questions))


def _stored(workspace: Workspace, path: str) -> bytes:
    return workspace.repository.objects.read(f":0:{path}", document.MAX_BYTES) or b""


def _still(workspace: Workspace, path: str, asked: Sequence[Question]) -> bytes:
    """A file that is the one that was asked about: an editor may have saved while we waited."""
    data = _text(workspace, path, workspace.access.claimant(path))
    if any(question.text != data for question in asked):
        raise Changed(printable(path))
    return data
