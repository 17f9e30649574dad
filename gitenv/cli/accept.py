"""`gitenv accept`."""

from __future__ import annotations

from gitenv.cli.decision import Decision, Everything, File, Names, Yes, decide


def run(names: Names = None, everything: Everything = False, file: File = "", yes: Yes = False) -> None:
    """Make values of unverified lines: of what somebody put into an encrypted file without having its key.

    A value takes the place of those that have its name already.
    """
    from gitenv.team import deciding

    question = "Make values of these? Whoever brought them need not be in your team."
    decide(Decision(question, deciding.accept, "accepted", takes_places=True), names, everything, file, yes)
