"""`gitenv check` on what is hostile, huge or odd; and its formats, none of which lets a name out of its place."""

from __future__ import annotations

import json
import re
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitenv.check import documents, formats, gate, judge, misplaced, ranges
from gitenv.check.documents import Document
from gitenv.errors import Usage
from gitenv.git import attributes, index, program
from gitenv.model import codes, document, remedies
from gitenv.model.environment import Environment
from gitenv.model.finding import Finding, Severity
from gitenv.model.keyring import Keyring
from gitenv.repo.where import Where
from tests.model import builders
from tests.model.builders import ALICE, EVE

HOSTILE = [
    "::error::x",
    "a\nb",
    "##[error]x",
    "a,b:c%0A",
    "\x1b[31mred",
    "\udcff",
    "<img>",
    "`x`|y",
    "‮gpj.",
    " ::set-output name=x::y",
]
_FINDINGS = [
    codes.finding(
        "plain-text", "PASSWORD stands there in plain text", ".env", 3, ("git reset -q -- :/.env && git add :/.env",)
    ),
    codes.finding("not-a-holder", "development: signed by eve", ".recipients/development/environment"),
    codes.finding("shallow", "this clone is shallow"),
    codes.finding("plain-text", "X stands there in plain text", "ä/ü .env", 0, (), "1" * 40, was_before=True),
]

_ATTRIBUTES = attributes.committed([".env.production", "public/*"], guard=True)


def _codes(found: list[Finding]) -> dict[str, Severity]:
    return {each.code: each.severity for each in found}


def commit(place: Where, files: dict[str, bytes]) -> str:
    """Commit files as they are, past every filter, beside those that are there."""
    contents = list(dict.fromkeys(files.values()))
    blobs = dict(zip(contents, index.write_blobs(place.folder, contents), strict=True))
    lines = [f"100644 {blobs[data]} 0\t{path}\0".encode("utf-8", "surrogateescape") for path, data in files.items()]
    program.run(place.folder, "update-index", "-z", "--index-info", stdin=b"".join(lines))
    program.run(place.folder, "commit", "-qm", "x", "--no-verify")
    return program.run(place.folder, "rev-parse", "HEAD").decode().strip()


def test_every_code_has_one_line_of_help() -> None:
    """The catalogue is what documents are checked against: kebab-case codes, and a sentence each."""
    for name, code in codes.CODES.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
        assert code.help.endswith(".")
        assert "\n" not in code.help


def test_the_documented_codes_are_those_there_are() -> None:
    """docs/codes.md lists each code with its weight and its help."""
    page = (Path(__file__).parent.parent / "docs" / "codes.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([a-z-]+)` \| (error|warning|note) \| (.*) \|$", page, re.MULTILINE)
    assert sorted(listed) == sorted((name, code.severity.value, code.help) for name, code in codes.CODES.items())


def test_a_value_under_another_name_is_named() -> None:
    """Two values that were swapped, and one that was copied to another name; none that only moved to another line."""
    ring = builders.ring_of()
    statement = builders.statement(ring)
    first = builders.committed(b"A=1\nB=2\n# c\n", ring)
    one, two, line = (record.raw for record in document.parse(first))

    def found(data: bytes, before: bytes) -> list[tuple[str, int]]:
        version = Document(".env", data, statement, documents.records_of(before))
        return [(each.code, each.line) for each in documents.encrypted(version, list)]

    assert found(b"\n".join([two, line, one, line]), first) == []
    swapped = b"A=%b\nB=%b\n" % (two.partition(b"=")[2], one.partition(b"=")[2])
    assert found(swapped, first) == [("token-moved", 1), ("token-moved", 2)]
    assert found(first + b"C=" + one.partition(b"=")[2] + b"\n", b"") == [("token-moved", 4)]


