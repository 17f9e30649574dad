"""Nothing that a repository names reaches a terminal as it is: no escape sequence, no bidi override, no newline, no markup."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gitenv.check import leaks
from gitenv.errors import from_top
from gitenv.git import program
from gitenv.team.workspace import Workspace
from tests.conftest import NewLab
from tests.lab import Lab, Person

if sys.platform == "win32":
    pytest.skip("no file can have such a name there", allow_module_level=True)
from tests.sessions.test_terminal import on_terminal, say

HOSTILE = {
    "title": "\x1b]0;title\x07",
    "clear": "\x1b[2J",
    "c1": "\x9b2J",
    "newline": "x\nerror: forged",
    "return": "x\rforged",
    "bidi": "\u202egnp",
    "isolate": "\u2066x",
    "separator": "x\u2028forged",
    "invisible": "x\u200bx",
    "tag": "x\U000e0041",
    "delete": "x\x7f",
    "tab": "x\tforged",
    "bytes": os.fsdecode(b"x\xff\x9b"),
    "markup": "[red]x",
    "closing": "[bold]x[",
    "link": "[link=file:x]",
    "emoji": ":bomb:",
}
_STYLE = re.compile(r"\x1b\[[0-9;]*m")  # what rich emits for its own; none of the above is one of these


def harmless(said: bytes) -> str:
    """The text, which holds no control or format character but line ends and the tabs of tables."""
    text = said.decode("utf-8")  # nothing that is none, either
    bad = {c for c in text if c not in "\n\t" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")}
    assert not bad, f"{sorted(map(ascii, bad))} in:\n{text!a}"
    assert not re.search("^(error: )?forged", text, re.MULTILINE), text
    assert "Traceback" not in text
    assert "a bug in gitenv" not in text
    return text


def put(person: Person, files: dict[str, bytes]) -> None:
    """Stage files past every filter, as a program does that knows none."""
    listing = b""
    for path, data in files.items():
        blob = person.run(["git", "hash-object", "-w", "--stdin"], data).stdout.strip()
        listing += b"100644 %b\t%b\0" % (blob, os.fsencode(path))
    assert person.run(["git", "update-index", "-z", "--add", "--index-info"], listing).exit_code == 0


def hostile_files() -> dict[str, bytes]:
    """Every place below the top that a repository can name something in."""
    files: dict[str, bytes] = {}
    for text in HOSTILE.values():
        raw = os.fsencode(text)
        files[f".env.{text}"] = b"PASSWORD=1\n"
        files[f"{text}/.env"] = b"A=gitenv1:" + raw + b"\n"
        files[f"{text}/.env.development"] = b"## " + raw + b"\nA=1\nB" + raw + b"=2\n" + raw + b"=3\n"
        files[f".recipients/{text}.pub"] = b"ssh-rsa AAAA " + raw + b"\n"
        files[f".recipients/{text}/environment"] = b"gitenv-environment 1\nname " + raw + b"\n"
        files[f".recipients/development/{text}.grant"] = raw
    for place, text in HOSTILE.items():
        raw = os.fsencode(text)
        files[f".recipients/p-{place}.pub"] = raw + b" AAAA " + raw + b"\n"
        files[f".recipients/c-{place}.pub"] = b"# " + raw + b"\necdsa-sha2-nistp256 " + raw + b" x\n"
        files[f".recipients/e-{place}/environment"] = b"gitenv-environment 1\nname e-" + raw + b"\n"
        files[f".recipients/development/g-{place}.grant"] = b"gitenv-grant 1\nenvironment " + raw + b"\n"
    return files


@pytest.fixture(scope="module")
def _pulled(beginnings: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lab in which alice has just pulled all of it; her hooks, her branch and the last author are called like that, too."""
    lab = Lab(tmp_path_factory.mktemp("pulled") / "lab", beginnings("team"))
    bob, alice = lab.person("bob"), _at_app(lab)
    bob.cwd = bob.home / "app"
    put(bob, hostile_files())
    bob.env["GIT_AUTHOR_NAME"] = bob.env["GIT_COMMITTER_NAME"] = f"{HOSTILE['title']}{HOSTILE['bidi']}[red]"
    _past_the_hook(bob, "commit", "-qm", HOSTILE["clear"])
    _past_the_hook(bob, "push", "-q", "origin", "HEAD:main")
    alice.must("git", "switch", "-qc", HOSTILE["bidi"])
    filtered = alice.run(["git", "pull", "-q", "origin", "main"])
    assert filtered.exit_code == 0
    harmless(filtered.stderr)
    return lab.root


