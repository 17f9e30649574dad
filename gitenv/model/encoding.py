"""Files in an encoding that no dotenv reader reads, as PowerShell's `>` writes them: no key name can be seen in them."""

from __future__ import annotations

from gitenv.errors import shell_word

_MARKS = (  # the longer ones first
    (b"\xff\xfe\0\0", "UTF-32"),
    (b"\0\0\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
    (b"\xef\xbb\xbf", "UTF-8 with a byte order mark"),
)


def wrong(data: bytes) -> str:
    """What a file is in, other than plain UTF-8, as `iconv` calls it; "" where it looks right."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    if b"\0" not in data[:4]:
        return ""
    # Without a mark: the zeros between the letters of the first name.
    for name, zeros in (("UTF-32LE", (1, 2, 3)), ("UTF-32BE", (0, 1, 2)), ("UTF-16LE", (1, 3)), ("UTF-16BE", (0, 2))):
        if len(data) >= 4 and {at for at in range(4) if not data[at]} == {*zeros}:
            return name
    return ""


def problem(path: str, name: str) -> str:
    """What is wrong with such a file."""
    if name.startswith("UTF-8"):
        return f"{path} is {name}, which is read as part of the first key name"
    return f"{path} is {name}: no key name can be read in it"


def remedy(path: str, name: str) -> str:
    """The command that writes it in UTF-8: in place, so that nobody else gets to read it meanwhile."""
    word = shell_word(path)
    read = f"tail -c +4 {word}" if name.startswith("UTF-8") else f"iconv -f {name} -t UTF-8 {word}"
    return f"text=$({read}) && printf '%s\\n' \"$text\" > {word}"