def test_a_retired_value_beside_the_one_that_counts() -> None:
    """It is named once, and not as one of two that are set. One command decides about all, but for two of one name."""
    old = builders.ring_of()
    ring, older = builders.rotated(old, 2)
    statement, before = builders.statement(ring, older), builders.committed(b"A=1\nB=2\n", ring)

    def found(data: bytes) -> list[tuple[str, int, tuple[str, ...]]]:
        version = Document(".env", data, statement, documents.records_of(before))
        return [(each.code, each.line, each.commands) for each in documents.encrypted(version, list)]

    ways = ("git log -p -- :/.env", "gitenv accept A B -f :/.env", "gitenv reject A B -f :/.env")
    came = builders.committed(b"A=3\nB=4\n", old)
    assert found(before + came) == [("token-retired", 3, ways), ("token-retired", 4, ways)]
    twice = found(before + came + builders.committed(b"B=5\n", old))
    assert {each[2] for each in twice} == {
        ("git log -p -- :/.env", "gitenv accept A -f :/.env", "gitenv reject A -f :/.env", "gitenv status")
    }
    assert [each[0] for each in found(before + builders.committed(b"A=6\n", ring))] == ["duplicate-key"]


def test_an_unborn_branch_and_zeros(repository: Where) -> None:
    """Before the first commit there is nothing to find; zeros for a base mean that everything is new."""
    assert judge.here(repository) == []
    assert judge.staged(repository, judge.next_commit(repository)) == []
    assert ranges.history(repository) == []
    end = commit(repository, {"readme": b"x\n", ".env": b"A=1\n", "b/.ENV.Production": b"B=1\n", ".env.example": b"C=1\n"})
    for zeros in ("0" * 40, "0" * 64):
        found = ranges.commit_range(repository, f"{zeros}..{end}")
        assert [(each.path, each.code) for each in found] == [(".env", "plain-text"), ("b/.ENV.Production", "plain-text")]


def test_hostile_names_and_depths(repository: Where) -> None:
    """Files with line feeds, escapes and deep folders are judged like any other, and only shown printable."""
    names = [f"{name}/.env" for name in HOSTILE if "\udcff" not in name] + ["d/" * 200 + ".env", "\udcff/.env"]
    commit(repository, {"readme": b"x\n"})
    commit(repository, dict.fromkeys(names, b"A=1\n"))
    for found in (ranges.commit_range(repository, "HEAD~1"), judge.everything(repository), ranges.history(repository)):
        assert {each.path for each in found} == set(names)


def test_a_huge_document_and_many_lines(repository: Where) -> None:
    """What is larger than a document may be cannot be judged and says so; of many plain lines the first are named."""
    commit(repository, {"readme": b"x\n"})
    commit(repository, {".env": b"A" * (document.MAX_BYTES + 10), "a/.env": b"A=1\n" * 5000, "b/.env": b"A=1\n" * 20_000})
    found = ranges.commit_range(repository, "HEAD~1")
    assert {each.path for each in found if each.code == "unreadable"} == {".env", "b/.env"}
    assert len([each for each in found if each.path == "a/.env"]) < 50
    assert any("4,980 more" in each.text for each in found)


def test_plain_text_that_was_there_and_moved(repository: Where) -> None:
    """A line that the base has verbatim is a warning, also in a file that only moved; a new one beside it is an error."""
    commit(repository, {".env": b"A=1\nB=2\n"})
    program.run(repository.folder, "rm", "-q", "--cached", ".env")
    commit(repository, {"web/.env": b"A=1\nB=2\n"})
    assert {each.severity for each in ranges.commit_range(repository, "HEAD~1")} == {Severity.WARNING}
    commit(repository, {"web/.env": b"A=1\nB=3\n"})
    found = [each for each in ranges.commit_range(repository, "HEAD~1") if each.code == "plain-text"]
    assert [(each.severity, each.line) for each in found] == [(Severity.WARNING, 1), (Severity.ERROR, 2)]


def test_a_merge_is_judged_for_what_it_slips_in(repository: Where) -> None:
    """What a merge takes from a parent is that parent's; what no parent has is found in the merge."""
    base = commit(repository, {"readme": b"x\n"})
    one = commit(repository, {"one": b"1\n"})
    program.run(repository.folder, "switch", "-qc", "two", base)
    two = commit(repository, {"two": b"2\n", ".env": b"A=1\n"})
    commit(repository, {".env": b"A=2\n"})
    tree = program.run(repository.folder, "write-tree").decode().strip()
    merged = program.run(repository.folder, "commit-tree", tree, "-p", one, "-p", two, "-m", "x").decode().strip()
    found = [(each.commit, each.line) for each in ranges.commit_range(repository, f"{base}..{merged}")]
    assert found == [(two, 1), (merged, 1)]


