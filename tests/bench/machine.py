"""What the figures were taken on: without it, they say nothing."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

ABSENT = "absent"
PEERS = ("git-crypt", "hyperfine")


def facts(folder: Path) -> dict[str, object]:
    """The machine, its load when the run began, and every version that matters. `folder` is where the work is done."""
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": os.getloadavg() if hasattr(os, "getloadavg") else None,
        "folder": str(folder),
        "python": platform.python_version(),
        "gitenv": _distribution("gitenv"),
        "cryptography": _distribution("cryptography"),
        "pygit2": _distribution("pygit2"),
        "git": version_of("git"),
        **{peer: version_of(peer) for peer in PEERS},
    }


def version_of(program: str) -> str:
    """What a program says its version is, or `ABSENT`."""
    if shutil.which(program) is None:
        return ABSENT
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return (said.stdout or said.stderr).strip().splitlines()[0].split()[-1]


def _distribution(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ABSENT


def _processor() -> str:
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()
