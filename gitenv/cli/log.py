"""`gitenv log`."""

from __future__ import annotations

import contextlib
import csv
import itertools
import os
import shutil
import sys
import time
from enum import Enum
from typing import TYPE_CHECKING, Annotated

from gitenv.cli import show
from gitenv.cli.options import Argument, Environments, Json, Option
from gitenv.errors import Usage, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitenv.cli.progress import Bar
    from gitenv.log.facts import Event
    from gitenv.log.history import Log

_FIRST_IN_A_FORMULA = ("=", "+", "-", "@")
_PATIENCE = 0.1  # seconds
_WIDE = 100
_ON_A_TERMINAL = ("when (UTC)", "commit", "who", "what")
_COLUMNS = ("when (UTC)", "who", "what", "where", "commit", "signed")


class LogFormat(Enum):
    """How the events are written."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


def run(
    key: Annotated[str, Argument("KEY", "The life of one key; without it, all that happened.")] = "",
    environment: Environments = None,
    format_: Annotated[
        LogFormat,
        Option("--format text|json|csv", "text for people; json and csv tell more."),
    ] = LogFormat.TEXT,
    json: Json = False,
    number: Annotated[int | None, Option("-n N", "Only the newest N lines.")] = None,
    revision: Annotated[str, Option("-r, --revision REV", "A branch, a commit, or main..topic; else HEAD.")] = "",
) -> None:
    """Show who set which key, and who let whom in.

    From the commits, the newest first. No value is shown, and no key is needed; where there is one, it tells what changed while
    it was rotated. A key is followed to its former names. Author, date and signature are what the commits say: nobody has
    verified them.
    """
    from gitenv.cli.progress import Bar
    from gitenv.log.history import Log
    from gitenv.model.names import check_environments
    from gitenv.repo.snapshot import WorkSnapshot
    from gitenv.repo.where import Where
    from gitenv.trust.keys_at_hand import KeysAtHand

    if number is not None and number < 1:
        raise Usage("-n takes a number from 1 on", "gitenv log -n 20")
    check_environments(environment)
    where = Where.around(os.getcwd())
    keys = KeysAtHand(where.layout if where.has_work_tree else None, WorkSnapshot(where.folder), where.objects)
    history = Log(
        where.folder,
        key=key,
        environments=environment or (),
        revision=revision,
        opener_of=keys.opener_of if where.has_work_tree else None,
    )
    bar = Bar("looking through the commits", history.count)
    seen = Seen(bar)
    with contextlib.closing(bar), contextlib.closing(history.events(seen.looked)) as events:
        seen.events = itertools.islice(events, number)
        _WRITERS[LogFormat.JSON if json else format_](history, seen)
    _notes(history, seen, key)


class Seen:
    """Events on their way to be shown, with what is to be said afterwards."""

    def __init__(self, bar: Bar) -> None:
        """The bar gives way when the first one comes."""
        self._bar = bar
        self._flushed = 0.0
        self.events: Iterable[Event] = ()
        self.is_any = self.is_any_signed = False

    def __iter__(self) -> Iterator[Event]:
        for event in self.events:
            if not self.is_any:
                self._bar.give_way()
            self.is_any = True
            self.is_any_signed |= event.author.is_signed
            yield event

    def looked(self) -> None:
        """A commit was looked at. What was written is to be seen while the others are, through a pipe as well."""
        self._bar.step()
        if self.is_any and (now := time.monotonic()) - self._flushed > _PATIENCE:
            sys.stdout.flush()
            self._flushed = now


def _write_text(_: Log, seen: Seen) -> None:
    if sys.stdout.isatty():
        narrow = shutil.get_terminal_size().columns < _WIDE
        show.listing(_ON_A_TERMINAL, (_short_row(event, narrow) for event in seen))
    else:
        show.listing(_COLUMNS, map(_row, seen))
    if seen.is_any_signed:
        show.note("signatures were not verified; git does that: git verify-commit COMMIT")


def _row(event: Event) -> list[str]:
    from gitenv.cli.fact_words import sentence, who

    moment = event.author.moment[:16].replace("T", " ") or "?"
    signed = "signed" if event.author.is_signed else ""
    return [moment, who(event.author), sentence(event.fact), _where(event), event.commit[:10], signed]


def _short_row(event: Event, narrow: bool) -> list[str]:
    """The longest words at the end, so that most lines fit."""
    moment, who, what, where, commit, signed = _row(event)
    sentence = f"{where}: {what}" if where else what
    return [moment[:10] if narrow else moment, commit[:8], who, f"{sentence} ({signed})" if signed else sentence]


def _where(event: Event) -> str:
    """The path, and the environment where the path does not say it."""
    from gitenv.log.claims import by_name

    fact = event.fact
    if not fact.path or fact.person:
        return fact.environment
    return fact.path if not fact.environment or by_name(fact.path) == fact.environment else f"{fact.path} ({fact.environment})"


def _write_json(history: Log, seen: Seen) -> None:
    """One event a line, as they are found: a long history need not fit into memory."""
    import json

    show.write('{\n "events": [')
    for number, event in enumerate(seen):
        show.write((",\n  " if number else "\n  ") + json.dumps(as_record(event), sort_keys=True))
    skipped = json.dumps([each._asdict() for each in history.skipped], sort_keys=True)
    show.write(f'\n ],\n "shallow": {json.dumps(history.is_cut)},\n "skipped": {skipped}\n}}\n')


def _write_csv(_: Log, seen: Seen) -> None:
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(NAMES)
    for event in seen:
        record = as_record(event)
        out.writerow([cell(record[name]) for name in NAMES])


_WRITERS = {LogFormat.TEXT: _write_text, LogFormat.JSON: _write_json, LogFormat.CSV: _write_csv}
NAMES = (
    *("at", "author", "email", "signed", "commit", "event", "environment", "path", "key", "former", "person", "person_key"),
    *("by", "by_key", "role", "expires", "paths", "revision", "generation", "former_generation", "keys"),
    *("policy", "plain", "sure", "reason"),
)


def as_record(event: Event) -> dict[str, object]:
    author, fact = event.author, event.fact
    return {
        "at": event.author.moment,
        "author": author.name,
        "email": author.email,
        "signed": author.is_signed,
        "commit": event.commit,
        "event": fact.what.value,
        "environment": fact.environment,
        "path": fact.path,
        "key": fact.key,
        "former": fact.former,
        "person": fact.person,
        "person_key": fact.person_key,
        "by": fact.by.name if fact.by else "",
        "by_key": fact.by.fingerprint if fact.by else "",
        "role": fact.role,
        "expires": fact.expires,
        "paths": list(fact.paths),
        "revision": fact.revision,
        "generation": fact.generation,
        "former_generation": fact.former_generation,
        "keys": fact.keys,
        "policy": fact.policy,
        "plain": fact.is_plain,
        "sure": fact.is_sure,
        "reason": fact.reason,
    }


def cell(value: object) -> str:
    """A cell that no spreadsheet takes for a formula, in ASCII: whoever can push chooses their name, and names of files."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = " ".join(value) if isinstance(value, list) else str(value or "")
    plain = printable(text).encode("ascii", "backslashreplace").decode("ascii")
    return f"'{plain}" if plain.lstrip().startswith(_FIRST_IN_A_FORMULA) else plain


def _notes(history: Log, seen: Seen, key: str) -> None:
    """What was not looked at, and why there may be nothing; on standard error."""
    from gitenv.cli import fact_words

    for line in fact_words.skipped_lines(history.skipped, history.skipped_more):
        show.note(line)
    if key and not seen.is_any:
        import difflib

        near = difflib.get_close_matches(key, history.names, 3, 0.7)
        show.note(f"no commit here has a key {key[:80]!r}" + (f"; there is {', '.join(near)}" if near else ""))
    if history.is_cut:
        show.note(fact_words.SHALLOW)
