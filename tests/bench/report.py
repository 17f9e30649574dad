"""Results as lines for people, as JSON for programs, and as the table in docs/performance.md."""

from __future__ import annotations

import datetime
import statistics
from collections.abc import Mapping, Sequence

from tests.bench.machine import ABSENT
from tests.bench.measure import Result, times

_BEGIN, _END = "<!-- figures -->\n", "<!-- end of figures -->\n"
_WIDTHS = (46, 10, 10, 10, 10, 28, 10, 20, 5)
_HEAD = ("row", "before", "median", "least", "CPU", "peer", "ratio", "at most", "holds")


def head(has_before: bool) -> str:
    """What stands above the lines."""
    return _columns(_HEAD, has_before)


def line(result: Result, has_before: bool) -> str:
    """One row, printed as soon as it is measured: medians, and the least of our own. The ratio is one of medians."""
    least = min(getattr(cost, result.row.unit) for cost in result.ours)
    cells = (
        _name(result),
        seconds(result.median(result.before)) if result.before else "",
        seconds(result.median(result.ours)),
        seconds(least),
        seconds(cpu) if (cpu := statistics.median(cost.cpu for cost in result.ours)) else "",
        _peer(result),
        times(result.ratio) if result.ratio else "",
        _limit(result),
        {True: "yes", False: "NO", None: ""}[result.holds],
    )
    return _columns(cells, has_before)


def as_json(results: Sequence[Result]) -> list[dict[str, object]]:
    """All results with every run, in seconds."""
    return [
        {
            "name": _name(result),
            "median": result.median(result.ours),
            "ours": [cost._asdict() for cost in result.ours],
            "before": [cost._asdict() for cost in result.before],
            "peer": {"name": result.row.peer, "runs": [cost._asdict() for cost in result.peer]},
            "ratio": result.ratio or None,
            "at most": str(result.row.limit or ""),
            "holds": result.holds,
        }
        for result in results
    ]


def compared(results: Sequence[Result], earlier: Sequence[Mapping[str, object]]) -> str:
    """Old, new and the ratio of all rows that an earlier run had as well."""
    old = {str(row["name"]): row["median"] for row in earlier}
    lines = [f"{'row':46}  {'old':>10}  {'new':>10}  {'new/old':>8}"]
    for result in results:
        if isinstance(then := old.get(_name(result)), float):
            now = result.median(result.ours)
            lines.append(f"{_name(result):46}  {seconds(then):>10}  {seconds(now):>10}  {now / then:8.2f}")
    return "\n".join(lines)


def write_into(document: str, results: Sequence[Result], facts: Mapping[str, str]) -> str:
    """A document with these results as its table of figures, between the two marks that it has for them."""
    before, begin, rest = document.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not end:
        raise ValueError(f"there is no {_BEGIN.strip()} … {_END.strip()}")
    return before + begin + _markdown(results, facts) + end + after


def _markdown(results: Sequence[Result], facts: Mapping[str, str]) -> str:
    lines = ["| | gitenv | beside it | gitenv takes | at most |", "|---|---|---|---|---|"]
    for result in results:
        limit = _limit(result) + (", missed" if result.holds is False else "")
        ratio = times(result.ratio) if result.ratio else ""
        lines.append(f"| {_name(result)} | {seconds(result.median(result.ours))} | {_peer(result)} | {ratio} | {limit} |")
    said = ", ".join(f"{word} {value}" for word, value in facts.items() if word != "machine")
    return f"\n{datetime.date.today()}, {facts['machine']}: {said}.\n\n" + "\n".join(lines) + "\n\n"


def seconds(value: float) -> str:
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"


def _name(result: Result) -> str:
    return result.name + (", CPU" if result.row.unit == "cpu" else "")


def _limit(result: Result) -> str:
    return f"{result.row.limit or ''}" + (" at full size" if result.is_scaled and result.row.limit else "")


def _peer(result: Result) -> str:
    if not result.row.peer:
        return ""
    return f"{result.row.peer} {seconds(result.median(result.peer)) if result.peer else ABSENT}"


def _columns(cells: Sequence[str], has_before: bool) -> str:
    shown = [(cell, width) for at, (cell, width) in enumerate(zip(cells, _WIDTHS, strict=True)) if at != 1 or has_before]
    return "  ".join(cell.ljust(width) if at == 0 else cell.rjust(width) for at, (cell, width) in enumerate(shown)).rstrip()
