"""Many people let in at once: what `gitenv add-recipient` writes, without a start of Python and a look at all others for each.

`python -m tests.bench.grants REPOSITORY COUNT [requests]` prints a commit for `git fast-import`, with the keys and grants of
bob-00001, bob-00002, …, signed by the holder whose home this is; or their requests alone. Their keys are thrown away.
"""

from __future__ import annotations

import sys

from cryptography.hazmat.primitives.asymmetric import ec

from gitenv.git import layout
from gitenv.git.layout import RECIPIENTS
from gitenv.identity import device
from gitenv.model import grant
from gitenv.model.kinds.p256 import P256Key
from gitenv.trust.access import Access
from tests.bench.histories import MAIN
from tests.fast_import import commit


def main() -> None:
    root, count, only_requests = sys.argv[1], int(sys.argv[2]), sys.argv[3:] == ["requests"]
    access = Access(layout.find(root))
    pin, signer = access.pinned()[0], device.need()
    dek, by = access.ring(pin).dek, pin.environment.by
    files = {}
    for number in range(1, count + 1):
        name = f"bob-{number:05}"
        key = P256Key.of(ec.generate_private_key(ec.SECP256R1()).public_key())
        files[f"{RECIPIENTS}/{name}.pub"] = key.line(name)
        if not only_requests:
            given = grant.write(pin.environment, dek, name, key, grant.HOLDER, by=by, at=pin.environment.at, signer=signer)
            files[f"{RECIPIENTS}/{pin.name}/{name}.grant"] = given.text
    sys.stdout.buffer.write(commit("main", files, [MAIN]))


if __name__ == "__main__":
    main()
