"""gitenv's speed, measured side by side in one run: `python tests/bench/run.py [--quick] [--json FILE]`.

`--people`, `--team` and `--review` measure a part of it. It prints what it finds and asserts nothing. Needs gitenv installed
for this interpreter (the filter is started as `gitenv init` configures it); git-crypt and hyperfine are measured, or measured
with, if they are there, and named as absent if not.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # this script is started by its path

from tests.bench import check, commands, files, keys, log, machine, merges, people, report, review, start, team, trust
from tests.bench.measure import Row
from tests.bench.peers import GitCrypt, Gitenv, Plain, git_crypt
from tests.lab import Lab


class Extent(NamedTuple):
    """How much is measured."""

    starts: int
    adds: int  # rounds of the large `git add`; each takes git-crypt long
    rounds: int
    files: tuple[int, ...]
    keys: tuple[int, ...]
    people: tuple[int, ...]
    rotated: tuple[tuple[int, int], ...]  # files, people
    environments: tuple[int, ...]
    chain: tuple[int, int]  # statements, commits


FULL = Extent(
    *(60, 3, 5, (100, 300, 1_000), (1_000, 3_000, 10_000), (10, 1_000, 10_000)),
    rotated=((250, 25), (500, 50), (1_000, 100), (2_000, 200)),
    environments=(5, 25, 50, 100),
    chain=(200, 10_000),
)
QUICK = Extent(
    10,
    1,
    2,
    (30, 100),
    (1_000, 10_000),
    (10, 100),
    rotated=((100, 10), (1_000, 100)),
    environments=(5, 50),
    chain=(200, 10_000),
)
FEW_FILES = 10


def main() -> None:
    """Measure, print, write."""
    options = _options()
    extent = QUICK if options.quick else FULL
    with tempfile.TemporaryDirectory(prefix="gitenv-bench-", dir=options.folder) as folder:
        facts = machine.facts(Path(options.folder))
        print("\n".join(f"{word}: {value}" for word, value in facts.items()), end="\n\n", flush=True)
        rows = []
        lab = Lab(Path(folder))
        for row in _chosen(lab, extent, options):
            rows.append(row)
            if sys.stderr.isatty():
                print(f"\r{row.part}: {row.what}, {row.amount:,}".ljust(60), end="\r", file=sys.stderr, flush=True)
    print(report.table(rows))
    compared = report.comparisons(rows)
    print("\n" + "\n".join(f"{what}: {figure:.1f}" for what, figure in compared.items()))
    if options.json:
        result = {"machine": facts, "extent": extent._asdict(), "rows": report.as_json(rows), "comparisons": compared}
        Path(options.json).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def _chosen(lab: Lab, extent: Extent, options: argparse.Namespace) -> Iterator[Row]:
    if options.review:
        return _review(Gitenv(lab), extent)
    if options.people:
        return _many_people(Gitenv(lab), extent)
    return _team(lab, extent) if options.team else _measure(lab, extent)


def _measure(lab: Lab, extent: Extent) -> Iterator[Row]:
    gitenv, crypt = Gitenv(lab), git_crypt(lab)
    peers = [Plain(lab), gitenv, *([crypt] if crypt else [])]
    many = max(extent.files)
    yield from start.run(gitenv, extent.starts)
    yield from files.add(peers, FEW_FILES, extent.starts // 3, warm_up=1)
    yield from files.add(peers, many, extent.adds)
    yield from files.open_all(peers, many, extent.adds)
    if crypt is None:
        yield from (Row(files.PART, files.ADD, GitCrypt.name, count, ()) for count in (FEW_FILES, many))
    for count in extent.keys:
        yield from keys.run(gitenv, count, extent.rounds)
    for count in extent.files[:-1]:
        yield from files.add([gitenv], count, extent.rounds)
        yield from files.open_all([gitenv], count, extent.rounds)
    yield from _many_people(gitenv, extent)
    yield from _team(lab, extent)
    yield from commands.run(gitenv, extent.rounds * 3)
    yield from _review(gitenv, extent)


def _review(gitenv: Gitenv, extent: Extent) -> Iterator[Row]:
    yield from review.hooks(gitenv, extent.starts)
    yield from log.run(gitenv, max(extent.keys), extent.rounds)
    yield from check.run(gitenv, max(extent.people) // 10, extent.rounds)
    yield from merges.run(Lab(gitenv.person.home.parents[1] / "merges"), extent.rounds)


def _many_people(gitenv: Gitenv, extent: Extent) -> Iterator[Row]:
    for count in extent.people:
        yield from people.run(gitenv, count, extent.rounds)


def _team(lab: Lab, extent: Extent) -> Iterator[Row]:
    for count, members in extent.rotated:
        yield from team.rotate(lab, count, members, extent.rounds)
    for count in extent.environments:
        yield from team.let_in(lab, count, extent.rounds)
    yield from trust.run(Gitenv(Lab(lab.root / "trust")), *extent.chain, extent.rounds)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure gitenv beside git-crypt and beside git without a filter.")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and smaller counts")
    parser.add_argument("--people", action="store_true", help="only what depends on how many people there are")
    parser.add_argument("--team", action="store_true", help="only rotations, letting people in, and the rules of trust")
    parser.add_argument("--review", action="store_true", help="only hooks and reviews")
    parser.add_argument("--json", metavar="FILE", help="write every run, the machine and the versions there")
    # In memory if the system has such a folder: a thousand new objects wait for a disk much longer than for any filter.
    memory = "/dev/shm"
    default = memory if Path(memory).is_dir() else tempfile.gettempdir()
    parser.add_argument("--folder", metavar="DIR", default=default, help=f"where to work (default: {default})")
    return parser.parse_args()


if __name__ == "__main__":
    main()