@pytest.fixture
def alice(_pulled: Path, tmp_path: Path) -> Person:
    """alice in a copy of that lab."""
    return _at_app(Lab(tmp_path / "lab", _pulled))


def _at_app(lab: Lab) -> Person:
    alice = lab.person("alice")
    alice.cwd = alice.home / "app"
    return alice


def _past_the_hook(person: Person, verb: str, *words: str) -> None:
    """What the hook stops, and says harmlessly; and the same without it, as somebody would who means harm."""
    stopped = person.run(["git", verb, *words])
    assert stopped.exit_code
    assert "plain text" in harmless(stopped.stderr)
    person.must("git", verb, "--no-verify", *words)


def commands(text: str) -> Iterator[list[str]]:
    """Every command with something hostile as each of its arguments."""
    yield ["init", "--name", text]
    yield ["init", "--environment", text]
    yield ["init", "--environment", f"{text}=.env"]
    yield ["init", "--environment", f"staging={text}"]
    yield ["unlock", text]
    yield ["unlock", "--fingerprint", text]
    yield ["lock", text]
    yield ["add-recipient", text, "--yes"]
    yield ["add-recipient", f"{text}.pub", "--yes"]
    yield ["add-recipient", f".recipients/{text}.pub", "--yes"]
    yield ["add-recipient", "bob", "--fingerprint", text]
    yield ["add-recipient", "bob", "--yes", "-e", text]
    yield ["add-recipient", "bob", "--yes", "--role", text]
    yield ["add-environment", text]
    yield ["add-environment", "staging", text]
    yield ["key", "import", text]
    yield ["key", text]
    yield ["status", f"--{text}"]
    yield ["set", text]
    yield ["set", "KEY", "-f", text]
    yield ["rotate", text]
    yield ["remove-recipient", text, "--yes"]
    yield ["remove-recipient", "bob", "-e", text]
    yield ["set-role", text, "reader", "--yes"]
    yield ["set-role", "bob", text]
    yield ["set-role", "bob", "reader", "-e", text]
    yield ["diff", text]
    yield ["diff", f"{text}...HEAD"]
    yield ["diff", "--format", text]
    yield ["accept", text, "--yes"]
    yield ["reject", text, "-f", text, "--yes"]
    yield ["hook", text]
    yield ["hook", "--print", text]
    yield ["hook", "post-checkout", text, text, "1"]
    yield [f"x{text}"]


def test_what_a_repository_holds(alice: Person) -> None:
    """No command shows anything of it but as escapes, and none fails on it as a bug."""
    for words in (
        *(
            ["status"],
            ["status", "--json"],
            ["doctor"],
            ["doctor", "--json"],
            ["recipients"],
            ["recipients", "--json"],
            ["unlock", "--yes"],
            ["init"],
        ),
        *(["add-recipient", f"{kind}-{place}", "--yes"] for kind in "pc" for place in ("clear", "newline", "bidi")),
        *(["add-recipient", "bob", "--yes", "-e", f"e-{place}"] for place in ("title", "newline")),
        *(["rotate", "--dry-run"], ["set", "KEY"], ["set", "KEY", "-f", ".env.production"], ["reject", "--all"]),
        *(["remove-recipient", f"{kind}-{place}", "--yes"] for kind in "pcg" for place in ("clear", "newline", "bidi")),
        *(["diff", "HEAD~1", *form] for form in ([], ["--format", "json"], ["--format", "markdown"])),
        *(["add-environment", "staging"], ["key", "show"], ["lock"], ["unlock"], ["uninstall"]),
    ):
        done = alice.run(["gitenv", *words])
        assert done.exit_code in (0, 1, 2, 3, 4, 5), words
        assert done.said, words
        harmless(done.stdout + done.stderr)


