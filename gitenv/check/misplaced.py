"""What stands where it should not: keys in a file that nobody claims, and at a protected path what is no file."""

from __future__ import annotations

from gitenv.errors import NotTrusted, from_top
from gitenv.git.objects import Objects
from gitenv.model import document, dotenv, links, remedies
from gitenv.model.codes import finding
from gitenv.model.document import TEXT
from gitenv.model.finding import Finding, Severity
from gitenv.repo.claims import Claims

_LINK = "120000"


def like_dotenv(path: str, data: bytes, before: frozenset[bytes], commit: str = "") -> Finding | None:
    """The one warning for a file that is named much like a dotenv one and holds keys in plain text, some of them new."""
    try:
        numbered = list(document.numbered(document.parse(data)))
    except NotTrusted:
        return None
    listed = [(record, line) for record, line in numbered if record.name and record.kind in TEXT and record.raw not in before]
    # What direnv and Flask read is committed on purpose by most: only plain values are named there, and as a note.
    is_usual = path.rpartition("/")[2].lower().startswith((".envrc", ".flaskenv"))
    if is_usual:
        listed = [(record, line) for record, line in listed if not set(record.raw) & set(b"$`")]
    if not listed:
        return None
    count = "1 key" if len(listed) == 1 else f"{len(listed):,} keys"
    text = f"looks like a dotenv file, with {count} in plain text, and no environment claims it"
    commands = (remedies.claim(path),)
    found = finding("dotenv-like", text, path, listed[0][1], commands, commit)
    return found._replace(severity=Severity.NOTE) if is_usual else found


def unreadable(path: str, commit: str = "", why: str = "it is damaged, or larger than a document may be") -> Finding:
    """The finding for a protected file that nobody can judge."""
    return finding("unreadable", f"cannot be judged: {why}", path, 0, (), commit)


def not_a_file(path: str, mode: str, commit: str = "", *, was_before: bool = False) -> Finding:
    """The finding for a link or a submodule where a protected file belongs."""
    what = "a link" if mode == _LINK else "a submodule"
    text = f"{what} in the place of a protected file, or of its folder; gitenv does not follow links"
    return finding("not-a-file", text, path, 0, (f"git rm --cached {from_top(path)}",), commit, was_before=was_before)


def protected_target(objects: Objects, claims: Claims, path: str, mode: str, object_id: str) -> str:
    """The protected file of the same repository that a link at a protected path leads to; else ""."""
    if mode != _LINK or not object_id or dotenv.kind(path) == "private":
        return ""
    target = links.leads_to(path, objects.read(object_id, links.MAX_BYTES))
    return target if target and claims.covers(target) else ""
