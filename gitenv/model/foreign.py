"""Files that another tool has encrypted. gitenv would encrypt that once more, and give the team something that nobody can read.

Only founding asks this, and only to say it. No gate does: whoever can push can write what ciphertext begins with.
"""

from __future__ import annotations

import re

from gitenv.tuples import NamedTuple


class Tool(NamedTuple):
    """The tool that encrypted a file, and the command that gives plain text, `{}` being the file's name."""

    name: str
    opens: str


_AGE = Tool("age", "age --decrypt --identity KEY {}")
_GPG = Tool("gpg", "gpg --decrypt {}")
_WHOLE = (
    (rb"\0GITCRYPT\0", Tool("git-crypt", "git-crypt unlock")),
    (rb"U2FsdGVkX1[A-Za-z0-9+/=\s]*\Z", Tool("transcrypt", "transcrypt")),
    (rb"age-encryption\.org/v1\n|-----BEGIN AGE ENCRYPTED FILE-----", _AGE),
    # RFC 4880: a session key for a public key, or for a password, each with its version.
    (rb"-----BEGIN PGP MESSAGE-----|[\x84-\x86].{1,2}\x03|\x8c.\x04", _GPG),
    (rb"\$ANSIBLE_VAULT;", Tool("ansible-vault", "ansible-vault decrypt {}")),
)
_VALUES = (
    (rb"^[^#\n=]+=[\"']?ENC\[AES256_GCM,", Tool("sops", "sops --decrypt --in-place {}")),
    (rb"^[^#\n=]+=[\"']?encrypted:[A-Za-z0-9+/=]{40}", Tool("dotenvx", "dotenvx decrypt -f {}")),
)


def whole(data: bytes) -> Tool | None:
    """The tool that all of a file is encrypted by: no line of it is one of a dotenv file."""
    return next((tool for mark, tool in _WHOLE if re.match(mark, data, re.DOTALL)), None)


def values(data: bytes) -> Tool | None:
    """The tool that values of a file are encrypted by: its names, and what it is for, can be seen."""
    return next((tool for mark, tool in _VALUES if re.search(mark, data, re.MULTILINE)), None)


def hides(data: bytes) -> bool:
    """Whether another tool left no value of a file to be read."""
    lines = re.findall(rb"^[^#\n=]+=.*", data, re.MULTILINE) if values(data) else []
    shown = [line for line in lines if not values(line) and not line.startswith((b"DOTENV_PUBLIC_KEY", b"sops_"))]
    return whole(data) is not None or bool(lines and not shown)