def test_a_merge_that_takes_what_was_before(repository: Where) -> None:
    """A merge with an older commit, that takes its plain file: no commit brought that, and the end has it all the same."""
    legacy = commit(repository, {".env": b"A=1\n"})
    base = commit(repository, {".env": builders.committed(b"A=1\n", builders.ring_of())})
    words = ("commit-tree", f"{legacy}^{{tree}}", "-p", base, "-p", legacy, "-m", "x")
    merged = program.run(repository.folder, *words).decode().strip()
    found = ranges.commit_range(repository, f"{base}..{merged}")
    assert [(each.code, each.severity, each.line, each.commit) for each in found] == [("plain-text", Severity.ERROR, 1, merged)]
    update = gate.Update(base, merged, "refs/heads/main")
    assert gate.outgoing(repository.folder, [update], ["--all"]) == found
    # Where the server's own branch has it, another branch may merge it.
    program.run(repository.folder, "update-ref", "refs/heads/main", legacy)
    found = gate.outgoing(repository.folder, [update._replace(ref="refs/heads/topic")], ["--all"])
    assert {each.severity for each in found} == {Severity.WARNING}


def test_a_new_branch_protects_what_its_beginning_did(repository: Where) -> None:
    """A new branch that takes an environment away, and has its file in plain text from then on."""
    ring = builders.ring_of()
    where, file = ".recipients/production/environment", "config/secrets"
    founded = builders.statement(ring, paths=(file,))
    commit(repository, {where: founded.text, file: builders.committed(b"A=1\n", ring)})
    program.run(repository.folder, "update-ref", "refs/remotes/origin/main", "HEAD")
    program.run(repository.folder, "rm", "-q", "--cached", where)
    end = commit(repository, {file: b"A=1\n"})
    found = gate.outgoing(repository.folder, [gate.Update("0" * 40, end, "refs/heads/topic")], ["--remotes"])
    assert _codes(found)["plain-text"] is Severity.ERROR


def _founded(repository: Where, ring: Keyring) -> str:
    founded = builders.statement(ring)
    where = ".recipients/production/environment"
    mine = {where: founded.text, ".recipients/production/alice.grant": builders.grant_for(ALICE, about=founded).text}
    return commit(repository, mine | {".env.production": builders.committed(b"A=1\n", ring), ".gitattributes": _ATTRIBUTES})


def test_an_environment_in_the_place_of_another(repository: Where) -> None:
    """A change that takes an environment away and founds another one over its files, as clones would refuse it."""
    base = _founded(repository, builders.ring_of())
    program.run(repository.folder, "rm", "-q", "--cached", "-r", ".recipients/production")
    ring = builders.ring_of()
    other = builders.statement(ring, name="prod", holders=(EVE,), by=EVE)
    mine = {".recipients/prod/environment": other.text, ".env.production": builders.committed(b"A=2\n", ring)}
    end = commit(repository, mine | {".recipients/prod/eve.grant": builders.grant_for(EVE, EVE, other).text})
    found = ranges.commit_range(repository, f"{base}..{end}")
    errors = [(each.code, each.path) for each in found if each.severity is Severity.ERROR]
    assert errors == [("competing", ".recipients/prod/environment")]
    own = builders.statement(ring, name="prod")
    program.run(repository.folder, "rm", "-q", "--cached", ".recipients/prod/eve.grant")
    mine = {".recipients/prod/environment": own.text, ".recipients/prod/alice.grant": builders.grant_for(ALICE, about=own).text}
    assert "competing" not in _codes(ranges.commit_range(repository, f"{base}..{commit(repository, mine)}"))


