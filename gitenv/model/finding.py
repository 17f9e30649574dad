"""What a check finds: one sentence each, with a stable code, a place, and the command that mends it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from gitenv.tuples import NamedTuple


class Severity(Enum):
    """How much a finding weighs. An error stops a commit, a push and a merge; a warning only where that was asked for."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Finding(NamedTuple):
    """Something found. `text` says where and never what: no value, no plain text."""

    code: str  # its name, for programs: stays what it is
    severity: Severity
    text: str  # one sentence in lower case, without a full stop
    path: str = ""  # from the top of the work tree; "" where it is about no file
    line: int = 0  # from 1; 0 where it is about the whole file
    commands: tuple[str, ...] = ()  # that mend it; where there are several, one of them
    commit: str = ""  # the full id of the commit that it is in, where that is not the newest one
    by: str = ""  # the fingerprint of the key that signed for it, or that asks


def stops(findings: Iterable[Finding], *, is_strict: bool = False) -> bool:
    """Whether any of the findings is one to stop for."""
    grave = (Severity.ERROR, Severity.WARNING) if is_strict else (Severity.ERROR,)
    return any(finding.severity in grave for finding in findings)
