"""What git starts for each side of a diff where `gitenv.maskDiff` is set. Else it starts `cat`."""

from __future__ import annotations

import os
import sys

from gitenv import clone
from gitenv.errors import GitenvError
from gitenv.git import layout
from gitenv.model import document, masking


def show(path: str) -> int:
    """Print a file that smudge has opened, or one of the work tree, with masks for all values."""
    try:
        # One byte more than a document may have is enough to see that it has too many.
        with open(path, "rb") as file:
            data = file.read(document.MAX_BYTES + 1)
        secret = clone.mask_secret(layout.find(os.getcwd()).common_dir)
    except (GitenvError, OSError) as error:
        from gitenv import refusal

        problem = refusal.refused(error, "read") if isinstance(error, OSError) else error
        sys.stderr.write(f"error: cannot show a diff with masks: {problem.message}\nhint: {problem.hint}\n")
        return 1
    sys.stdout.buffer.write(masking.mask(data, secret))
    return 0
