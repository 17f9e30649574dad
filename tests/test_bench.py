"""The bench goes on working: each of its cases is built small, and each of its rows is run once."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests import forkserver
from tests.bench import report
from tests.bench.cases import DOTENVX, SOPS
from tests.bench.measure import Case, Limit, Result, Row
from tests.bench.rows import ALONE, CASES, CRYPT
from tests.bench.subjects import Cost, GitCrypt, Gitenv, Subject
from tests.lab import Lab

_SMALL = {"trust, {} commits": 400, "{} commits": 30}
_PEERS = {ALONE: Subject, CRYPT: GitCrypt}
_ELSEWHERE = (DOTENVX, SOPS)  # measured where they are installed


@pytest.mark.skipif(sys.platform == "win32", reason="rows on a terminal and of hooks are for other systems")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_row_can_be_measured(case: Case, tmp_path: Path) -> None:
    """A case has a run for each of its rows and for their peers, and all of them work."""
    size = _SMALL.get(case.name, 3)
    runs = case.build(Gitenv(Lab(tmp_path / "ours"), forkserver.python()), size)
    for row in case.rows:
        assert runs[row.name]().wall > 0
        if not row.peer:
            continue
        if row.peer in _PEERS and (row.peer != CRYPT or shutil.which(CRYPT)):
            assert row.name in case.build(_PEERS[row.peer](Lab(tmp_path / row.name / row.peer)), size)
        elif row.peer in runs or (row.peer not in _PEERS and row.peer not in _ELSEWHERE):
            assert runs[row.peer]().wall > 0


def test_the_page_gets_the_figures_and_keeps_the_rest() -> None:
    """What stands between the two marks is replaced, a missed limit is said, and one for another size is no verdict."""
    ours, peer = [Cost(3, 1)], [Cost(1, 1)]
    rows = [Row("slow", Limit(2), "git"), Row("quick", Limit(2, 2), "git"), Row("free", Limit(2), "git", "cpu")]
    results = [Result(f"case: {row.name}", row, False, ours, (), peer) for row in rows]
    assert [result.holds for result in results] == [False, True, True]
    assert results[0]._replace(is_scaled=True).holds is None
    page = "above\n<!-- figures -->\nold\n<!-- end of figures -->\nbelow\n"
    written = report.write_into(page, results, {"machine": "2 cores"})
    assert written.startswith("above\n")
    assert written.endswith("below\n")
    assert "old" not in written
    assert "| case: slow | 3.00 s | git 1.00 s | 3 times | 2 times, missed |" in written
    assert report.write_into(written, results, {"machine": "2 cores"}) == written
