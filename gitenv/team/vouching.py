"""Machines have nobody who compares fingerprints: `GITENV_TRUST` names the signers that they may believe."""

from __future__ import annotations

import os
from collections.abc import Iterable, Set

from gitenv.errors import NotTrusted, Usage
from gitenv.git import log
from gitenv.lineage import Past
from gitenv.model.environment import Environment
from gitenv.model.reasons import NotVouchedFor
from gitenv.model.statements import is_fingerprint
from gitenv.team.pinning import Found
from gitenv.team.workspace import Workspace

VARIABLE = "GITENV_TRUST"


def vouchers() -> frozenset[str]:
    """Whose signatures a machine takes on trust: the fingerprints in `GITENV_TRUST`. Raises `Usage`."""
    given = os.environ.get(VARIABLE, "").replace(",", " ").split()
    for fingerprint in given:
        if not is_fingerprint(fingerprint):
            raise Usage(
                f"{VARIABLE} holds something that is no fingerprint", "SHA256: and 43 characters, as gitenv key show prints it"
            )
    return frozenset(given)


def check_vouched(workspace: Workspace, statement: Environment, trusted: Set[str]) -> None:
    """Raise `NotVouchedFor` unless a `trusted` fingerprint signed the statement, or one that it honestly follows from."""
    if statement.by.fingerprint in trusted:
        return
    past = Past(workspace.root, workspace.repository.objects, workspace.tree, statement.name)
    for version in past.versions:
        if version.by.fingerprint in trusted and past.is_signed(version):
            found = past.steps_after(version)
            if found.reaches(statement):
                found.check_one_line(statement, past.versions)
                return
    shallow = " (this clone has only the newest history)" if log.is_shallow(workspace.root) else ""
    raise NotVouchedFor(
        f"{statement.name}: signed by {statement.by}, for whom nobody vouches here{shallow}",
        f"compare the fingerprint, then set {VARIABLE}={statement.by.fingerprint} (several: with spaces between)",
    )


def sort_out(workspace: Workspace, statements: Iterable[Environment], strict: bool) -> Found:
    """Which of these are vouched for. Without `GITENV_TRUST` all are, or with `strict` none."""
    trusted, listed = vouchers(), list(statements)
    found = Found([], [])
    if strict and listed and log.is_shallow(workspace.root):
        # Somebody may have put an older statement back, and the commits that would say so are not here.
        raise NotVouchedFor(
            "this clone has only the newest history, and nobody can vouch for what is not there",
            "fetch all of it: git fetch --unshallow, or fetch-depth: 0 in CI",
        )
    for statement in listed:
        try:
            if trusted or strict:
                check_vouched(workspace, statement, trusted)
            found.new.append(statement)
        except NotTrusted as error:
            found.problems.append(error)
    return found
