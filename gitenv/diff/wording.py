"""The sentences of `gitenv diff`, which its formats share. `code` makes whatever a repository names harmless in a format."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gitenv.diff.difference import Cell, Difference, Doubt, EnvironmentDifference, File, FileState, Key, SealedValue, Table
from gitenv.errors import joined
from gitenv.model.comparing import Outcome
from gitenv.model.statements import Holder
from gitenv.trust.roster import PersonChange, RequestChange

Code = Callable[[str], str]

SIGNS = {
    Outcome.ADDED: "+",
    Outcome.CHANGED: "~",
    Outcome.REENCRYPTED: "=",
    Outcome.ENCRYPTED: "~",
    Outcome.EXPOSED: "!",
    Outcome.RENAMED: ">",
    Outcome.REMOVED: "-",
}
CELLS = {Cell.THERE: "set", Cell.ADDED: "new"}  # the others by their own names
UNSURE = "Without a key nobody can tell whether a value was changed in the very commit that rotated."
_DOUBTS = {
    Doubt.PLAIN: "plain text beside encrypted values: anybody could have written it",
    Doubt.RETIRED: "encrypted with a retired key",
    Doubt.FOREIGN: "encrypted with a key that this environment never had",
    Doubt.MARK: "has a mark of gitenv's own, and is no value",
}


def count(number: int, what: str) -> str:
    """`1 key`, `2 keys`, `1,000 keys`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def summary(found: Difference) -> str:
    """One line: how much happened."""
    keys = sum(key.outcome is not Outcome.REENCRYPTED for file in found.files for key in file.keys)
    parts = [count(keys, "key")] if keys else []
    parts += [count(len(found.files), "file")] if found.files else []
    people = len(found.environments) + len(found.broken) + len(found.requests)
    return ", ".join(parts + ([count(people, "change") + " of who may read"] if people else []))


def cell(shown: Cell) -> str:
    """What a table says of one key in one environment."""
    return CELLS.get(shown, shown.value)


def missing(found: Difference, table: Table, code: Code) -> Iterator[str]:
    """The keys that an environment lacks, and who could set them."""
    for number, column in enumerate(table.columns):
        lacks = [code(row.name) for row in table.rows if row.cells[number] is Cell.MISSING and row.is_anywhere]
        if lacks and (who := who_can_set(found, column, code)):
            yield f"{code(column)} lacks {joined(lacks)}: {who}"


def who_can_set(found: Difference, environment: str, code: Code) -> str:
    """Who may read an environment can set its values; "" where nobody is known."""
    readers = [code(name) for name in found.readers.get(environment, ())]
    return f"{joined(readers, 3)} can set it" if readers else ""


def pending(each: SealedValue, code: Code) -> str:
    """A sealed value that came."""
    return f"sealed by {code(each.by) if each.by else 'somebody'}, waits for a holder"


def title(file: File, code: Code) -> str:
    """A file, and what happened to it as a whole."""
    what = {FileState.ADDED: ", new", FileState.REMOVED: ", removed", FileState.CHANGED: "", FileState.MOVED: ""}[file.state]
    moved = f", moved from {code(file.former)}" if file.state is FileState.MOVED else ""
    return f"{code(file.path)}{what}{moved}"


def key_text(key: Key, code: Code) -> str:
    """What happened to a key."""
    text = {
        Outcome.ADDED: "new",
        Outcome.CHANGED: "value changed" if key.is_sure else "changed, or only opened: there is no key here to tell",
        Outcome.REENCRYPTED: "re-encrypted",
        Outcome.ENCRYPTED: "encrypted now; its plain text stays in the history",
        Outcome.EXPOSED: "was encrypted",
        Outcome.RENAMED: f"renamed from {code(key.former)}" if key.is_sure else f"maybe renamed from {code(key.former)}",
        Outcome.REMOVED: "removed",
    }[key.outcome]
    text += f"; {key.origin.where(code)}" if key.origin else ""
    return f"{text}, and stands in plain text" if key.is_plain else text


def file_notes(file: File) -> Iterator[str]:
    """What else is to be said of a file."""
    if file.problem:
        yield f"not compared: {file.problem}"
    same = sum(key.outcome is Outcome.REENCRYPTED for key in file.keys)
    if same:
        yield f"{count(same, 'value')} only re-encrypted by a rotation"
    if file.hidden_added or file.hidden_removed:
        parts = [f"{file.hidden_added:,} came"] if file.hidden_added else []
        parts += [f"{file.hidden_removed:,} went"] if file.hidden_removed else []
        yield f"comments and lines without a name: {', '.join(parts)}"
    if not file.is_telling:
        yield "only order, headings or white space"


