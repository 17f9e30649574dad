"""Everything that is judged of the state a change ends in: its documents, statements, people and attributes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gitenv.check import coverage, news, people, reissue, steps, value_origins
from gitenv.check.documents import Document, bounded, encrypted, plain, records_of
from gitenv.check.misplaced import like_dotenv, not_a_file, protected_target, unreadable
from gitenv.errors import GitenvError, NotTrusted, printable
from gitenv.model import document, dotenv, origins, remedies, unvouched
from gitenv.model.codes import finding
from gitenv.model.comparing import Occurrence
from gitenv.model.document import Kind
from gitenv.model.environment import Environment
from gitenv.model.finding import Finding
from gitenv.repo.snapshot import Entry
from gitenv.repo.value_rollbacks import came, rollbacks
from gitenv.trust.change import Change
from gitenv.tuples import NamedTuple

_MAX_FINDINGS = 500


class Documents(NamedTuple):
    """What was found in files, and what came in that may have been there once before."""

    findings: list[Finding]
    came: Mapping[str, list[Occurrence]]
    tokens: list[origins.Came]  # that are new in their file


def findings(change: Change, *, with_plain: bool) -> Iterator[Finding]:
    """Judge the end of a change. `with_plain` also looks for plain text in its documents, where no commits are looked at."""
    found = _documents(change, with_plain=with_plain)
    yield from bounded(found.findings, _MAX_FINDINGS)
    yield from _rolled_back(change, found.came)
    yield from value_origins.findings(change, found.tokens)
    yield from bounded(list(people.nested(change)))
    yield from reissue.findings(change)
    if change.statements and (templates := [path for path in change.files if dotenv.kind(path) == "template"]):
        from gitenv.check import examples  # a commit waits for what it loads

        yield from examples.findings(change, templates)
    if change.is_whole or change.has_new_members:
        yield from steps.findings(change)
        yield from people.findings(change)
        yield from news.findings(change)
    if change.is_whole or change.has_new_attributes or _has_new_files(change):
        yield from coverage.findings(change)


def _documents(change: Change, *, with_plain: bool) -> Documents:
    found: list[Finding] = []
    new: dict[str, list[Occurrence]] = {}
    tokens: list[origins.Came] = []
    entries = change.files
    for path in _judged(change):
        is_covered = change.claims.covers(path)
        if not entries[path].is_file:
            if is_covered or change.claims.leads_to_covered(path):
                found.append(_no_file(change, path, entries))
            continue
        data = change.after.document(path)
        if data is None:
            found += [unreadable(path)] if is_covered else []
            continue
        old = change.before.document(path) if change.before else b""
        before = records_of(old)
        try:
            if is_covered:
                found += _document(change, path, data, before, with_plain=with_plain)
                new[path] = came(old or b"", data)
                tokens += origins.came(path, old or b"", data) if change.before else []
            elif with_plain and (one := like_dotenv(path, data, frozenset() if change.is_whole else before)):
                found.append(one)
        except NotTrusted as error:
            found.append(unreadable(path, why=error.message))
    return Documents(found, new, tokens)


def _no_file(change: Change, path: str, entries: Mapping[str, Entry]) -> Finding:
    """What stands at a protected path and is no file. A link to a protected one holds no value, and is none's loss."""
    mode, object_id = entries[path]
    target = protected_target(change.objects, change.claims, path, mode, object_id)
    if target in entries:
        return finding("link", f"a link to {printable(target)}, which is protected itself", path)
    there = {} if change.is_whole else change.former_files
    return not_a_file(path, mode, was_before=there.get(path) == entries[path])


