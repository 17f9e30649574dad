"""What somebody types who knows another tool, and the command that does it here."""

from __future__ import annotations

import difflib
from collections.abc import Collection

from gitenv.errors import Usage, printable

MEANT = {
    "gitenv add-recipient NAME": (
        "add",
        "invite",
        "share",
        "grant",
        "let-in",
        "adduser",
        "add-user",
        "add-gpg-user",
        "tell",
    ),
    "gitenv remove-recipient NAME": ("remove", "revoke", "kick", "deny", "removeperson", "killperson", "remove-user"),
    "gitenv recipients": ("people", "users", "members", "who", "whoknows", "team", "list-recipients"),
    "gitenv rotate": ("rotate-key", "rekey", "updatekeys", "re-encrypt", "reencrypt"),
    "gitenv unlock": ("decrypt", "open", "reveal"),
    "gitenv lock": ("close", "hide"),
    "gitenv status": ("info", "st"),
    "gitenv list": ("ls", "keys", "env"),
    "gitenv key show": ("whoami", "fingerprint", "pubkey"),
    "gitenv key export": ("backup", "export-key"),
    "gitenv key new": ("keygen", "genkey", "generate"),
    "gitenv add-environment NAME": ("add-env", "new", "create"),
    "gitenv log": ("history", "audit", "blame"),
    "gitenv doctor --fix": ("fix", "repair", "mend"),
    "gitenv init": ("install", "setup", "start", "join", "clone"),
    "gitenv uninstall": ("deinit", "leave", "teardown"),
    "gitenv --version": ("version",),
    "git add .env && git commit": ("encrypt", "commit", "save", "seal"),
    "git push": ("push", "publish"),
    "git pull, then gitenv unlock": ("pull", "fetch", "sync"),
    "gitenv get NAME": ("cat", "show", "print", "printenv", "echo"),
    "gitenv edit": ("vi", "change", "modify"),
    "gitenv unset NAME": ("rm", "del", "delete", "unset-key"),
    "gitenv rename OLD NEW": ("mv", "move"),
    "gitenv run -- COMMAND": ("exec", "load", "source"),
}


def command(name: str, known: Collection[str]) -> Usage:
    """The error for a word that is no command, with the one that may be meant."""
    text = f"gitenv has no command {printable(name)[:80]!r}"
    word = name.lower().replace("_", "-")
    for meant, words in MEANT.items():
        if word in words:
            return Usage(text, meant)
    close = difflib.get_close_matches(word, known, 3)
    return Usage(text, " or ".join(f"gitenv {each}" for each in close) or "gitenv --help")
