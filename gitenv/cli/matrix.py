"""`gitenv matrix`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

from gitenv.cli import fact_words, show
from gitenv.cli.options import Environments, Json, Option
from gitenv.errors import Usage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitenv.log.matrix import Columns, Last, Spot


def run(
    environments: Environments = None,
    revision: Annotated[str, Option("-r, --revision REV", "As in a branch or commit; else as the next commit has it.")] = "",
    who: Annotated[bool, Option("--who", "Who set it last, and when, in each place and not only over all.")] = False,
    json: Json = False,
    markdown: Annotated[bool, Option("--markdown", "For a page or a ticket.")] = False,
) -> None:
    """Show which key is set in which environment.

    And who set it last, and when, as the commits say. It needs no key and shows no value.
    """
    from contextlib import closing

    from gitenv.cli.progress import Bar
    from gitenv.log import matrix
    from gitenv.model.names import check_environments
    from gitenv.repo.snapshot import CommitSnapshot, IndexSnapshot
    from gitenv.repo.where import Where

    if json and markdown:
        raise Usage("--json and --markdown are two forms", "choose one")
    check_environments(environments)
    where = Where.around(os.getcwd(), or_inside_git=True)
    head = where.commit(revision) if revision else where.head()
    committed = CommitSnapshot(where.objects, head) if head else None
    is_index = where.has_work_tree and not revision
    side = IndexSnapshot(where.objects) if is_index or not committed else committed
    listed = matrix.columns(side, where.folder, environments or ())
    bar = Bar("looking through the commits", lambda: 0)
    with closing(bar):
        last = matrix.last(where.folder, listed, committed, revision, bar.step)
    where.close()
    _write(listed, last, is_json=json, is_markdown=markdown, who=who)
    for line in fact_words.skipped_lines(last.skipped, last.skipped_more):
        show.note(line)
    if last.is_cut:
        show.note(fact_words.SHALLOW)


def _write(listed: Sequence[Columns], last: Last, *, is_json: bool, is_markdown: bool, who: bool) -> None:
    if is_json:
        _write_json(listed, last)
    elif is_markdown:
        show.write("".join(f"{line}\n" for each in listed for line in _markdown(each, _rows(each, last, who=who))))
    else:
        for each in listed:
            if each.folder or len(listed) > 1:
                show.say(f"{each.folder or 'the top'}:", "bold")
            show.table(*_rows(each, last, who=who))


def _rows(found: Columns, last: Last, *, who: bool) -> tuple[list[str], list[list[str]]]:
    """A row for each key: what it is in each environment, and who set it last in any of them."""
    rows = []
    for name in found.names:
        spots = [keys.get(name) for keys in found.environments.values()]
        cells = [_cell(spot, name, last, who=who) for spot in spots]
        rows.append([name, *cells] if who else [name, *cells, _newest(found, name, last)])
    return ["key", *found.environments, *([] if who else ["last set (UTC)"])], rows


def _cell(spot: Spot | None, name: str, last: Last, *, who: bool) -> str:
    if spot is None:
        return "missing"
    event = last.events.get((spot.place, name))
    words = [spot.standing.value, *([f"by {spot.by}"] if spot.by else [])]
    if who and event:
        words.append(f"{event.author.moment[:10]} {fact_words.who(event.author)}")
    return " ".join(words) + (", not committed" if (spot.place, name) in last.uncommitted else "")


def _newest(found: Columns, name: str, last: Last) -> str:
    spots = [(environment, keys[name]) for environment, keys in found.environments.items() if name in keys]
    events = [(event, environment) for environment, spot in spots if (event := last.events.get((spot.place, name)))]
    if not events:
        return "-"
    event, environment = max(events, key=lambda each: each[0].author.seconds)
    where = f" ({environment})" if len(found.environments) > 1 else ""
    return f"{event.author.moment[:10]} {fact_words.who(event.author)}{where}"


def _markdown(found: Columns, table: tuple[list[str], list[list[str]]]) -> Iterator[str]:
    """Whoever commits chooses their name: each cell that has one is a code span."""
    from gitenv.diff.markdown import code

    columns, rows = table
    if found.folder:
        yield f"In {code(found.folder)}:"
        yield ""
    yield f"| key | {' | '.join(code(name) if name in found.environments else name for name in columns[1:])} |"
    yield f"|---|{'---|' * (len(columns) - 1)}"
    for row in rows:
        yield f"| {' | '.join([code(row[0]), *(cell if cell.isalpha() or cell == '-' else code(cell) for cell in row[1:])])} |"
    yield ""


def _write_json(listed: Sequence[Columns], last: Last) -> None:
    """One key a line: there may be a hundred thousand values."""
    import json

    show.write('{\n "folders": [')
    for number, found in enumerate(listed):
        head = f'"folder": {json.dumps(found.folder)}, "environments": {json.dumps([*found.environments])}'
        show.write(f'{"," if number else ""}\n  {{{head}, "keys": [')
        for position, name in enumerate(found.names):
            places = {each: _facts(keys.get(name), name, last) for each, keys in found.environments.items()}
            show.write(("," if position else "") + "\n   " + json.dumps({"name": name, "in": places}, sort_keys=True))
        show.write("\n  ]}")
    skipped = json.dumps([each._asdict() for each in last.skipped], sort_keys=True)
    show.write(f'\n ],\n "shallow": {json.dumps(last.is_cut)},\n "skipped": {skipped}\n}}\n')


def _facts(spot: Spot | None, name: str, last: Last) -> dict[str, object]:
    if spot is None:
        return {"standing": "missing"}
    place = {"standing": spot.standing.value, "path": spot.path, "line": spot.line}
    event = last.events.get((spot.place, name))
    by = {"by": spot.by} if spot.by else {}
    if event is None:
        return {**place, **by, "committed": (spot.place, name) not in last.uncommitted}
    author = event.author
    said = {
        "at": author.moment,
        "author": author.name,
        "email": author.email,
        "commit": event.commit,
        "signed": author.is_signed,
    }
    return {**place, **by, **said, "committed": True}
