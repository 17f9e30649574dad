"""Why a file that the attributes protect belongs to no environment. Loaded when there is such a file."""

from __future__ import annotations

from gitenv.errors import Locked, NotTrusted, shell_word
from gitenv.model import dotenv
from gitenv.repo.snapshot import WorkSnapshot
from gitenv.trust.access import Access


def why(access: Access, root: str, path: str) -> Locked | NotTrusted:
    """Why a file that the attributes protect is nobody's, and the command for it."""
    if not access.pinned():
        return Locked("it is encrypted in this repository, and there is no key in this clone", "gitenv init")
    if waits := [pin.name for pin in access.pinned() if pin.environment.claims(path)]:
        text = f"{waits[0]} claims it since a statement that nobody here has said yes to"
        return NotTrusted(text, f"gitenv unlock {waits[0]}")
    if name := _new_environment(root, path):
        return Locked(f"it belongs to {name}, which is new here", f"gitenv unlock {name}")
    kind = dotenv.kind(path)
    if kind == "private":
        return NotTrusted("it is one's own by its name, and never committed", f"add {shell_word(path)} to .gitignore")
    if kind != "shared":
        text = "a .gitattributes sends it to gitenv, and it belongs to no environment"
        return NotTrusted(text, "git log -p -- ':(glob)**/.gitattributes'")
    from gitenv.model import remedies

    command = remedies.claim(path, [pin.name for pin in access.pinned()])
    return NotTrusted("it belongs to no environment", f"{command}, or add it to .gitignore")


def _new_environment(root: str, path: str) -> str:
    from gitenv.repo import recipients

    tree = WorkSnapshot(root)
    return recipients.claimant(tree, path, recipients.environments(tree))
