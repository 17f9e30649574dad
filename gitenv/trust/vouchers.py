"""Machines have nobody who compares fingerprints: `GITENV_TRUST` says what they may believe.

A fingerprint is the signer's of the newest statement; a hash is a floor, a statement that must be in the chain. Both lie in the
tree: a shallow clone and an exported folder prove as much as a whole one.
"""

from __future__ import annotations

import os

from gitenv.errors import Usage
from gitenv.git.layout import RECIPIENTS
from gitenv.model.reasons import NotVouchedFor
from gitenv.model.statements import is_fingerprint, is_hash
from gitenv.trust.trusted import Verdict
from gitenv.tuples import NamedTuple

VARIABLE = "GITENV_TRUST"


class Vouchers(NamedTuple):
    """What a machine takes on trust."""

    signers: frozenset[str]
    floors: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.signers or self.floors)

    def vouch_for(self, first_sight: Verdict) -> bool:
        """Whether a named key signed a statement, or it goes back to a named one."""
        chain = {first_sight.statement.hash, *first_sight.past}
        return first_sight.statement.by.fingerprint in self.signers or not chain.isdisjoint(self.floors)


def vouchers() -> Vouchers:
    """What `GITENV_TRUST` names. Raises `Usage`."""
    text = os.environ.get(VARIABLE, "")
    given = frozenset(text.replace(",", " ").split())
    found = Vouchers(frozenset(filter(is_fingerprint, given)), frozenset(filter(is_hash, given)))
    if given - found.signers - found.floors or (text and not given):
        hint = "SHA256: and 43 characters, as gitenv key show prints it; or the 64 digits that gitenv rotate prints"
        raise Usage(f"{VARIABLE} holds something that is no fingerprint and no hash", hint)
    return found


def check_vouched(first_sight: Verdict, trusted: Vouchers) -> None:
    """Raise `NotVouchedFor` unless a named key signed the statement, or it goes back to a named one."""
    if trusted.vouch_for(first_sight):
        return
    statement = first_sight.statement
    if trusted.floors:  # no hint may take a floor away: below it anybody who was taken out since could have signed
        raise NotVouchedFor(
            f"{statement.name}: signed by {statement.by}, and does not go back to a statement that {VARIABLE} names",
            f"go to a commit from after it: git log -- :/{RECIPIENTS}/{statement.name}; "
            f"if none of them is of {statement.name}: add the hash that gitenv rotate prints",
        )
    raise NotVouchedFor(
        f"{statement.name}: signed by {statement.by}, for whom nobody vouches here",
        f"compare the fingerprint, then set {VARIABLE}={statement.by.fingerprint} (several: with spaces between)",
    )
