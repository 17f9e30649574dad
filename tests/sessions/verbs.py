"""What a session says in one line that everybody would type in several."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

_VERBS: Mapping[str, Sequence[str]] = {
    "clones": ("as {0}", "git clone -q $HUB app", "cd ~/app"),
    "joins": ("clones {0}", "gitenv init", "publishes 'Ask to read .env'"),
    "publishes": ("git commit -qm {0}", "git push -q"),
    "pulls": ("as {0}", "cd ~/app", "git pull -q"),
    "refuses-new-text": ("bytes .env 'PASSWORD=hunter2-new\\n'", "! git add .env", "exits 128"),
}


def expanded(line: str) -> list[str]:
    """The lines that a line means: itself, if its first word is none of these verbs."""
    verb, _, rest = line.partition(" ")
    if verb not in _VERBS:
        return [line]
    words = [shlex.quote(word) for word in shlex.split(rest)]
    return [each for meant in _VERBS[verb] for each in expanded(meant.format(*words))]
