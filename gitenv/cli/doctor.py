"""`gitenv doctor`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

from gitenv.cli import exclusive, show
from gitenv.cli.options import About, Json, Option

if TYPE_CHECKING:
    from gitenv.doctor.examine import Report
    from gitenv.model.finding import Finding

_MOST = 50


def run(
    fix: Annotated[bool, Option("--fix", "Mend what can be mended without losing anything.")] = False,
    json: Json = False,
    environments: About = None,
) -> int:
    """Find what is wrong with this clone, and mend it.

    Ends with 1 if errors are left.
    """
    from gitenv.doctor import examine
    from gitenv.model.finding import stops
    from gitenv.model.names import check_environments
    from gitenv.team.workspace import Workspace

    check_environments(environments)
    workspace = exclusive.workspace() if fix else Workspace(os.getcwd())
    report = (examine.fix if fix else examine.examine)(workspace, environments or ())
    if json:
        show.as_json({"findings": [_as_json(finding) for finding in report.findings], "mended": report.mended})
    else:
        _show(report)
    return int(stops(report.findings))


def _show(report: Report) -> None:
    for line in report.mended:
        show.say(f"mended: {line}")
    for finding in report.findings[:_MOST]:
        place = f"{finding.path}:{finding.line}: " if finding.line else f"{finding.path}: " if finding.path else ""
        show.say(f"{finding.severity.value}: {place}{finding.text} ({finding.code})")
        show.commands(*filter(None, finding.commands))
    if len(report.findings) > _MOST:
        show.say(f"and {len(report.findings) - _MOST:,} more:")
        show.commands("gitenv doctor --json")
    if not report.findings:
        show.say("nothing is wrong with this clone")
    elif report.mendable:
        show.say(f"gitenv doctor --fix mends {report.mendable} of {len(report.findings)}")


def _as_json(finding: Finding) -> dict[str, object]:
    return {**finding._asdict(), "severity": finding.severity.value}