def test_attributes_behind_a_thousand_others(repository: Where) -> None:
    """However many .gitattributes a change brings, and however large: the one that lifts the guard is found."""
    ring = builders.ring_of()
    base = _founded(repository, ring)
    many = {f"a/{number:04}/.gitattributes": b"# x\n" for number in range(1_001)}
    lifted = {"z/.gitattributes": b".env.* -filter !working-tree-encoding\n"}
    commit(repository, many | lifted | {"z/.env.production": builders.committed(b"A=1\n", ring)})
    wide = _ATTRIBUTES + b"#" * 1024 * 1024 + b"\nconfig/* filter=gitenv\n"
    end = commit(repository, {".gitattributes": wide, "config/x": b"x\n"})
    found = _codes(ranges.commit_range(repository, f"{base}..{end}"))
    for code in ("not-filtered", "guard-removed", "filter-unclaimed"):
        assert found[code] is Severity.ERROR


def test_a_nested_file_lifts_the_guard_where_no_file_is_yet(repository: Where) -> None:
    """The next .env in that folder would be plain text in a fresh clone; other attributes of a folder are its own matter."""
    base = _founded(repository, builders.ring_of())
    usual = commit(repository, {"a/.gitattributes": b"* text=auto\n", "b/.gitattributes": b"* filter=lfs -text\n"})
    assert "guard-removed" not in _codes(ranges.commit_range(repository, f"{base}..{usual}"))
    end = commit(repository, {"z/.gitattributes": b"* !working-tree-encoding\n"})
    [found] = [each for each in ranges.commit_range(repository, f"{usual}..{end}") if each.code == "guard-removed"]
    assert (found.path, found.severity, found.commands) == (
        "z/.gitattributes",
        Severity.ERROR,
        ("git log -p -- :/z/.gitattributes",),
    )


def test_what_only_begins_like_a_token(repository: Where) -> None:
    """A line that only begins like ciphertext can be read by all, also where a later commit takes it out, and in a tag."""
    base = commit(repository, {"readme": b"x\n"})
    bad = commit(
        repository, {".env": b"A=gitenv1:not-a-secret\nB=gitenv1:1.AAAAAA:not-a-secret\n", ".recipients/.env": b"C=1\n"}
    )
    end = commit(repository, {".env": b"\n", ".recipients/.env": b"\n"})
    wanted = [(bad, ".env", 1), (bad, ".env", 2), (bad, ".recipients/.env", 1)]
    for found in (
        ranges.commit_range(repository, f"{base}..{end}"),
        gate.outgoing(repository.folder, [gate.Update("0" * 40, bad, "refs/tags/v1")], [base]),
    ):
        plain = [each for each in found if each.code == "plain-text" and each.severity is Severity.ERROR]
        assert sorted((each.commit, each.path, each.line) for each in plain) == sorted(wanted)


def test_where_case_is_ignored(repository: Where) -> None:
    """On macOS and Windows `.Recipients/` lies over `.recipients/`, and `.GitAttributes` is read: a gate on Linux tells."""
    base = _founded(repository, builders.ring_of())
    forged = builders.statement(builders.ring_of(), holders=(EVE,), by=EVE)
    stray = {".Recipients/production/environment": forged.text, "z/.GitAttributes": b".env -filter !working-tree-encoding\n"}
    end = commit(repository, stray)
    errors = {(each.code, each.path) for each in ranges.commit_range(repository, f"{base}..{end}")}
    assert errors == set(zip(("stray-name", "guard-removed"), stray, strict=True))
    commit(repository, {"readme": b"x\n"})
    assert ranges.commit_range(repository, "HEAD~1") == []


def test_what_came_and_went_after_a_branch_began(repository: Where) -> None:
    """A branch from before a value came and went, that brings it back: the base's history tells, and a host would merge it."""
    begin = commit(repository, {"readme": b"x\n"})
    body = b"A" * 70
    sealed, value = b"A=gitenv1-sealed:1.aaaaaa:bob:" + body + b"\n", b"B=gitenv1:1.aaaaaa:" + body + b"\n"
    commit(repository, {".env": sealed + value})
    base = commit(repository, {".env": b"## empty\n"})
    program.run(repository.folder, "switch", "-qc", "topic", begin)
    end = commit(repository, {".env": sealed + value, "other": b"x\n"})
    found = _codes(ranges.commit_range(repository, f"{base}..{end}"))
    assert found["replayed"] is Severity.ERROR
    assert found["value-rolled-back"] is Severity.WARNING
    again = commit(repository, {".env": b"## empty\n" + value})
    program.run(repository.folder, "branch", "-qf", "main", base)
    program.run(repository.folder, "switch", "-q", "main")
    base = commit(repository, {".env": value})
    assert "value-rolled-back" not in _codes(ranges.commit_range(repository, f"{base}..{again}"))


