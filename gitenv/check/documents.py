"""One file of a commit, judged without a key: what is plain text, what only looks encrypted, what came from elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from gitenv.errors import NotTrusted, from_top
from gitenv.model import comparing, contribution, document, remedies, sealed, similar, token, unvouched
from gitenv.model.codes import finding
from gitenv.model.contribution import People
from gitenv.model.document import Kind, Record
from gitenv.model.environment import Environment
from gitenv.model.finding import Finding
from gitenv.tuples import NamedTuple

Mend = Callable[[Sequence[remedies.Line]], tuple[str, ...]]
_ENCRYPTED = (Kind.TOKEN, Kind.LOOKALIKE)
_MARKERS = (b"<<<<<<<", b">>>>>>>", b"|||||||")
_MOST = 20  # lines of one file that are named one by one


class Document(NamedTuple):
    """One file as it is to be judged."""

    path: str
    data: bytes
    statement: Environment | None  # whose file it is
    before: frozenset[bytes] | None  # the records that stood there in the base; None: there is nothing to compare with
    ahead: Environment | None = None  # the base's statement, where a branch is behind it: by that one it is read once merged


def is_plain(record: Record) -> bool:
    """Whether a record can be read as it stands. What begins like a token and is none hides nothing."""
    return record.kind in (*document.TEXT, Kind.LOOKALIKE) or (record.kind is Kind.TOKEN and token.read(record) is None)


def records_of(data: bytes | None) -> frozenset[bytes]:
    """What stands in a document, to compare with; nothing where it cannot be read."""
    try:
        return frozenset(record.raw for record in document.parse(data or b""))
    except NotTrusted:
        return frozenset()


def plain(version: Document, mend: Mend, commit: str = "") -> list[Finding]:
    """The lines in plain text, each by its name or number. Raises `NotTrusted` for a document that is too large.

    `mend` says for these lines which commands mend the file.
    """
    numbered = document.numbered(document.parse(version.data))
    # `encrypted` tells what is malformed at the end of a change; of the commits before it nobody else does.
    listed = [(record, line) for record, line in numbered if record.kind in document.TEXT or (commit and is_plain(record))]
    commands = mend([remedies.Line(record.name.decode("ascii"), line) for record, line in listed]) if listed else ()
    return bounded([_plain(version, record, line, commit, commands) for record, line in listed])


def encrypted(version: Document, people: People) -> Iterator[Finding]:
    """Everything else that a document can have wrong. Raises `NotTrusted` for one that is too large."""
    numbered = list(document.numbered(document.parse(version.data)))
    if version.statement is None:
        yield from _unclaimed(version, numbered)
        numbered = [(record, line) for record, line in numbered if record.kind not in (*_ENCRYPTED, Kind.SEALED)]
    ways = _ways(version, numbered)
    found = [(record, _judge(version, record, line, people, ways)) for record, line in numbered]
    yield from bounded([each for record, each in found if each and record.kind is not Kind.SEALED])
    yield from bounded([each for record, each in found if each and record.kind is Kind.SEALED])
    yield from bounded(list(_moved(version, numbered)))
    yield from _nameless(version, numbered)
    yield from _names(version)


def read_differently(path: str, records: Sequence[Record]) -> list[Finding]:
    """The lines of an open file that programs read differently: nobody needs a key for it, and a closed one has none."""
    from gitenv.model import disagreement

    return bounded(
        [
            finding("read-differently", each.text, path, each.line, (remedies.set_anew(path, each.name),) * each.has_way)
            for each in disagreement.find(document.numbered(records))
        ]
    )


def _nameless(version: Document, numbered: Sequence[tuple[Record, int]]) -> Iterator[Finding]:
    """A document in another encoding than UTF-8 is encrypted like comments: nobody sees which keys it sets."""
    hidden = [record for record, _ in numbered if record.kind in (*_ENCRYPTED, Kind.SEALED)]
    if hidden and not any(record.name for record in hidden):
        yield finding("no-names", "no key name can be read: it is all comments, or not in UTF-8 (UTF-16?)", version.path)


def _moved(version: Document, numbered: Sequence[tuple[Record, int]]) -> Iterator[Finding]:
    """Values under another name than they were encrypted for: the name is part of what is encrypted, so no two are alike."""
    known = [raw.partition(token.MARK) for raw in version.before or ()]
    owners = {text: name[:-1] for name, mark, text in known if mark}
    for record, line in numbered:
        if record.kind is Kind.TOKEN:
            text = record.raw.partition(token.MARK)[2]
            owner = owners.setdefault(text, record.name)
            if owner != record.name:
                whose = owner.decode("ascii", "backslashreplace") or "a line without a name"
                name = record.name.decode("ascii") or "a line"
                was_before = version.before is not None and record.raw in version.before
                look = (remedies.look(version.path),)
                text_of = f"{name} has the encrypted value of {whose}, and opens for nobody"
                yield finding("token-moved", text_of, version.path, line, look, was_before=was_before)


def _unclaimed(version: Document, numbered: Sequence[tuple[Record, int]]) -> Iterator[Finding]:
    marked = [(record, line) for record, line in numbered if record.kind in (*_ENCRYPTED, Kind.SEALED)]
    if marked:
        count = "1 encrypted line" if len(marked) == 1 else f"{len(marked):,} encrypted lines"
        known = version.before is not None and all(record.raw in version.before for record, _ in marked)
        text = f"{count}, and no environment claims this file"
        yield finding("token-unclaimed", text, version.path, marked[0][1], ("gitenv status",), was_before=known)


def bounded(found: Sequence[Finding], most: int = _MOST) -> list[Finding]:
    """The first of them, the gravest first, and how many are left: whoever can push can push ten thousand."""
    if len(found) <= most:
        return list(found)
    ranked = sorted(found, key=lambda each: ("error", "warning", "note").index(each.severity.value))
    worst = ranked[0]
    rest = finding("more", f"and {len(found) - most:,} more like these", worst.path, commit=worst.commit)
    return [*ranked[:most], rest]


def _plain(version: Document, record: Record, line: int, commit: str, commands: tuple[str, ...]) -> Finding:
    what = f"{record.name.decode('ascii')} stands there" if record.name else "a line stands there"
    was_before = version.before is not None and record.raw in version.before
    return finding("plain-text", f"{what} in plain text", version.path, line, commands, commit, was_before=was_before)


def _ways(version: Document, numbered: Sequence[tuple[Record, int]]) -> tuple[str, ...]:
    """What decides about the retired tokens that came in, all at once. `gitenv status` says those that share a name."""
    statement = version.statement
    codes = [(unvouched.code(record, statement), record) for record, _ in numbered] if statement else []
    count = Counter(record.name for code, record in codes if code)
    retired = [record.name for code, record in codes if code == "token-retired" and record.raw not in (version.before or ())]
    lines = [remedies.Line(name.decode("ascii"), 0) for name in retired if name and count[name] == 1]
    decide = remedies.decide(version.path, remedies.words(lines)) if lines else ()
    return (remedies.look(version.path), *decide, *(("gitenv status",) if len(lines) < len(retired) else ()))


def _judge(version: Document, record: Record, line: int, people: People, ways: tuple[str, ...]) -> Finding | None:
    is_known = version.before is not None and record.raw in version.before
    look = (remedies.look(version.path),)
    name = record.name.decode("ascii") or "a line"
    if record.kind is Kind.UNVERIFIED:
        text = "a mark of an unverified line was committed as it stands in a work tree"
        return finding("unverified-mark", text, version.path, line, look, was_before=is_known)
    if record.kind is Kind.PLAIN:
        if record.raw.startswith(_MARKERS):
            return finding("conflict-marker", "a conflict marker", version.path, line, (), was_before=is_known)
        return None
    if record.kind in _ENCRYPTED:
        code, text = _token(version, record)
        if code:
            # Without a base nobody can say that it came in: a rotation leaves what nobody vouches for.
            is_retired = code == "token-retired"
            commands = ways if is_retired and not version.ahead else look
            is_left = is_retired and version.before is None
            return finding(code, f"{name} {text}", version.path, line, commands, was_before=is_known or is_left)
    if record.kind is Kind.SEALED:
        return _sealed(version, record, line, people, is_known=is_known)
    return None


def _token(version: Document, record: Record) -> tuple[str, str]:
    """The code and what to say of a token that is not one of today's; nothing of one that is."""
    statement, found = version.statement, token.read(record) if record.kind is Kind.TOKEN else None
    assert statement is not None
    shown = f"{found.number}.{found.hint.decode('ascii')}" if found else ""
    texts = {
        "token-malformed": "looks encrypted, and has not the form of what gitenv writes",
        "token-unknown": f"is encrypted for generation {shown}, which {statement.name} never had",
        "token-newer": f"is encrypted for generation {shown}; here {statement.name} is at {statement.generation.number}: "
        "merge the main branch",
        "token-retired": f"is encrypted with the key of generation {found.number if found else 0}; {_at(statement)}",
    }
    code = unvouched.code(record, statement)
    if code or version.ahead is None or record.raw in (version.before or ()):
        return code, texts.get(code, "")
    late = f"is encrypted with the key of generation {statement.generation.number}; in the base {_at(version.ahead)}"
    return unvouched.code(record, version.ahead), late