def test_its_names_are_shown_all_the_same(alice: Person) -> None:
    """They are named, so that somebody, or their program, can find them."""
    problems = json.loads(harmless(alice.must("gitenv", "status", "--json").stdout))["problems"]
    for text in HOSTILE.values():
        assert any(problem["text"] == f".env.{text} belongs to no environment" for problem in problems), text


def test_what_is_typed(new_lab: NewLab) -> None:
    """What was copied from somewhere is quoted as harmlessly in an error."""
    alice = new_lab("founded").person("alice")
    alice.cwd = alice.home / "app"
    for words in commands("".join(HOSTILE.values())):
        done = alice.run(["gitenv", *words])
        assert done.exit_code in (0, 2, 3, 4, 5), words
        harmless(done.stdout + done.stderr)


def test_the_filter(alice: Person) -> None:
    """Whatever git asks it to clean or smudge, what it says on standard error is harmless."""
    everything = "".join(HOSTILE.values())
    for command, path, reason in (
        ("clean", f"{everything}/.env", "no key of this environment opens it"),
        ("clean", f"{everything}/.env.{everything}", "belongs to no environment"),
        ("smudge", f"{everything}/.env", ""),
    ):
        done = alice.run(["gitenv", command, path], b"MINE=1\n#gitenv1:x\nB=gitenv1:1.abcdef:AAAA\n")
        assert done.exit_code == (1 if reason else 0)
        assert reason in harmless(done.stderr)


def test_values_to_reissue(new_lab: NewLab) -> None:
    """Paths of every kind are in each form of the list as text and nothing else."""
    lab = new_lab("team")
    bob, alice = lab.person("bob"), lab.person("alice")
    bob.cwd, alice.cwd = bob.home / "app", alice.home / "app"
    token = re.sub(rb"(?m)^HELLO", b"K" * 128, bob.must("git", "cat-file", "blob", "HEAD:.env").stdout)
    hostile = [
        *HOSTILE.values(),
        "``",
        "` ",
        "`x`",
        "a](javascript:x)",
        "<img src=x>",
        "|a|b|",
        "# x",
        "x\n- [ ] forged",
        "x\n\n# forged",
    ]
    put(bob, {f"{text}/.env": token for text in hostile})
    bob.must("git", "commit", "-qm", "One")
    bob.must("git", "push", "-q", "origin", "HEAD:main")
    alice.must("git", "pull", "-q")
    alice.must("gitenv", "remove-recipient", "bob")
    for form in ("", "--json", "--markdown"):
        done = alice.run(["gitenv", "reissue", *form.split()])
        assert done.exit_code == 0, (form, done.said)
        text = harmless(done.stdout + done.stderr)
        assert not re.search(r"^(#+ x|#+ forged|- \[ \] forged)", text, re.MULTILINE), form
        assert "hunter2" not in text, form
        if form == "--json":
            paths = {value["path"] for value in json.loads(done.stdout)["environments"][0]["values"]}
            assert paths == {".env", *(f"{text}/.env" for text in hostile)}
        if form == "--markdown":
            for line in text.splitlines():
                if line.startswith("- [ ] `"):
                    assert _code_spans_close(line), line


def _code_spans_close(line: str) -> bool:
    """Whether a reader of Markdown takes a line's paths for code: each span ends with as many backticks as it begins with."""
    outside = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", line)
    return not set(outside) & set("`<>|#\\") and "](" not in outside


