"""Findings for programs: JSON, SARIF 2.1.0, and workflow commands. Names in them come from hostile places."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from gitenv.errors import printable
from gitenv.model.codes import CODES
from gitenv.model.finding import Finding, Severity

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """By file and line, each finding once: the same order for the same findings."""
    ranks = list(Severity)
    return sorted(
        dict.fromkeys(findings),
        key=lambda each: (each.path, each.line, ranks.index(each.severity), each.code, each.text, each.commit),
    )


def counts(findings: Sequence[Finding]) -> dict[Severity, int]:
    """How many there are of each weight."""
    return {severity: sum(each.severity is severity for each in findings) for severity in Severity}


def as_json(findings: Sequence[Finding]) -> dict[str, object]:
    """What `--format json` writes."""
    listed = [
        {
            "code": each.code,
            "severity": each.severity.value,
            "text": printable(each.text),
            "path": printable(each.path),
            "line": each.line,
            "commit": each.commit,
            "commands": [printable(command) for command in each.commands],
        }
        for each in findings
    ]
    number = counts(findings)
    return {"findings": listed, **{f"{severity.value}s": number[severity] for severity in Severity}}


def as_sarif(findings: Sequence[Finding], version: str) -> dict[str, object]:
    """A SARIF 2.1.0 log, as code scanning reads it."""
    used = sorted({each.code for each in findings})
    rules = [
        {
            "id": code,
            "shortDescription": {"text": CODES[code].help},
            "help": {"text": CODES[code].help},
            "defaultConfiguration": {"level": _LEVELS[CODES[code].severity]},
        }
        for code in used
    ]
    results = [_result(each, used.index(each.code)) for each in findings]
    driver = {"name": "gitenv", "version": version, "rules": rules}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _result(each: Finding, rule: int) -> dict[str, object]:
    import hashlib
    from urllib.parse import quote

    text = printable(each.text)
    if each.commands:
        text += "\n" + "\n".join(printable(command) for command in each.commands)
    # A place is needed; what is about no file is about the repository's own.
    uri = quote(os.fsencode(each.path or ".recipients"), safe="/")
    place = {"artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"}, "region": {"startLine": max(each.line, 1)}}
    # Without the line: what moves down is the same finding.
    identity = "\0".join((each.code, each.path, each.text)).encode("utf-8", "surrogateescape")
    return {
        "ruleId": each.code,
        "ruleIndex": rule,
        "level": _LEVELS[each.severity],
        "message": {"text": text},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"gitenvFinding/v1": hashlib.sha256(identity).hexdigest()},
    }


def as_workflow_commands(findings: Sequence[Finding]) -> str:
    """GitHub's annotations, one line each."""
    return "".join(f"{_workflow_command(each)}\n" for each in findings)


def _workflow_command(each: Finding) -> str:
    properties = [f"file={_property(printable(each.path))}"] if each.path else []
    properties += [f"line={each.line}"] if each.line else []
    properties.append(f"title={_property(f'gitenv {each.code}')}")
    text = printable(each.text) + (f" (commit {each.commit[:10]})" if each.commit else "")
    if each.commands:
        text += "\n" + "\n".join(printable(command) for command in each.commands)
    return f"::{_COMMANDS[each.severity]} {','.join(properties)}::{_data(text)}"


def _data(text: str) -> str:
    # As @actions/core does it; the older form `##[` is looked for anywhere in a line.
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A").replace("##[", "#%23[")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