def test_what_is_replaced_is_judged_as_it_is(repository: Where) -> None:
    """A `refs/replace/` that shows something innocent in the place of a commit hides nothing from the gate."""
    base = commit(repository, {"readme": b"x\n"})
    bad = commit(repository, {".env": b"A=1\n"})
    program.run(repository.folder, "-c", "core.useReplaceRefs=true", "replace", "-f", bad, base)
    with closing(judge.find(repository.folder)) as place:
        assert _codes(ranges.commit_range(place, f"{base}..{bad}")) == {"plain-text": Severity.ERROR}
        assert _codes(judge.everything(place))["plain-text"] is Severity.ERROR


def test_a_thousand_grants(repository: Where) -> None:
    """Junk that is named like grants is counted, and a few of it are named; what the base had already is a warning."""
    founded = builders.statement()
    folder = ".recipients/production"
    own = builders.grant_for(ALICE, about=founded)
    commit(repository, {f"{folder}/environment": founded.text, f"{folder}/alice.grant": own.text, ".gitattributes": b""})
    forged = {f"{folder}/eve.grant": builders.grant_for(EVE, about=founded, signer=EVE).text}
    commit(repository, {f"{folder}/p{number}.grant": b"x\n" for number in range(990)} | forged)
    found = ranges.commit_range(repository, "HEAD~1")
    assert [each.code for each in found if each.path.endswith("eve.grant")] == ["grant-not-signed"]
    assert len([each for each in found if each.code == "grant-malformed"]) == 20
    assert any(each.text == "and 970 more like these" for each in found)
    commit(repository, {f"{folder}/q.grant": b"x\n"})
    later = ranges.commit_range(repository, "HEAD~1")
    assert [each.path for each in later if each.severity is Severity.ERROR] == [f"{folder}/q.grant"]


def _past(statement: Environment) -> str:
    return f".recipients/{statement.name}/past/{statement.hash}"


def test_statements_are_judged_from_the_base(repository: Where) -> None:
    """What a holder of the base signed is a step; what names another holder, a widened path or a stranger is told."""
    ring = builders.ring_of()
    founded = builders.statement(ring)
    where = ".recipients/production/environment"
    mine = {where: founded.text, ".recipients/production/alice.grant": builders.grant_for(ALICE, about=founded).text}
    commit(repository, mine | {".env.production": builders.committed(b"A=1\n", ring), ".gitattributes": _ATTRIBUTES})
    wider = builders.statement(ring, before=founded, paths=(".env.production", "public/*"))
    base = commit(repository, {where: wider.text, _past(founded): founded.text})
    assert _codes(ranges.commit_range(repository, "HEAD~1")) == {"paths-changed": Severity.WARNING}
    stolen = builders.statement(ring, before=wider, holders=(EVE,), by=EVE)
    commit(repository, {where: stolen.text, _past(wider): wider.text, ".recipients/eve.pub": EVE.key.line("eve")})
    assert _codes(ranges.commit_range(repository, base))["not-a-holder"] is Severity.ERROR
    forged = builders.statement(ring, before=wider, holders=(ALICE, EVE), signer=EVE)
    commit(repository, {where: forged.text})
    assert _codes(ranges.commit_range(repository, base))["not-signed"] is Severity.ERROR
    commit(repository, {where: founded.text})
    assert _codes(ranges.commit_range(repository, base))["rolled-back"] is Severity.ERROR
    commit(repository, {where: b"junk\n"})
    assert _codes(ranges.commit_range(repository, base))["statement-malformed"] is Severity.ERROR
    commit(repository, {where: builders.statement(ring, before=founded).text})
    assert _codes(ranges.commit_range(repository, base))["other-text"] is Severity.ERROR


