"""The .env document: bytes, cut into records. `join(parse(data)) == data` for all bytes.

The grammar decides what a reviewer may see, so it *is* the format (docs/format.md has it to the byte). Where it is in doubt, a
record is hidden whole: readers of .env files disagree about quotes, comments and line ends, and the reading that shows least
is the only one that leaks under none of them.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum

from gitenv.errors import NotTrusted
from gitenv.tuples import NamedTuple

MAX_BYTES = 4 * 1024 * 1024
MAX_RECORDS = 10_000
MASK = b"<masked by gitenv "  # what a diff shows in the place of a value, see model.masking; it is never one
NAME = rb"[A-Za-z_][A-Za-z0-9_.-]{0,127}"


class Kind(Enum):
    """What a record is, and so what of it a commit shows."""

    ASSIGNMENT = "assignment"  # its name
    COMMENT = "comment"  # nothing
    UNKNOWN = "unknown"  # nothing: a line that is nothing known
    PLAIN = "plain"  # itself, if it is one line for every reader: white space, a conflict marker, a `## ` heading
    TOKEN = "token"  # itself: it is encrypted already
    SEALED = "sealed"  # itself: a value by somebody who cannot read the environment, see model.sealed
    UNVERIFIED = "unverified"  # itself: `#gitenv-unverified:TAG:…`, see model.inert
    LOOKALIKE = "lookalike"  # has the mark of a token and not its form


TEXT = (Kind.ASSIGNMENT, Kind.COMMENT, Kind.UNKNOWN)
"""What is encrypted in every commit."""


class Record(NamedTuple):
    """One record. `raw` is everything but the closing line feed, which is `end` (empty for an unfinished last line)."""

    kind: Kind
    name: bytes  # of an assignment, of its token or of a sealed one, else empty
    raw: bytes
    end: bytes


OpenOf = Callable[[Record], bytes | None]
"""What a token was made of, or None where no key at hand opens it."""


# Compiled at every start of the filter, so only what every document needs; `re` keeps the others once they are used.
_ASSIGNMENT = re.compile(rb"(?:\xef\xbb\xbf)?[ \t]*(?:export[ \t]+)?(" + NAME + rb")[ \t]*(?:=|:(?=[ \t]))[ \t]*")
INTRICATE = (b"gitenv", b"-----", b"\\", b"\r")
_TOKEN = re.compile(rb"(?:(" + NAME + rb")=|#)gitenv1:[1-9][0-9]{0,8}\.[A-Za-z0-9_-]{6}:[A-Za-z0-9_-]+")
# Lines that are the same wherever they stand: tokens, and blank lines among them. And, in no block and without a mark, a
# backslash or a CR: assignments of what is in no quotes, comments, and blank lines.
_TOKEN_LINE = rb"(?:(" + NAME + rb")=|#)gitenv1:[1-9][0-9]{0,8}\.[A-Za-z0-9_-]{6}:[A-Za-z0-9_-]++|"
_SIMPLE_LINE = rb"(" + NAME + rb")=[^\s'\"`=\\][^\n\r\\]*+|#(?!# )[^\n\r\\]*+|"
_LONG = 4096  # bytes from which on it is worth to compile those
_SEALED = rb"(" + NAME + rb")=gitenv1-sealed:[1-9][0-9]{0,8}\.[A-Za-z0-9_-]{6}:[a-z0-9][a-z0-9._-]{0,62}:[A-Za-z0-9_-]+"
_UNVERIFIED = b"#gitenv-unverified:"
_LOOKALIKE = (
    rb"(?:\xef\xbb\xbf)?[ \t]*(?:(?:export[ \t]+)?(" + NAME + rb")[ \t]*[=:]|#)[ \t]*"
    rb"gitenv(?:[0-9]+(?:-[a-z]+)?|-unverified(?:-file)?):"
)
_MARKER = rb"(?s)(?:<{7,19}|>{7,19}|\|{7,19})(?: [^:!]*)?\r?|={7,19}\r?"  # a `:` or `!` makes it a rule of make
# What some reader of dotenv files takes for the end of a line, and everything else that no line needs; one CR may end it.
_NOT_ONE_LINE = rb"(?s).*?(?:[\x00-\x0c\x0e-\x1f\x7f]|\xc2\x85|\xe2\x80[\xa8\xa9]|\r.)"
_MEANS_SOMETHING = rb"[=*?[($`\\'\"]"  # to a shell or make: see `_is_readable`
_CLOSING_QUOTE = {quote: rb"(?s)%c[^%c\\]*+(?:\\.[^%c\\]*+)*+%c" % ((quote,) * 4) for quote in b"'\"`"}
# What may be the last line of base64 that somebody wrapped without quotes, and what such a line before it ends in.
_TAIL = re.compile(rb"(?s)[ \t]*([A-Za-z0-9_.-]+)(==?)['\"`]?(?:[ \t]+#.*)?[ \t]*\r?")
_MAY_RUN_ON = rb"([A-Za-z0-9+/_-]{16,})[ \t]*\\?\r?\Z"
_HEX = rb"[0-9A-Fa-f]+"
SURELY_A_NAME = rb"[A-Z][A-Z0-9]{0,5}|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+"
_MIXED_CASE = rb"(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9_-]{11,}"


def parse(data: bytes) -> list[Record]:
    """Cut a document into records, in time linear in its length.

    Raises `NotTrusted` for more than 4 MiB or 10,000 records: whoever can push can write a document without end.
    """
    check_size(len(data))
    return _Parser(data).records()


def alone(line: bytes) -> Record | None:
    """The record that a line is, wherever it stands among such lines: a mark of gitenv's, a heading, or nothing at all.

    None for any other: what that is depends on the lines before it.
    """
    if b"gitenv" in line and (marked := _marked(line)):
        return Record(*marked, line, b"\n")
    return Record(Kind.PLAIN, b"", line, b"\n") if not line or _is_heading(line) else None


def join(records: Iterable[Record]) -> bytes:
    """The bytes that `parse` was given."""
    return b"".join([part for record in records for part in (record.raw, record.end)])


def is_marker(record: Record) -> bool:
    """Whether a record is one of git's conflict markers."""
    return record.kind is Kind.PLAIN and record.raw[:1] in (b"<", b"|", b"=", b">")


