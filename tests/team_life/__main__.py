"""`python -m tests.team_life --minutes 10`: other lives each time, for as long as you like."""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
import traceback
from pathlib import Path

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests import forkserver
from tests.lab import Lab
from tests.sessions import runner


def beginning(root: Path) -> Path:
    """Play the beginning of every life."""
    session = runner.read(runner.BEGINNINGS / "life.txt")
    runner.play(session, lambda _: Lab(root))
    return root


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.team_life")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--steps", type=int, default=30, help="in each life, at most")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    parser.add_argument("--shrink", action="store_true", help="make a failure small; this takes long")
    parser.add_argument("--failures", type=int, default=1, help="stop after so many")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        os.environ.setdefault("TEAM_LIFE_FOLDER", place)
        from tests.team_life import machine

        with forkserver.running(Path(place)):
            machine.BEGINNING.append(beginning(Path(place) / "beginning"))
            return _run(chosen)


def _run(chosen: argparse.Namespace) -> int:
    from tests.team_life import machine

    phases = [Phase.generate, Phase.shrink] if chosen.shrink else [Phase.generate]
    steadily = settings(
        max_examples=3, stateful_step_count=chosen.steps, deadline=None, database=None, phases=phases,
        suppress_health_check=list(HealthCheck), print_blob=False,
    )  # fmt: skip
    end, number, failed = time.monotonic() + chosen.minutes * 60, chosen.seed, 0
    while time.monotonic() < end and failed < chosen.failures:
        try:
            run_state_machine_as_test(seed(number)(machine.TeamLife), settings=steadily)
        except Exception:
            failed += 1
            print(f"--- seed {number}\n{traceback.format_exc()[-6000:]}", flush=True)
        number += 1
        print(f"seed {number - 1}: {machine.FIGURES['examples']} lives, {machine.FIGURES['steps']} steps", flush=True)
    for what, times in sorted(machine.FIGURES.items()):
        print(f"{times:>7,}  {what}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