def test_founding(new_lab: NewLab) -> None:
    """init shows the patterns of .gitignore, readable comments, links and names, and files in old commits: all harmless."""
    alice = new_lab("").person("alice")
    alice.must("git", "init", "-q", "app")
    alice.cwd = alice.home / "app"
    for place, text in HOSTILE.items():
        folder = alice.cwd / os.fsdecode(b"d-" + os.fsencode(text))
        folder.mkdir()
        (folder / ".gitignore").write_bytes(b".env[." + os.fsencode(text).replace(b"\n", b"") + b"]i\n")
        (folder / ".env.i").write_bytes(b"A=1\n")
        (folder / ".env").write_bytes(b"## " + os.fsencode(text) + b"\nA=1\n")
        (folder / f".env.l-{place}").symlink_to(text)
    alice.must("git", "add", "-A")
    alice.must("git", "commit", "-qm", "Plain")
    alice.must("git", "config", "user.name", f"{HOSTILE['title']}{HOSTILE['bidi']}")
    said = ""
    for words in (["init", "--name", "alice"], ["init", "--unignore"], ["status"], ["uninstall"]):
        done = alice.run(["gitenv", *words])
        text = harmless(done.stdout + done.stderr)
        assert done.exit_code == 0, text
        said += text
    for shown in ("stays readable", "stays ignored", "is a link", "stands in plain text in older commits"):
        assert shown in said


@pytest.mark.parametrize("words", [["status"], ["recipients"], ["unlock"], ["add-recipient", "p-title"]])
def test_on_a_terminal(alice: Person, words: list[str]) -> None:
    """Tables, colours and questions add nothing but rich's own styles, and markup stays text."""
    del alice.env["NO_COLOR"]
    alice.env["TERM"] = "xterm-256color"
    code, seen = on_terminal(alice, *words, at="[y/N]", reply=say(b"n\n"))
    assert code in (0, 2, 3, 4), seen
    harmless(_STYLE.sub("", seen).replace("\r\n", "\n").encode())


def test_a_pin_moves_through_it(alice: Person) -> None:
    """All of that lies there, and alice's work goes on."""
    (alice.cwd / ".env").write_bytes(b"PASSWORD=hunter2-new\n")
    alice.must("git", "add", ".env")
    assert alice.must("git", "cat-file", "blob", ":.env").stdout.startswith(b"PASSWORD=gitenv1:1.")
    alice.must("git", "commit", "-qm", "New", "--", ".env")
    alice.must("git", "switch", "-q", "main")
    assert (alice.cwd / ".env").read_bytes() == b"# local\nHELLO=development\nPASSWORD=hunter2\n"


_TOP = ["!x", "^x", "@x", "_x", "-x", "(x)", ":x", "*", "[a]", "?", "\\x", "$(x)", "a b", "ä", ".x", "9"]


@pytest.mark.parametrize("folder", _TOP)
def test_a_file_that_a_hint_names_is_that_file_alone(tmp_path: Path, folder: str) -> None:
    """After `:/` git takes `!` for all others, `@` for an error, and stars for any name; people paste what is proposed."""
    program.run(str(tmp_path), "init", "-q")
    for name in dict.fromkeys([*_TOP, "a"]):
        (tmp_path / name).mkdir()
        (tmp_path / name / ".env").touch()
    program.run(str(tmp_path), "add", "-A")
    [word] = shlex.split(from_top(f"{folder}/.env"))
    assert program.paths(str(tmp_path), "ls-files", "-z", "--", word) == [f"{folder}/.env"]
    assert Workspace(str(tmp_path)).relative(word, str(tmp_path / "a")) == f"{folder}/.env"


def test_no_hint_allows_more_than_one_file() -> None:
    """Whoever pushes a test key in a file called `*` is not to have everything allowed."""
    assert leaks.allow("keys/test.pem") == ["git config --add gitenv.allowSecretsIn keys/test.pem"]
    assert leaks.allow("*") == leaks.allow("a/?") == []