def label(text: bytes) -> bytes:
    """A text as it may stand behind a conflict marker: a rebase shows a commit's subject there."""
    return re.sub(rb"[=*?[()$`\\'\":!]", b"", text)


def is_read_as(data: bytes, wanted: Sequence[Record]) -> bool:
    """Whether bytes that were made of records are these again. In a private key a comment is nothing known: hidden, too."""

    def meanings(records: Iterable[Record]) -> list[tuple[Kind, bytes, bytes]]:
        return [(Kind.UNKNOWN if each.kind is Kind.COMMENT else each.kind, each.name, each.raw) for each in records]

    return meanings(parse(data)) == meanings(wanted)


def check_count(count: int) -> None:
    """Raise `NotTrusted` for more than 10,000 records, or lines that set something."""
    if count > MAX_RECORDS:
        raise NotTrusted(f"the document has more than {MAX_RECORDS:,} records", "split it over several .env files")


def numbered(records: Iterable[Record]) -> Iterator[tuple[Record, int]]:
    """Records with the line that each begins in, from 1."""
    line = 1
    for record in records:
        yield record, line
        line += record.raw.count(b"\n") + 1


def check_size(size: int) -> None:
    """Raise `NotTrusted` for a document of more than 4 MiB, before anything is made of it."""
    if size > MAX_BYTES:
        raise NotTrusted(f"the document has {size:,} bytes, {MAX_BYTES:,} are allowed", "keep large data out of .env files")


