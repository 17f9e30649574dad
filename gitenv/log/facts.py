"""What a history tells: one fact for one thing that a commit did to a key, to a file, or to who is in."""

from __future__ import annotations

from enum import Enum

from gitenv.git.commits import Author
from gitenv.model.statements import Holder
from gitenv.tuples import NamedTuple


class What(Enum):
    """What happened. The values are for programs, and stay what they are."""

    SET = "set"
    CHANGED = "changed"
    REMOVED = "removed"
    RENAMED = "renamed"
    ENCRYPTED = "encrypted"  # it stood there in plain text before
    EXPOSED = "exposed"  # it stands there in plain text now
    REENCRYPTED = "re-encrypted"
    MOVED = "moved"  # a file, to another path
    EARLIER = "earlier"  # a key that stood there already where the history of this clone begins
    SEALED = "sealed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    FOUNDED = "founded"
    REPLACED = "environment-replaced"  # another environment took the name
    ENDED = "environment-removed"
    UNREADABLE = "environment-unreadable"
    ROTATED = "rotated"
    PUT_BACK = "put-back"  # an earlier statement
    PATHS = "paths-changed"
    POLICY = "policy-set"
    KNOWN = "known-signed"  # what those who left could read
    SIGNED = "signed-anew"
    LET_IN = "let-in"
    TAKEN_OUT = "taken-out"
    ROLE = "role-changed"
    EXPIRY = "expiry-changed"
    NEW_KEY = "key-replaced"
    UNCOUNTED = "uncounted-grant"
    ASKED = "asked"
    REQUEST = "request-changed"
    UNASKED = "request-removed"


class Fact(NamedTuple):
    """One thing that happened. Nobody vouches for it: it is what the files of the commit say. Never a value."""

    what: What
    environment: str = ""
    path: str = ""
    key: str = ""
    former: str = ""  # the name, path or role before
    person: str = ""  # whom it is about
    person_key: str = ""  # the fingerprint
    by: Holder | None = None  # who signed it, as it says
    role: str = ""
    expires: str = ""
    paths: tuple[str, ...] = ()
    revision: int = 0
    generation: int = 0
    former_generation: int = 0
    policy: str = ""  # as `gitenv policy` takes it
    keys: int = 0  # how many were encrypted anew
    reason: str = ""
    is_plain: bool = False  # the key stands there in plain text
    is_sure: bool = True  # False: it cannot be told without a key, and is what is likely

    @property
    def identity(self) -> tuple[object, ...]:
        """What is the same fact whichever parent of a merge the commit is compared with."""
        return self.what, self.environment, self.path, self.key, self.person


class Event(NamedTuple):
    """A fact, and the commit that it is in."""

    commit: str
    author: Author
    fact: Fact


class Skipped(NamedTuple):
    """A file of a commit that could not be looked at."""

    commit: str
    path: str
    why: str
