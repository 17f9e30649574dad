"""Everything gitenv raises on purpose: what is wrong, the way out, and the exit code.

    GitenvError
    ├── Usage        2  the command's words are off, or a question needs `--yes`
    │   └── Missing     the file or the value is not there
    ├── Locked       3  no key here, or no grant for it
    ├── NotTrusted   4  signed by nobody we know, edited, or not what was pinned
    │   └── Malformed   it does not even have the form
    │       └── FirstEdition  5  a statement or a pin of the format before this one
    └── NotInOrder   5  git, the repository or the file system is not as needed
        └── Changed     what was read is not there any more: the command starts over

The core raises and one edge prints (`cli.edge` for people, `drivers.notices` for git). A message names its object and says
where (file, line, key name), never what: no value, no plain text, no private key.
"""

from __future__ import annotations

from collections.abc import Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

BUG = 70
INTERRUPTED = 130


class GitenvError(Exception):
    """The root. `message` is one line in lower case; `hint` is the command that helps, if there is one."""

    exit_code: ClassVar[int] = BUG

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def code(self) -> str:
        """The reason's own name, for programs: `NotAHolder` → not-a-holder."""
        return "".join(f"-{c.lower()}" if c.isupper() else c for c in type(self).__name__).removeprefix("-")


class Usage(GitenvError):
    """The command cannot be carried out as it was typed."""

    exit_code = 2


class Missing(Usage):
    """What was asked for is not there: a file, or a value in it."""


class Locked(GitenvError):
    """The key that would be needed is not here."""

    exit_code = 3


class NotTrusted(GitenvError):
    """Something in the repository is not vouched for by anybody this clone trusts."""

    exit_code = 4


class Malformed(NotTrusted):
    """A file of gitenv's own does not have its form; nothing in it is used."""


class FirstEdition(Malformed):
    """A file of the format's first edition: no release had it, so there is no way over.

    Nobody has such a repository. So one statement like that beside good ones is a broken one, and stops nobody.
    """

    exit_code = 5


class NotInOrder(GitenvError):
    """git, the repository or a file stands in the way."""

    exit_code = 5


class Changed(NotInOrder):
    """Something was changed between the moment it was read and the one it was to be replaced."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} was changed in the meantime", "run this again")


def shell_word(text: str) -> str:
    """A name as one harmless word of a command that a hint proposes: people paste those."""
    plain = printable(text)
    if plain and all(c.isascii() and (c.isalnum() or c in "._-/@%+=:,") for c in plain) and plain[0] != "-":
        return plain
    return "'" + plain.replace("'", "'\\''") + "'"


def from_top(path: str) -> str:
    """A file as one word that means it from the top of the work tree, for git and for gitenv, and means nothing else.

    For git `:/!x/.env` is all but that file, `:/@x/.env` an error, and in `:/*/.env` the star is any name.
    """
    is_plain = (path[:1].isalnum() or path[:1] == ".") and not set(path) & set("*?[\\")
    return shell_word(f":/{path}" if is_plain else f"{FROM_TOP[1]}{path}")


FROM_TOP = (":/", ":(top,literal)")
"""How a path may begin that is meant from the top."""


def joined(parts: Sequence[str], most: int = 8, count: int = 0) -> str:
    """A list in a sentence, cut where nobody would read on. `count`: how many there are, where these are only the first."""
    shown, left = ", ".join(parts[:most]), (count or len(parts)) - most
    return f"{shown} and {left:,} more" if left > 0 else shown


def printable(text: str | bytes) -> str:
    """`text` for a terminal: control, format and line-breaking characters as escapes (names come from hostile places)."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "backslashreplace")
    if text.isprintable():  # nearly always, and tables have ten thousand cells
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