class _Parser:
    """One pass over one document. What a line is depends on a little of what stood before it, which is kept here."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.is_long = len(data) > _LONG
        self.has_tokens = b"gitenv1:" in data
        self.has_blocks = b"-----" in data
        self.in_block = False  # between -----BEGIN and -----END
        self.marks = {b"gitenv": -1, b"-----": -1}  # where the next one stands
        self.conflicts = 0  # <<<<<<< without their >>>>>>>: a conflict's base may hold another one
        self.open_value: tuple[int, int] | None = None  # where the value before stands, if it is in no quotes
        self.before = (0, 0)  # where the line before stands, if base64 without quotes may run on from it
        self.after_unknown = False  # whether that line was nothing known

    def records(self) -> list[Record]:
        found: list[Record] = []
        data, size, start = self.data, len(self.data), 0
        while start < size:
            if self.is_long and (end := self._tokens(found, start) or self._simple(found, start)):
                start = end
                continue
            kind, name, record_end = self._record(start, _end_of_line(data, start))
            found.append(Record(kind, name, data[start:record_end], data[record_end : record_end + 1]))
            check_count(len(found))
            start = record_end + 1
        return found

    def _tokens(self, found: list[Record], start: int) -> int:
        """All tokens and blank lines that follow, at once; where they end, or 0 if there are none."""
        if not self.has_tokens or not (lines := self._lines(_TOKEN_LINE, start, len(self.data), len(found))):
            return 0
        found += [Record(Kind.TOKEN if raw else Kind.PLAIN, name, raw, b"\n") for raw, name in lines]
        self.before, self.after_unknown, self.open_value = (0, 0), False, None
        return start + sum([len(raw) for raw, _ in lines]) + len(lines)

    def _simple(self, found: list[Record], start: int) -> int:
        """The same for assignments, comments and blank lines that nothing around them makes anything else."""
        if self.in_block:
            return 0
        for mark, at in self.marks.items():
            if at < start:  # what is ahead stays: who pushes thousands of one would have us look for the other each time
                found_at = self.data.find(mark, start)
                self.marks[mark] = found_at if found_at >= 0 else len(self.data)
        if not (lines := self._lines(_SIMPLE_LINE, start, min(self.marks.values()), len(found))):
            return 0
        found += [
            Record(Kind.ASSIGNMENT if name else Kind.COMMENT if raw else Kind.PLAIN, name, raw, b"\n") for raw, name in lines
        ]
        end = start + sum([len(raw) for raw, _ in lines]) + len(lines)
        raw, name = lines[-1]
        first = end - 1 - len(raw)
        self.before = (first, end - 1) if raw else (0, 0)
        self.open_value = (first + len(name) + 1, end - 1) if name else None
        self.after_unknown = False
        return end

    def _lines(self, line: bytes, start: int, end: int, before: int) -> list[tuple[bytes, bytes]]:
        """All lines of one form that stand at `start`, each with its name. Raises `NotTrusted` for too many records."""
        unnamed = line.replace(b"(" + NAME + b")", NAME)  # Python 3.11 errs where a group is repeated like this
        run = re.compile(rb"(?:(?:%b)\n)*+" % unnamed).match(self.data, start, end)
        if run is None or run.end() == start:
            return []
        check_count(before + self.data.count(b"\n", start, run.end()))
        lines: list[tuple[bytes, bytes]] = re.compile(rb"(?m)^(%b)\n" % line).findall(self.data, start, run.end())
        return lines

    def _record(self, start: int, line_end: int) -> tuple[Kind, bytes, int]:
        line = self.data[start:line_end]
        before, self.before = self.before, (0, 0)
        after_unknown, self.after_unknown = self.after_unknown, False
        value_before, self.open_value = self.open_value, None
        if not line or line.isspace():
            return (Kind.PLAIN if _is_one_line(line) else Kind.UNKNOWN), b"", line_end
        if b"gitenv" in line and (marked := _marked(line)):
            return *marked, line_end
        if line[0] in b"<=>|" and self._is_marker(line):
            return Kind.PLAIN, b"", line_end
        if self.in_block:
            return self._hidden(Kind.UNKNOWN, start, line_end)
        if line[0] == 0x23:  # "#"
            if _is_heading(line):
                return Kind.PLAIN, b"", line_end
            return self._hidden(Kind.COMMENT, start, line_end)
        assigned = _ASSIGNMENT.match(self.data, start, line_end)
        is_indented = line[0] in b" \t" and (after_unknown or self._is_unfinished(value_before))
        if (
            not assigned
            or is_indented
            or _is_base64_tail(line, self.data[max(before[0], before[1] - 200) : before[1]], after_unknown)
        ):
            self.after_unknown = True
            return self._hidden(Kind.UNKNOWN, start, self._continued(line_end))
        end = self._end_of_quoted(assigned.end(), line_end)
        if end:
            return self._hidden(Kind.ASSIGNMENT, end, self._continued(_end_of_line(self.data, end)), assigned.group(1))
        self.open_value = assigned.end(), line_end
        return self._hidden(Kind.ASSIGNMENT, start, self._continued(line_end), assigned.group(1))

    def _is_marker(self, line: bytes) -> bool:
        """Whether a line is git's conflict marker. Only a conflict's first may stand alone: the text after it shows."""
        if not (self.conflicts or line[:1] == b"<") or not re.fullmatch(_MARKER, line):
            return False
        if line[:1] != b"=" and not _is_readable(line):
            return False
        self.conflicts += {b"<": 1, b">": -1}.get(line[:1], 0)
        return True

    def _is_unfinished(self, value: tuple[int, int] | None) -> bool:
        """Whether a value without quotes looks like it goes on below, indented: YAML, JSON, arrays, a quote that opens late."""
        if value is None:
            return False
        text = self.data[slice(*value)].strip()
        return not text or text[-1:] in b"|>{[(," or any(text.count(quote) % 2 for quote in (b'"', b"'", b"`"))

    def _end_of_quoted(self, value: int, line_end: int) -> int:
        """The end of a value in quotes, over however many lines; 0 if it is in none, or in one that never closes.

        Linear all the same: a quote that never closes leaves no later quote of its kind that could open.
        """
        data = self.data
        quoted = _CLOSING_QUOTE.get(data[value]) if value < line_end else None
        if quoted is None:
            return 0
        thrice = data[value : value + 1] * 3
        if data.startswith(thrice, value) and (closed := data.find(thrice, value + 3)) > 0:
            return closed + 3
        single = re.compile(quoted).match(data, value)
        return single.end() if single else 0

    def _hidden(self, kind: Kind, start: int, end: int, name: bytes = b"") -> tuple[Kind, bytes, int]:
        """A record of which `start` to `end` is in no quotes: a PEM block may begin or end there, and base64 run on."""
        data = self.data
        if self.has_blocks:
            begin, close = data.rfind(b"-----BEGIN", start, end), data.rfind(b"-----END", start, end)
            if begin != close:
                self.in_block = begin > close
        self.before = start, end
        return kind, name, end

    def _continued(self, line_end: int) -> int:
        """The end of a line that may be continued by a backslash before its line feed."""
        data = self.data
        while data[line_end - 1] in b"\\\r" and line_end < len(data) and _ends_in_backslash(data, line_end):
            line_end = _end_of_line(data, line_end + 1)
        return line_end


def _marked(line: bytes) -> tuple[Kind, bytes] | None:
    """What a line with one of gitenv's own marks is; None if the mark stands where it means nothing."""
    if token := _TOKEN.fullmatch(line):
        return Kind.TOKEN, token.group(1) or b""
    if sealed := re.fullmatch(_SEALED, line):
        return Kind.SEALED, sealed.group(1)
    if line.startswith(_UNVERIFIED):
        return Kind.UNVERIFIED, b""
    if lookalike := re.match(_LOOKALIKE, line):
        return Kind.LOOKALIKE, lookalike.group(1) or b""
    return None


