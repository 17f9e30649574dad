"""What somebody types who knows another tool or takes an option for a word, and the command that does it here."""

from __future__ import annotations

import contextlib
import difflib
import os
from collections.abc import Collection, Sequence

from gitenv.cli import arguments, commands
from gitenv.cli.options import Option
from gitenv.errors import GitenvError, Usage, printable, shell_word
from gitenv.git.layout import RECIPIENTS
from gitenv.model import names
from gitenv.sdk import places

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


def remedy(words: Sequence[str]) -> str:
    """The command, where it was given an environment or a file as a word of its own; "" for any other word too many.

    And where somebody may have typed a value with a name: that is not repeated.
    """
    found = commands.find(words)
    *before, last = words
    if not found or any("=" in word for word in before):
        return ""
    declared = [each.declared for each in arguments.parameters(found[0].function())]
    options = {name for each in declared if isinstance(each, Option) for name in each.names}
    if "--environment" in options and not _is_given(before, "-e", "--environment") and _is_environment(last):
        return f"gitenv {' '.join(map(shell_word, before))} -e {last}"
    if "--file" in options and not _is_given(before, "-f", "--file") and os.path.isfile(last):
        return f"gitenv {' '.join(map(shell_word, before))} -f {shell_word(last)}"
    return ""


def _is_given(words: Sequence[str], *names: str) -> bool:
    return any(word.startswith(names) for word in words)


def _is_environment(name: str) -> bool:
    with contextlib.suppress(GitenvError):
        top = places.top_of(os.path.realpath(os.getcwd())).folder
        return names.is_name(name) and os.path.isfile(os.path.join(top, RECIPIENTS, name, "environment"))
    return False
