"""What `gitenv set` writes `gitenv get` gives back, and nobody else sees it: no other line, and no program that is started."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gitenv.model import document
from tests.conftest import NewLab, some
from tests.lab import Person

_NASTY = st.sampled_from(
    ["'", '"', "\\", "\n", "\r", "\t", "#", " ", "=", "$", "`", "${A}", "$(date)", "é", "\u2028", "\ufeff", "!"]
)
STRINGS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=60),
    st.lists(st.one_of(_NASTY, st.text("aZ0", min_size=1, max_size=3)), min_size=1, max_size=12).map("".join),
)
_BEFORE = b"# note\nHELLO=development\nVALUE='one\ntwo'\n\n## heading\nPASSWORD=hunter2 # note"
_LOG = '#!/bin/sh\n{{ echo "$@"; env; }} >> {log}\nexec {real} "$@"\n'


@pytest.fixture(params=["unlock", "lock"])
def alice(request: pytest.FixtureRequest, new_lab: NewLab) -> Person:
    """alice in her clone, with a file that is open, or closed."""
    person = new_lab("founded").person("alice")
    person.cwd = person.home / "app"
    (person.cwd / ".env").write_bytes(_BEFORE)
    person.must("git", "commit", "-qam", "Values")
    person.must("git", "push", "-q")
    person.must("gitenv", request.param)
    return person


def _others(data: bytes) -> list[bytes]:
    return [record.raw for record in document.parse(data) if record.name != b"VALUE"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=some(24))
@given(value=STRINGS)
@example(value="-----BEGIN KEY-----\nAAAA\n-----END KEY-----")
@example(value='it\'s "two"\\')
@example(value="\n")
@example(value="x" * 100_000)
def test_any_string(alice: Person, value: str) -> None:
    """What was set is what is got, whatever it is, and every other record of the file is the one it was."""
    path = alice.cwd / ".env"
    before = _others(path.read_bytes())
    done = alice.run(["gitenv", "set", "VALUE"], value.encode() + b"\n")
    assert done.exit_code == 0, done.said
    assert alice.must("gitenv", "get", "VALUE").stdout == value.encode() + b"\n"
    assert _others(path.read_bytes()) == before


@pytest.mark.skipif(sys.platform == "win32", reason="programs that write down how they are started are scripts")
def test_no_program_is_given_a_value(alice: Person, tmp_path: Path) -> None:
    """Neither the words nor the environment of anything that is started hold one, nor does a commit's message."""
    log, folder = tmp_path / "log", tmp_path / "programs"
    folder.mkdir()
    for name in ("git", "sh"):
        (folder / name).write_text(_LOG.format(log=log, real=shutil.which(name)), encoding="utf-8")
        (folder / name).chmod(0o755)
    alice.env["PATH"] = f"{folder}:{alice.env['PATH']}"
    (tmp_path / "editor").write_text(
        'sed s/hello/hunter3-hello/ "$1" > "$1~" && cat "$1~" > "$1" && rm "$1~"', encoding="utf-8"
    )
    alice.env["GIT_EDITOR"] = f"sh {tmp_path / 'editor'}"
    (tmp_path / "file").write_bytes(b"hunter3-file")
    for words, stdin in (
        (("set", "VALUE", "--push"), b"hunter3-one"),
        (("set", "NEW", "--from-file", str(tmp_path / "file")), b""),
        (("set", "GREETING"), b"hello"),
        (("edit",), b""),
        (("rename", "NEW", "NEWER"), b""),
        (("unset", "NEWER"), b""),
    ):
        done = alice.run(["gitenv", *words], stdin)
        assert done.exit_code == 0, done.said
        assert "hunter3" not in done.said
    alice.must("git", "commit", "-qm", "Values")
    assert b"hunter3-hello" in alice.must("gitenv", "get", "GREETING").stdout
    assert b"commit -q --only -m Set VALUE in .env" in log.read_bytes()
    assert b"hunter3" not in log.read_bytes()