def _at(statement: Environment) -> str:
    return f"{statement.name} is at {statement.generation.number}"


def _sealed(version: Document, record: Record, line: int, people: People, *, is_known: bool) -> Finding:
    name, word = record.name.decode("ascii"), from_top(version.path)
    assert version.statement is not None
    problem = contribution.problem(version.statement, record, people, name)
    if problem:
        commands = (remedies.look(version.path), f"gitenv reject {name} -f {word}")
        return finding(problem.code, problem.message, version.path, line, commands, was_before=is_known)
    found = sealed.read(record)
    by = found.by if found else ""
    text = f"{by} sealed {name} for the holders of {version.statement.name}"
    return finding("sealed", text, version.path, line, remedies.decide(version.path, [record.name.decode("ascii")]))


def _counts(version: Document, record: Record) -> bool:
    """Whether a record sets its key: a file that is opened has a mark for what nobody vouches for."""
    return version.statement is None or unvouched.code(record, version.statement) not in ("plain-text", "token-retired")


def _names(version: Document) -> Iterator[Finding]:
    """Keys that are set twice, and keys that a reader takes for each other."""
    places = comparing.occurrences(version.data)
    undecided = comparing.in_conflict(version.data)  # the markers are said, and a key stands on both sides of them
    old = version.before or frozenset()
    new = {name for name, listed in places.items() if any(place.record.raw not in old for place in listed)}
    counting = {name: [place for place in listed if _counts(version, place.record)] for name, listed in places.items()}
    twice = [
        finding("duplicate-key", f"{name} is set {len(listed)} times; the last one counts", version.path, listed[-1].line)
        for name, listed in counting.items()
        if len(listed) > 1 and name in new and name not in undecided
    ]
    yield from bounded(twice)
    alike = []
    for group in similar.alike(places):
        if new.intersection(group.names):
            why = "differ in case only" if group.is_case else "look alike"
            shown = ", ".join(group.names[:4])
            alike.append(finding("similar-keys", f"{shown} {why}", version.path, places[group.names[-1]][-1].line))
    yield from bounded(alike)