def people(environment: EnvironmentDifference, code: Code) -> Iterator[str]:
    """What happened to an environment, but for its files."""
    change = environment.change
    before, after = change.before, change.after
    if after is None:
        yield "removed"
        return
    if before is None:
        yield f"new: founded by {_who(after.by, code)}, for {len(after.paths)} path{'' if len(after.paths) == 1 else 's'}"
    elif change.is_other:
        yield f"replaced by another environment of that name, signed by {_who(after.by, code)}"
    elif change.rotation:
        yield f"rotated from generation {change.rotation[0]} to {change.rotation[1]}, signed by {_who(after.by, code)}"
    elif before.text != after.text:
        yield f"revision {before.revision} to {after.revision}, signed by {_who(after.by, code)}"
    yield from (_person(person, code) for person in change.people)


def _person(person: PersonChange, code: Code) -> str:
    was, now, name = person.before, person.after, code(person.name)
    until = f" until {now.expires}" if now and now.expires else ""
    if was is None and now:
        key = code(now.key.fingerprint())
        return f"+ {name} comes in as {now.role}{until}, let in by {code(now.by.name)}; key {key}"
    if now is None:
        return f"- {name} is out" + (f" (was {was.role})" if was else "")
    parts = [f"{was.role} becomes {now.role}"] if was and person.is_role_new else []
    if was and person.is_expiry_new:
        parts.append(f"access ends {now.expires}" if now.expires else f"access no longer ends {was.expires}")
    if person.is_key_new:
        parts.append(f"another key, {code(now.key.fingerprint())}")
    return f"~ {name}: {', '.join(parts)}; signed by {code(now.by.name)}"


def request(change: RequestChange, code: Code) -> str:
    """A `.pub` file that came, went or changed."""
    key, file = code(change.after[0]) if change.after else "", code(f"{change.name}.pub")
    if not change.after:
        return f"- {file} is gone, or holds no key"
    if not change.before:
        return f"+ {code(change.name)} asks to be let in; key {key}"
    return f"~ {file}: another key, {key}"


def warnings(found: Difference, code: Code) -> Iterator[str]:
    """What a reviewer must know, the gravest first."""
    for environment in found.environments:
        if environment.doubt:
            yield f"{code(environment.name)}: no valid step from the state before ({code(environment.doubt)})"
    for broken in found.broken:
        yield f"{code(broken.name)}: its statement cannot be read: {code(broken.why)}"
    for folder in found.nested:
        yield f"{code(f'{folder}/.recipients')} is of another repository that became a folder; only the one at the top is read"
    for file in found.files:
        if file.conflicts:
            yield f"{code(file.path)} is in conflict: {joined([code(name) for name in file.conflicts])}"
        for each in file.unvouched:
            yield f"{_place(file.path, each.line, code)}: {code(each.shown)}: {_DOUBTS[each.doubt]}"
        yield from _exposed(file, code)
    for back in found.rollbacks:
        what = "a sealed value that was decided about before" if back.is_sealed else "an earlier value"
        yield f"{_place(back.path, back.line, code)}: {code(back.name)} went back to {what}, of commit {back.commit[:10]}"
    for slip in found.slips:
        has = joined([code(name) for name in slip.where])
        yield f"{_place(slip.path, slip.line, code)}: {has} has no {code(slip.name)}; did you mean {code(slip.meant)}?"
    for alike in found.alike:
        how = "only in case" if alike.is_case else "only in characters that look alike"
        yield f"{joined([code(name) for name in alike.names])} differ {how}"
    for file in found.files:
        yield from _duplicates(file, code)


def _duplicates(file: File, code: Code) -> Iterator[str]:
    for twice in file.duplicates:
        lines = joined([str(line) for line in twice.lines])
        yield f"{code(file.path)}: {code(twice.name)} is set in lines {lines}; the last one counts"


def _exposed(file: File, code: Code) -> Iterator[str]:
    seen = {each.line for each in file.unvouched}
    plain = [key for key in file.keys if key.is_plain and key.line not in seen]
    if plain:
        names = joined([code(key.name) for key in plain])
        yield f"{code(file.path)}: in plain text: {names}"


def _place(path: str, line: int, code: Code) -> str:
    return code(f"{path}:{line}")


def _who(person: Holder, code: Code) -> str:
    return f"{code(person.name)} {code(person.fingerprint)}"
