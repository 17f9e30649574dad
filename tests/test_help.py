"""What `gitenv --help` and its kin say: every command, in groups, with an example, in a user's words."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.core import TyperArgument

from gitenv.cli import arguments, commands, edge, unknown
from gitenv.cli.options import Argument

TOP = Path(__file__).parent.parent
COMMANDS = [["key"], *(command.name.split() for command in commands.ALL)]
FACTS = [
    ["status"],
    ["matrix"],
    ["recipients"],
    ["check"],
    ["diff"],
    ["log"],
    ["doctor"],
    ["trust"],
    ["reissue"],
    ["key", "show"],
]
ONE_ENVIRONMENT = [
    *("status", "recipients", "diff", "log", "unlock", "lock", "rotate", "trust", "set", "unset", "rename", "edit"),
    *("accept", "reject", "add-recipient", "remove-recipient", "set-role", "matrix"),
]


def _said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    code = edge.main(list(words))
    said = capsys.readouterr()
    assert code == 0, said.err
    return said.out


def test_groups(capsys: pytest.CaptureFixture[str]) -> None:
    """Every command stands in one group, and no line of the list is cut."""
    said = _said(capsys, "--help")
    assert [*re.findall(r"^(\w+):$", said, re.MULTILINE)] == ["Options", "Start", "Use", "People", "Values", "Review", "Repair"]
    listed = re.findall(r"^  ([a-z][a-z-]+)  ", said, re.MULTILINE)
    assert sorted(listed) == sorted(commands.names())
    assert not re.search(r"^   {15}", said, re.MULTILINE), "each in one line of 80 columns"
    assert "{" not in _said(capsys, "help", "set")
    assert said == _said(capsys, "help", "help")
    assert said == _said(capsys) == _said(capsys, "help") == _said(capsys, "-h")


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Its help has an example whose options it knows, and no word of Python's; `gitenv help` shows the same."""
    said = _said(capsys, *words, "--help")
    assert said == _said(capsys, "help", *words)
    assert not re.search(r"<\w+|TEXT|INTEGER|\[x[<>]|list\[", said)
    if words == ["key"]:
        return
    (example,) = re.findall(r"^  Example: (gitenv .*)$", said, re.MULTILINE)
    assert example.split()[1 : len(words) + 1] == words
    assert all(option in said for option in re.findall(r" (--?[a-z-]+)", example))


def test_a_newer_typer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """What typer 0.29 puts behind an argument's name, where typer writes its list, is not shown."""

    def record(argument: TyperArgument, ctx: object) -> tuple[str, str]:
        return f"{argument.metavar} <list[str]>", argument.help or ""

    monkeypatch.setattr(TyperArgument, "get_help_record", record)
    assert re.search(r"^  ENV  Default: all\.$", _said(capsys, "lock", "--help"), re.MULTILINE)
    monkeypatch.setattr(TyperArgument, "get_usage_pieces", lambda argument, _: [f"{{{argument.metavar}}}..."])
    assert _said(capsys, "unset", "--help").startswith("Usage: gitenv unset [OPTIONS] NAME...\n")
    assert _said(capsys, "run", "--help").startswith("Usage: gitenv run [OPTIONS] -- COMMAND…\n")


def test_commands_of_key(capsys: pytest.CaptureFixture[str]) -> None:
    """`gitenv key` alone shows what it can do, and is no error."""
    assert "  rotate " in _said(capsys, "key")
    assert _said(capsys, "key") == _said(capsys, "key", "--help")


@pytest.mark.parametrize("words", FACTS, ids=" ".join)
def test_facts_are_there_for_programs(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever prints facts has `--json`."""
    assert "  --json " in _said(capsys, *words, "--help")


@pytest.mark.parametrize("name", ONE_ENVIRONMENT)
def test_one_environment(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever can be about one environment takes `-e ENV`."""
    assert "  -e, --environment ENV " in _said(capsys, name, "--help")


def test_the_usual_environment_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """By whatever takes development's values where none is named."""
    for name in ("run", "get", "list", "export", "allow"):
        assert "Default: development." in " ".join(_said(capsys, name, "--help").split()), name


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_on_a_page(words: list[str]) -> None:
    """docs/commands.md has a section for each command, and README.md or the section names it."""
    page = (TOP / "docs" / "commands.md").read_text(encoding="utf-8")
    assert f"\n## {words[0]}\n" in page
    assert f"`gitenv {' '.join(words)}" in page


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("add", "gitenv add-recipient NAME"),
        ("invite", "gitenv add-recipient NAME"),
        ("rm", "gitenv unset NAME"),
        ("rotate-key", "gitenv rotate"),
        ("decrypt", "gitenv unlock"),
        ("stauts", "gitenv status"),
        ("recipient", "gitenv recipients"),
        ("zzz", "gitenv --help"),
        ("push", "git push"),
        ("sync", "git pull, then gitenv unlock"),
        ("delete", "gitenv unset NAME"),
        ("exec", "gitenv run -- COMMAND"),
        ("change", "gitenv edit"),
    ],
)
def test_a_word_that_is_no_command(typed: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It is answered with the command that does it."""
    assert edge.main([typed]) == 2
    said = capsys.readouterr().err
    assert f"error: gitenv has no command '{typed}'\n" in said
    assert hint in said


def test_every_word_leads_to_a_command() -> None:
    """No other tool's word is a command of ours, and what each leads to is one."""
    for meant, words in unknown.MEANT.items():
        assert not set(words) & set(commands.names())
        assert meant.split()[0] != "gitenv" or meant.split()[1] in (*commands.names(), "--version")


def test_manual(capsys: pytest.CaptureFixture[str]) -> None:
    """`gitenv help --man` has each command with its options, and no word of theirs is a request to roff."""
    said = _said(capsys, "help", "--man")
    for command in commands.ALL:
        assert f'.SS "{_for_roff(f"gitenv {command.name}")}' in said
        for each in arguments.parameters(command.function()):
            assert isinstance(each.declared, Argument) or f"\n\\fB{_for_roff(each.declared.form)}\\fR\n" in said
    assert re.search(r'^\.SS "gitenv run \[.*\] \\-\\- COMMAND\.\.\."$', said, re.MULTILINE), "options come before"
    requests = {line.partition(" ")[0] for line in said.splitlines() if line[:1] in (".", "'")}
    assert requests == {".TH", ".nh", ".ad", ".SH", ".SS", ".TP", ".PP"}
    assert said.isascii()
    assert said == _said(capsys, "help", "run", "--man"), "there is one page for all"


def _for_roff(text: str) -> str:
    return text.replace("-", "\\-").replace("…", "...")


@pytest.mark.parametrize("words", [["groff", "-man", "-ww", "-z"], ["mandoc", "-T", "lint", "-W", "error"]], ids=" ".join)
def test_manual_is_in_order(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What formats manual pages has nothing to say about it."""
    if not shutil.which(words[0]):
        pytest.skip(f"needs {words[0]}")
    done = subprocess.run(words, input=_said(capsys, "help", "--man"), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """`-V` and `--version` say the same."""
    assert _said(capsys, "-V") == _said(capsys, "--version")