def _is_heading(line: bytes) -> bool:
    return line.startswith(b"## ") and b"-----" not in line and _is_readable(line)


def _is_one_line(line: bytes) -> bool:
    return re.match(_NOT_ONE_LINE, line) is None


def _is_readable(line: bytes) -> bool:
    """Whether text without a name may show: it is one line, and means nothing to a shell or make, wherever it stands.

    `export $(cat .env | xargs)` makes a value of each word with a `=`, and of a file with such a name that a pattern fits. In
    quotes that an earlier line opened, a comment is none: a `'` or `"` ends them, and `$` and backticks run what they hold. A
    `\\` hides the next line from make.
    """
    return re.search(_MEANS_SOMETHING, line) is None and _is_one_line(line)


def _is_base64_tail(line: bytes, before: bytes, after_unknown: bool) -> bool:
    """Whether `NAME=` or `NAME==` is the end of unquoted base64 and not a name. `NAME==` is never worth the doubt."""
    tail = _TAIL.fullmatch(line)
    if tail is None:
        return False
    name, equals = tail.groups()
    if after_unknown or equals == b"==":
        return True
    if re.fullmatch(_MIXED_CASE, name) and ((len(name) + 1) % 4 == 0 or (len(name) >= 16 and re.search(rb"[0-9]", name))):
        return True
    runs_on = re.search(_MAY_RUN_ON, before)
    return bool(runs_on and not re.fullmatch(_HEX, runs_on.group(1)) and not re.fullmatch(SURELY_A_NAME, name))


def _end_of_line(data: bytes, start: int) -> int:
    end = data.find(b"\n", start)
    return len(data) if end < 0 else end


def _ends_in_backslash(data: bytes, line_end: int) -> bool:
    end = line_end - 1 if data[line_end - 1 : line_end] == b"\r" else line_end
    start = end
    while start > 0 and data[start - 1] == 0x5C:  # a backslash that is itself escaped continues nothing
        start -= 1
    return (end - start) % 2 == 1
