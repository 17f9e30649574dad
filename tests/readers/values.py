"""What the dotenv readers of Node and Ruby take from texts, values and all: one process for all texts."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

_HERE = Path(__file__).parent
_PROGRAMS = {"Node's dotenv": ["node", str(_HERE / "values.cjs")], "Ruby's dotenv": ["ruby", str(_HERE / "values.rb")]}
NAMES = list(_PROGRAMS)
# Where Debian's packages and `npm install -g` lay libraries, unless somebody has them elsewhere.
_LIBRARIES = {"NODE_PATH": "/usr/local/lib/node_modules", "RUBYLIB": "", "GEM_HOME": ""}
Values = dict[str, str] | None


def read(reader: str, texts: Sequence[bytes], *, modern: bool = True) -> list[Values]:
    """What a reader takes from each text; the test is skipped where it is not there, or older than what people get today."""
    env = {name: os.environ.get(name, there) for name, there in {"PATH": "", "HOME": "/", **_LIBRARIES}.items()}
    words = _PROGRAMS[reader]
    done = None
    if shutil.which(words[0]):
        sent = json.dumps([base64.b64encode(text).decode("ascii") for text in texts]).encode()
        given = {name: value for name, value in env.items() if value}
        done = subprocess.run(
            words, input=sent, capture_output=True, check=False, timeout=300, env={**given, "LANG": "C.UTF-8"}
        )
    if done is None or (done.returncode and b"require" in done.stderr):
        pytest.skip(f"{reader} is not installed")
    is_modern, found = json.loads(done.stdout)
    if modern and not is_modern:
        pytest.skip(f"{reader} is older than what its registry has")
    values: list[Values] = found
    return values
