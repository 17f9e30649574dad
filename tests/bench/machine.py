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


def facts() -> dict[str, str]:
    """The machine, its load when the run began, and every version that matters."""
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ABSENT
    return {
        "machine": f"{os.cpu_count()} cores, {platform.system()}, load {load}",
        "processor": _processor(),
        "python": platform.python_version(),
        "git": version_of("git"),
        "git-crypt": version_of("git-crypt"),
        **{name: metadata.version(name) for name in ("cryptography", "pygit2", "typer", "rich")},
    }


def version_of(program: str) -> str:
    """What a program says its version is, or `ABSENT`."""
    if shutil.which(program) is None:
        return ABSENT
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return (said.stdout or said.stderr).strip().splitlines()[0].split()[-1]


def cpu_of_children() -> float:
    """The seconds of processor time of all children that have ended, and of theirs; always 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _processor() -> str:
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()
