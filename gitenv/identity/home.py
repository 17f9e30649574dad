"""Where gitenv keeps what is the user's own: the device key and the pins."""

from __future__ import annotations

import os
import sys


def folder() -> str:
    """gitenv's folder in the user's configuration (XDG base directories; %APPDATA% on Windows). It need not exist."""
    if sys.platform == "win32":
        base = os.environ.get("APPDATA") or os.path.expanduser("~")
    else:
        base = os.environ.get("XDG_CONFIG_HOME", "")
        if not os.path.isabs(base):  # to be ignored, says the standard; a work tree is no place for a private key
            base = os.path.join(os.path.expanduser("~"), ".config")
    return os.path.join(base, "gitenv")
