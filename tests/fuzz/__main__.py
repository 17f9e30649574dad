"""`python -m tests.fuzz --seconds 600`: every target in turn, with new inputs each time, and the figures at the end.

A failure is saved with its input; `--target NAME --input FILE` plays it again.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from random import Random, SystemRandom

from tests.fuzz.targets import Target, targets

_TURN = 200  # inputs before the next target has its turn
_HANGS = 20.0  # seconds: nothing that is bounded takes as long


class Figures:
    """What came of one target."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.examples, self.crashes, self.slowest = 0, 0, 0.0

    def line(self, name: str) -> str:
        return (
            f"{name:20} {self.examples:>11,} examples {len(self.outcomes):>5} outcomes {self.crashes:>4} crashes"
            f"   slowest {self.slowest * 1000:,.0f} ms"
        )


def play(target: Target, seed: str, folder: Path, figures: Figures) -> None:
    """One input; whatever is not allowed is saved, printed and counted."""
    data = target.make(Random(seed))
    start = time.monotonic()
    try:
        outcome, failed = target.check(data), ""
    except Exception as error:
        outcome, failed = f"CRASH {type(error).__name__}", traceback.format_exc()
    took = time.monotonic() - start
    figures.examples += 1
    figures.slowest = max(figures.slowest, took)
    figures.outcomes[outcome] += 1
    if failed or took > _HANGS:
        figures.crashes += 1
        saved = folder / f"{target.name.replace(' ', '-')}-{figures.crashes}.bin"
        if figures.crashes <= 50:
            saved.write_bytes(data)
            print(f"{target.name}: seed {seed!r}, saved as {saved}, {took:.1f} s\n{failed}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", default=str(SystemRandom().getrandbits(32)), help="the same seed gives the same inputs")
    parser.add_argument("--target", default="", help="only this one")
    parser.add_argument("--input", type=Path, help="play one saved input again")
    parser.add_argument("--save", type=Path, default=Path(tempfile.gettempdir()), help="where failures are saved")
    parser.add_argument("--outcomes", action="store_true", help="list what came of the inputs")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["XDG_CONFIG_HOME"] = os.environ["APPDATA"] = home
        wanted = [target for target in targets(Path(home)) if chosen.target in ("", target.name)]
        if chosen.input:
            print([target.check(chosen.input.read_bytes()) for target in wanted])
            return 0
        return _run(wanted, chosen)


def _run(wanted: list[Target], chosen: argparse.Namespace) -> int:
    figures = {target.name: Figures() for target in wanted}
    end, turn = time.monotonic() + chosen.seconds, 0
    print(f"seed {chosen.seed}", flush=True)
    while wanted and time.monotonic() < end:
        for target in wanted:
            for n in range(turn, turn + _TURN):
                play(target, f"{chosen.seed} {target.name} {n}", chosen.save, figures[target.name])
        turn += _TURN
    for name, found in figures.items():
        print(found.line(name))
        for outcome, count in found.outcomes.most_common() if chosen.outcomes else ():
            print(f"    {count:>9,}  {outcome}")
    return 1 if any(found.crashes for found in figures.values()) or not wanted else 0


if __name__ == "__main__":
    sys.exit(main())