def test_a_shallow_clone_says_so(repository: Where, tmp_path: Path) -> None:
    """What is there is judged, and what could not be looked at is said; a base that is not there is named with the mend."""
    first = commit(repository, {".env.example": b"A=\n"})
    commit(repository, {"readme": b"x\n"})
    clone = str(tmp_path / "clone")
    program.run(str(tmp_path), "clone", "-q", "--depth=1", f"file://{repository.folder}", clone)
    with closing(judge.find(clone)) as place:
        assert _codes(judge.everything(place)) == {"shallow": Severity.NOTE}
        with pytest.raises(Usage, match="shallow"):
            ranges.commit_range(place, f"{first}..HEAD")


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_bytes_can_be_judged(data: bytes) -> None:
    """No document makes the judges fail, and no finding quotes a value."""
    version = Document(".env", data, None, frozenset())
    found = [*documents.plain(version, lambda lines: tuple(remedies.words(lines))), *documents.encrypted(version, frozenset)]
    found += [each] if (each := misplaced.like_dotenv("a.env", data, frozenset())) else []
    names = {record.name for record in document.parse(data)}
    for each in found:
        assert each.code in codes.CODES
        assert each.line > 0 or each.code == "more"
    assert all(name.isascii() for name in names)


def test_workflow_commands_hold_one_line_each() -> None:
    """No name ends its line, its property or the command, and the older form is nowhere in it."""
    found = [codes.finding("plain-text", f"{name} x", name, 1, (f"git log {name}",)) for name in HOSTILE]
    lines = formats.as_workflow_commands(found + _FINDINGS).splitlines()
    assert len(lines) == len(found) + len(_FINDINGS)
    for line in lines:
        properties, _, message = line[2:].partition("::")
        assert re.fullmatch(r"(error|warning|notice) (file=[^:,\r\n]+,)?(line=\d+,)?title=gitenv [a-z-]+", properties)
        assert "##[" not in line
        assert message.isprintable()


def test_sarif_is_what_code_scanning_reads() -> None:
    """Version, rules that results refer to, places that are relative URIs with lines from 1, and fingerprints."""
    found = _FINDINGS + [codes.finding("plain-text", "x", name, 1) for name in HOSTILE]
    log = json.loads(json.dumps(formats.as_sarif(found, "1.2.3")))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert run["tool"]["driver"]["name"] == "gitenv"
    for rule in rules:
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note")
        assert rule["help"]["text"]
        assert rule["shortDescription"]["text"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result, each in zip(run["results"], found, strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == each.code
        assert result["level"] == each.severity.value
        place = result["locations"][0]["physicalLocation"]
        uri = place["artifactLocation"]["uri"]
        assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", uri)
        assert unquote_to_bytes(uri).decode("utf-8", "surrogateescape") == (each.path or ".recipients")
        assert place["region"]["startLine"] >= 1
        assert re.fullmatch("[0-9a-f]{64}", result["partialFingerprints"]["gitenvFinding/v1"])
        assert result["message"]["text"]


def test_json_is_sorted_and_counts() -> None:
    """The same findings in any order give the same JSON, with how many there are of each weight."""
    one, other = (formats.as_json(formats.ordered(listed)) for listed in (_FINDINGS, _FINDINGS[::-1] + _FINDINGS))
    assert one == other
    assert (one["errors"], one["warnings"], one["notes"]) == (2, 1, 1)


def test_text_is_no_workflow_command(capsys: pytest.CaptureFixture[str]) -> None:
    """A runner that reads the text finds no command in it, whatever files are called."""
    from gitenv.cli.check import show_findings

    found = [Finding("plain-text", Severity.ERROR, f"{name} x", name, 1, (name,)) for name in HOSTILE]
    show_findings(formats.ordered(found))
    for line in capsys.readouterr().out.splitlines():
        assert line.isprintable()
        assert not line.lstrip().startswith("::")
        assert "##[" not in line
