"""gitenv's speed, measured side by side in one run: `python -m tests.bench`. It prints what it finds, and holds nothing.

The gitenv that is measured is the one installed for this interpreter, or for another (`--gitenv`); with `--before`, an
earlier one beside it, in turn. git-crypt is measured if it is there, and named as absent if not.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bench import machine, report
from tests.bench.measure import Bench, Case, Row
from tests.bench.rows import CASES


def main() -> int:
    """Measure, print, write."""
    options = _options()
    facts = machine.facts()
    print("\n".join(f"{word}: {value}" for word, value in facts.items()), end="\n\n", flush=True)
    print(report.head(bool(options.before)), flush=True)
    results, failed, begin = [], 0, time.monotonic()
    with tempfile.TemporaryDirectory(prefix="gitenv-bench-", dir=options.folder) as folder:
        bench = Bench(Path(folder), options.gitenv, options.before, full=options.full, by_cpu=options.cpu)
        for case, rows in _chosen(options.full, options.only):
            try:
                for result in bench.results(case, rows):
                    results.append(result)
                    print(report.line(result, bool(options.before)), flush=True)
            except RuntimeError as error:
                failed = 1
                print(f"{case.name_in(options.full)}: failed: {error}", flush=True)
    print(f"\n{len(results)} rows in {time.monotonic() - begin:.0f} s")
    if options.json:
        Path(options.json).write_text(json.dumps({"machine": facts, "rows": report.as_json(results)}, indent=1) + "\n", "utf-8")
    if options.compare:
        print("\n" + report.compared(results, json.loads(Path(options.compare).read_text("utf-8"))["rows"]))
    if options.markdown:
        document = Path(options.markdown)
        document.write_text(report.write_into(document.read_text("utf-8"), results, facts), "utf-8")
    return failed


def _chosen(full: bool, only: Sequence[str]) -> Iterator[tuple[Case, list[Row]]]:
    """The cases and rows that were asked for: all of the usual ones, all, or those whose name has one of these words."""
    for case in CASES:
        words = [f"{case.name_in(full)}: {row.name}".lower() for row in case.rows]
        rows = [
            row
            for row, text in zip(case.rows, words, strict=True)
            if (any(word.lower() in text for word in only) if only else full or not row.full_only)
        ]
        if rows:
            yield case, rows


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m tests.bench", description="Measure gitenv beside its peers.")
    parser.add_argument("--full", action="store_true", help="every row, each at its full size, with more rounds")
    parser.add_argument("--only", nargs="+", default=(), metavar="WORD", help="only rows with one of these words in their name")
    parser.add_argument(
        "--cpu", action="store_true", help="go by the processor's time in all rows, on a machine that has other work"
    )
    parser.add_argument("--json", metavar="FILE", help="write the machine and every run there")
    parser.add_argument("--compare", metavar="OLD.json", help="what --json wrote earlier: print old, new, and the ratio")
    parser.add_argument("--markdown", metavar="FILE", help="write the figures into a page, as docs/performance.md has them")
    parser.add_argument("--gitenv", metavar="PYTHON", default=sys.executable, help="the interpreter whose gitenv is measured")
    parser.add_argument("--before", metavar="PYTHON", default="", help="another whose gitenv is measured in turn with it")
    # In memory if the system has such a folder: a thousand new objects wait for a disk much longer than for any filter.
    memory = "/dev/shm"
    default = memory if Path(memory).is_dir() else tempfile.gettempdir()
    parser.add_argument("--folder", metavar="DIR", default=default, help=f"where to work (default: {default})")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
