"""`gitenv diff --format json`: what programs get. Names stay what they are; what is sure and what not is said."""

from __future__ import annotations

from gitenv.diff.difference import Difference, EnvironmentDifference, File, Key
from gitenv.model.environment import Environment as Statement
from gitenv.trust.roster import PersonChange


def as_json(found: Difference, *, with_values: bool = False) -> dict[str, object]:
    """Sorted and stable. Values only where they were asked for."""
    shown: dict[str, object] = {
        "from": {"name": found.before, "commit": found.before_commit},
        "to": {"name": found.after, "commit": found.after_commit},
        "environments": [_environment(each) for each in found.environments],
        "broken": [{"environment": each.name, "reason": each.why} for each in found.broken],
        "requests": [each._asdict() for each in found.requests],
        "files": [_file(each, with_values) for each in found.files],
        "readers": {name: list(people) for name, people in found.readers.items()},
        "nested": list(found.nested),
        "tables": [
            {
                "folder": table.folder,
                "keys": {row.name: dict(zip(table.columns, (c.value for c in row.cells), strict=True)) for row in table.rows},
                "incomplete": table.incomplete,
            }
            for table in found.tables
        ],
        "typos": [slip._asdict() for slip in found.slips],
        "rollbacks": [
            {"path": each.path, "name": each.name, "line": each.line, "commit": each.commit, "sealed": each.is_sealed}
            for each in found.rollbacks
        ],
        "alike": [
            {"folder": each.folder, "names": each.names, "differ": "case" if each.is_case else "look-alike"}
            for each in found.alike
        ],
    }
    return shown | ({"closed": found.closed} if with_values else {})


def _environment(each: EnvironmentDifference) -> dict[str, object]:
    change = each.change
    return {
        "name": each.name,
        "before": _statement(change.before),
        "after": _statement(change.after),
        "doubt": each.doubt,
        "paths_added": change.paths_added,
        "paths_removed": change.paths_removed,
        "rotated": change.rotation is not None,
        "people": [_person(person) for person in change.people],
    }


def _statement(statement: Statement | None) -> dict[str, object] | None:
    if statement is None:
        return None
    by = {"name": statement.by.name, "fingerprint": statement.by.fingerprint}
    return {"revision": statement.revision, "generation": statement.generation.number, "by": by, "at": statement.at}


def _person(person: PersonChange) -> dict[str, object]:
    sides = {
        side: grant and {"role": grant.role, "expires": grant.expires, "by": grant.by.name, "key": grant.key.fingerprint()}
        for side, grant in (("before", person.before), ("after", person.after))
    }
    return {"name": person.name, **sides}


def _file(file: File, with_values: bool) -> dict[str, object]:
    return {
        "path": file.path,
        "environment": file.environment,
        "change": file.state.value,
        "former": file.former,
        "keys": [_key(key, with_values) for key in file.keys],
        "hidden_lines": {"added": file.hidden_added, "removed": file.hidden_removed},
        "sealed": [pending._asdict() for pending in file.pending],
        "unverified": [{"name": each.shown, "line": each.line, "code": each.doubt.value} for each in file.unvouched],
        "duplicates": [each._asdict() for each in file.duplicates],
        "conflicts": list(file.conflicts),
        "problem": file.problem,
    }


def _key(key: Key, with_values: bool) -> dict[str, object]:
    shown: dict[str, object] = {
        "name": key.name,
        "change": key.outcome.value,
        "line": key.line,
        "sure": key.is_sure,
        "plain_text": key.is_plain,
    }
    shown |= {"former": key.former} if key.former else {}
    shown |= {"same_as": {"paths": key.origin.others, "now": key.origin.is_there}} if key.origin else {}
    return shown | ({"before": key.before, "after": key.after} if with_values else {})
