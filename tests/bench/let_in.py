"""Let many people into the repository at hand: `let_in.py COUNT`. Their keys are made up and thrown away.

`let_in.py --keys COUNT` only makes their public keys, beside the repository.

What `gitenv add-recipient` does, without a start of Python and a check of all others' grants for each.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from gitenv.git import layout
from gitenv.identity import device
from gitenv.model import grant
from gitenv.model.kinds.p256 import P256Key
from gitenv.trust.access import Access


def let_in(count: int) -> None:
    """Write `.pub` and `.grant` of bob-0001, bob-0002, …, signed by the holder whose home this is."""
    access = Access(layout.find(os.getcwd()))
    pin, signer = access.pinned()[0], device.need()
    dek, by = access.ring(pin).dek, pin.environment.by
    recipients = Path(".recipients")
    for number in range(1, count + 1):
        name = f"bob-{number:04}"
        key = P256Key.of(ec.generate_private_key(ec.SECP256R1()).public_key())
        given = grant.write(pin.environment, dek, name, key, grant.HOLDER, by=by, at=pin.environment.at, signer=signer)
        (recipients / f"{name}.pub").write_bytes(key.line(name))
        (recipients / pin.name / f"{name}.grant").write_bytes(given.text)


def make_keys(count: int) -> None:
    """Write carol-1.pub, carol-2.pub, … beside the repository."""
    for number in range(1, count + 1):
        key = P256Key.of(ec.generate_private_key(ec.SECP256R1()).public_key())
        Path("..", f"carol-{number}.pub").write_bytes(key.line("carol"))


if __name__ == "__main__":
    if sys.argv[1] == "--keys":
        make_keys(int(sys.argv[2]))
    else:
        let_in(int(sys.argv[1]))