def _judged(change: Change) -> list[str]:
    """The files to look at: those that changed, and all of environments whose key did: what was current may be so no more."""
    rekeyed = [
        statement
        for name, statement in change.statements.items()
        if (old := change.former_statements.get(name)) and old.generation != statement.generation
    ]
    gone = [statement for name, statement in change.former_statements.items() if name not in change.statements]
    if change.is_whole:
        candidates = list(change.changed)
    else:
        also = (path for path in change.files if any(each.claims(path) for each in (*rekeyed, *gone)))
        candidates = sorted({*change.changed, *also}) if rekeyed or gone else change.changed
    entries, covers, leads = change.files, change.claims.covers, change.claims.leads_to_covered
    return [
        path
        for path in candidates
        if covers(path) or dotenv.kind(path) == "alike" or (not entries[path].is_file and leads(path))
    ]


def _document(change: Change, path: str, data: bytes, before: frozenset[bytes], *, with_plain: bool) -> Iterator[Finding]:
    statement = _whose(change, path, data)
    has_base = change.before is not None or not change.is_whole
    version = Document(path, data, statement, before if has_base else None, change.ahead_of(statement) if statement else None)
    if with_plain:
        # Where the whole is judged, what stands in plain text is an error, however long it has. And before a commit: whoever
        # changes a file decides about the lines in it that nobody vouches for.
        judged = version._replace(before=None if change.is_whole or not change.after.commit else before)
        yield from plain(judged, lambda lines: _mend(change, version, lines))
    yield from encrypted(version, lambda: change.people)


def _whose(change: Change, path: str, data: bytes) -> Environment | None:
    """Whose file it is; of two that claim it (a finding of its own) the one that it is encrypted for."""
    those = {each.name for each in change.claims_after.claimants(path)}
    if len(those) < 2:
        return change.claims.statement_of(path)
    claiming = [each for name, each in change.statements.items() if name in those]
    tokens = [record for record in document.parse(data) if record.kind is Kind.TOKEN]
    return max(claiming, key=lambda each: sum(not unvouched.code(record, each) for record in tokens))


def _mend(change: Change, version: Document, lines: Sequence[remedies.Line]) -> tuple[str, ...]:
    before = version.before or frozenset()
    standing = (record.raw for record in document.parse(version.data) if record.kind in document.TEXT)
    return remedies.plain_text(
        version.path,
        lines,
        is_committed=bool(change.after.commit) or any(raw in before for raw in standing),
        is_claimed=version.statement is not None,
        environments=change.statements or change.base_statements,
    )


def _rolled_back(change: Change, came_in: Mapping[str, list[Occurrence]]) -> Iterator[Finding]:
    """Values that went back to an earlier one, told by all of the base's history.

    Not only by what was before the change began: whoever begins before a value came and went would bring it back.
    """
    side = change.base if change.base and change.base.commit else change.before
    if not side or not side.commit or not any(came_in.values()):
        return
    if side is not change.before:  # what the base has as well did not come back
        there = {path: records_of(side.document(path)) for path, listed in came_in.items() if listed}
        came_in = {path: [each for each in came_in[path] if each.record.raw not in known] for path, known in there.items()}
    try:
        found = rollbacks(change.folder, change.objects, side.commit, came_in, _taken(change))
    except GitenvError:
        return  # a clone that lacks objects; that it is shallow is said elsewhere
    listed = []
    for back in found:
        code = "replayed" if back.is_sealed else "value-rolled-back"
        what = "was accepted or removed before, and came back" if back.is_sealed else "is what it was in an earlier commit"
        look = (f"git show {back.commit[:10]}",)
        listed.append(finding(code, f"{back.name} {what}, {back.commit[:10]}", back.path, back.line, look))
    yield from bounded(listed)


def _taken(change: Change) -> Iterator[bytes]:
    """The protected documents that a change takes away."""
    if change.before:
        gone = change.former_files.keys() - change.files.keys()
        yield from (change.before.document(path) or b"" for path in gone if change.claims.covers(path))


def _has_new_files(change: Change) -> bool:
    """Whether there is a protected file that the base had not, or a new path: it may be one that no attribute means."""
    claims = [{name: each.paths for name, each in every.items()} for every in (change.statements, change.former_statements)]
    if change.has_new_members and claims[0] != claims[1]:
        return True
    old = change.former_files
    return any(path not in old and change.claims.covers(path) for path in change.changed)
