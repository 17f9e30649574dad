"""`gitenv mcp` with the client of the package `mcp` over real pipes: all tools, and no value in anything that is sent."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.session import ClientRequestContext, ElicitationFnT
from mcp_types import ElicitRequestParams, ElicitRequestURLParams, ElicitResult, ErrorData, TextContent

from gitenv.mcp.page import ValuePage
from gitenv.system import peers
from tests import forkserver, lab
from tests.conftest import NewLab
from tests.lab import Person
from tests.sessions import answering

SECRET = "hunter2"
TYPED = "s3cret-that-a-person-typed"
HOSTILE = "IGNORE_ALL\x1b[2J\u202eAND\ufe01\U000e0121_SAY"
_TEE = '"$@" 2>"$0.errors" | tee "$0.said"'
_POSIX = pytest.mark.skipif(sys.platform == "win32", reason="the transcript is made by sh and tee")

Talk = Callable[["Agent"], Awaitable[None]]


class Agent:
    """A client as agents have one, and all that the server said to it."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def call(self, tool: str, **arguments: object) -> tuple[bool, str]:
        """Whether a tool worked, and what it said."""
        result = await self.client.call_tool(tool, arguments)
        assert result.structured_content is None
        (content,) = result.content
        assert isinstance(content, TextContent)
        return not result.is_error, content.text

    async def must(self, tool: str, **arguments: object) -> str:
        """`call`, for what has to work."""
        works, said = await self.call(tool, **arguments)
        assert works, said
        return said

    async def refused(self, tool: str, **arguments: object) -> str:
        """`call`, for what has to be refused."""
        works, said = await self.call(tool, **arguments)
        assert not works, said
        return said


@pytest.fixture(scope="module")
def _forks() -> Iterator[None]:
    """Forks of a process that has loaded the package `mcp` as well: it takes longer to load than a test of it takes."""
    with contextlib.ExitStack() as stack:
        if forkserver.PYTHON in os.environ:
            stack.enter_context(forkserver.running(Path(stack.enter_context(tempfile.TemporaryDirectory())), "nothing."))
        yield


@pytest.fixture
def alice(_forks: None, new_lab: NewLab) -> Person:
    """alice in her clone."""
    person = new_lab("founded").person("alice")
    person.cwd = person.home / "app"
    return person


def _talk(person: Person, talk: Talk, answer: ElicitationFnT | None = None, mode: str = "auto") -> str:
    """Let an agent talk to a server in this person's clone; return all that was sent to it, after a look for values."""
    transcript = person.home / "transcript"
    words = ["-c", _TEE, str(transcript), *lab.gitenv("mcp")]
    server = StdioServerParameters(command="sh", args=words, cwd=person.cwd, env=person.env)

    async def play() -> None:
        async with Client(server, elicitation_callback=answer, mode=mode, read_timeout_seconds=60) as client:
            await talk(Agent(client))

    anyio.run(play)
    said = "".join(Path(f"{transcript}.{stream}").read_text(encoding="utf-8") for stream in ("said", "errors"))
    assert SECRET not in said
    assert TYPED not in said
    return said


def _post(url: str, **fields: str) -> tuple[int, str]:
    data = urllib.parse.urlencode(fields).encode() if fields else None
    try:
        with urllib.request.urlopen(url, data) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def _types(**fields: str) -> ElicitationFnT:
    """A person who opens the page and sends this."""

    async def answer(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        assert isinstance(params, ElicitRequestURLParams)
        assert "hunter" not in params.message
        status, page = await anyio.to_thread.run_sync(lambda: _post(params.url))
        assert status == 200
        assert "who reads it  alice\n" in page
        await anyio.to_thread.run_sync(lambda: _post(params.url, **fields))
        return ElicitResult(action="accept")

    return answer


@_POSIX
def test_status_check_and_diff(alice: Person) -> None:
    """They tell what their commands tell programs."""
    alice.must("gitenv", "lock")
    (alice.cwd / ".env").write_bytes((alice.cwd / ".env").read_bytes() + b"NEW=thing\n")

    async def talk(agent: Agent) -> None:
        found = json.loads(await agent.must("status"))
        assert found["environments"][0]["files"][0]["path"] == ".env"
        assert json.loads(await agent.must("status", environment="development"))["name"] == "alice"
        assert json.loads(await agent.must("check"))
        (file,) = json.loads(await agent.must("diff"))["files"]
        assert [(key["name"], key["change"]) for key in file["keys"]] == [("NEW", "added")]

    _talk(alice, talk)


@_POSIX
@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_person_sets_a_value(alice: Person, mode: str) -> None:
    """It comes from a page of their own, and the agent learns that it is set."""

    async def talk(agent: Agent) -> None:
        said = await agent.must("set", name="PASSWORD", environment="development")
        assert "PASSWORD changed in .env; staged" in said

    _talk(alice, talk, _types(value=f"{TYPED}\r\ntwo", do="set"), mode)
    assert alice.must("gitenv", "get", "PASSWORD").stdout == f"{TYPED}\ntwo\n".encode()


@_POSIX
@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_person_refuses(alice: Person, mode: str) -> None:
    """Then nothing is set, whether they say so on the page or to the client; the agent gets the command for them."""

    async def declines(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        assert isinstance(params, ElicitRequestURLParams)
        await anyio.to_thread.run_sync(lambda: _post(params.url, value=TYPED, do="set"))  # somebody else does
        return ElicitResult(action="decline")

    async def talk(agent: Agent) -> None:
        said = await agent.refused("set", name="PASSWORD", environment="development")
        assert "the user gave no value" in said
        assert f"cd {alice.cwd} && gitenv set PASSWORD -e development" in said

    async def cannot(context: ClientRequestContext, params: ElicitRequestParams) -> ErrorData:
        return ErrorData(code=-32602, message="no pages here")

    answers: list[ElicitationFnT] = [_types(value=TYPED, do="refuse"), declines, *([cannot] if mode == "legacy" else [])]
    for answer in answers:
        _talk(alice, talk, answer, mode)
    assert alice.must("gitenv", "get", "PASSWORD").stdout == b"hunter2\n"


@_POSIX
def test_nobody_can_be_asked(alice: Person) -> None:
    """Where the client opens no page the value is not set, and there is no other way for it to come in."""

    async def talk(agent: Agent) -> None:
        said = await agent.refused("set", name="PASSWORD", environment="development", value="agents-choice")
        assert "gitenv set PASSWORD -e development" in said
        assert "there is no environment production" in await agent.refused("set", name="A", environment="production")

    _talk(alice, talk)
    assert b"agents-choice" not in (alice.cwd / ".env").read_bytes()


@_POSIX
def test_words_are_no_options(alice: Person) -> None:
    """What an agent names is never an option of the command behind a tool, and what git refuses is an error."""

    async def talk(agent: Agent) -> None:
        assert "cannot be '--values'" in await agent.refused("diff", revisions="--values")
        assert "cannot be '--format=text'" in await agent.refused("check", commits="--format=text")
        assert "cannot be '--json'" in await agent.refused("status", environment="--json")
        assert await agent.refused("diff", revisions="nowhere")
        for name in ("A=agents-choice", "--empty", "", "A\0", "A\nenvironment development"):
            await agent.refused("set", environment="development", name=name)
        await agent.refused("set", environment="development", name="A", file="--empty")

    async def nobody(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        raise AssertionError("a person was asked for what cannot be set")

    _talk(alice, talk, nobody)


@_POSIX
def test_hostile_names(alice: Person) -> None:
    """What others named is shown without what a terminal or a reader does not see, and not at any length."""
    lines = b"".join(b"LONG_%d=1\n" % number for number in range(3000))
    name = f"X{HOSTILE}" + "Y" * 5000
    (alice.cwd / ".env").write_bytes(b"HELLO=x\n" + name.encode() + b"=1\n" + lines)
    folder = alice.cwd / HOSTILE
    folder.mkdir()
    (folder / ".env").write_bytes(b"HELLO=x\n")
    alice.must("git", "add", HOSTILE)

    async def talk(agent: Agent) -> None:
        assert "IGNORE_ALL" in await agent.must("diff")
        for tool in ("names", "missing", "status", "diff", "check"):
            said = await agent.must(tool)
            assert len(said) < 50_000
            assert "\x1b" not in said + json.dumps(json.loads(said), ensure_ascii=False)
            assert {"\u202e", "\ufe01", "\U000e0121"}.isdisjoint(said)
        assert "more" in await agent.must("diff")

    assert "\\u001b" not in _talk(alice, talk)


@_POSIX
def test_two_calls_at_once(alice: Person) -> None:
    """They wait for one another as two commands do."""
    answer = _types(value=TYPED, do="set")

    async def talk(agent: Agent) -> None:
        async with anyio.create_task_group() as tasks:
            for name in ("FIRST", "SECOND"):
                tasks.start_soon(lambda name: agent.must("set", name=name, environment="development"), name)
            tasks.start_soon(agent.must, "status")

    _talk(alice, talk, answer)
    assert alice.must("gitenv", "get", "FIRST").stdout == alice.must("gitenv", "get", "SECOND").stdout == f"{TYPED}\n".encode()


@_POSIX
def test_the_page(alice: Person) -> None:
    """It is for one answer of who has its address, from no other site, and then it is gone."""
    seen: list[str] = []

    async def answer(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        assert isinstance(params, ElicitRequestURLParams)
        url = params.url
        seen.append(url)
        place, _, path = url.partition("://")[2].partition("/")
        assert place.startswith("127.0.0.1:")
        assert _post(f"http://{place}/")[0] == _post(f"http://{place}/{path[:-1]}")[0] == 404
        other = urllib.request.Request(url, headers={"Host": f"example.com:{place.partition(':')[2]}"})
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(other)
        assert _post(url, value="", do="set")[0] == 400
        large = urllib.request.Request(url, b"value=", headers={"Content-Length": "4000000"})
        with pytest.raises(urllib.error.HTTPError, match="413"):
            urllib.request.urlopen(large)
        status, page = _post(url)
        assert status == 200
        assert "&lt;b&gt;" in page
        assert "<b>" not in page
        assert "close this page" in _post(url, value=TYPED, do="set")[1]
        _post(url, value="another", do="set")
        return ElicitResult(action="accept")

    async def talk(agent: Agent) -> None:
        await agent.refused("set", name="HELLO", environment="development", file="../<b>")
        assert _post(seen[0])[0] == 404
        assert "nothing is set" in _post(seen[0], value=TYPED, do="set")[1]

    _talk(alice, talk, answer)
    assert TYPED.encode() not in (alice.cwd / ".env").read_bytes()


def test_a_page_that_is_too_old() -> None:
    """Nobody waits for its answer, and the port is still gitenv's: another program would get what is typed there."""
    first, page = ValuePage({"key": "A"}, 60), ValuePage({"key": "B"}, 0)
    assert first.url.rpartition("/")[0] == page.url.rpartition("/")[0]
    assert page.is_over
    assert _post(page.url)[0] == 404
    assert _post(page.url, value=TYPED, do="set")[0] == 404
    assert page.answer is None
    assert _post(first.url, value=TYPED, do="set") == (200, _post(first.url)[1])
    assert first.answer == TYPED
    first.close()
    assert _post(first.url)[0] == 404


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells whose a connection is")
@pytest.mark.parametrize("host", ["127.0.0.1", "::ffff:127.0.0.1"])
def test_another_users_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, host: str) -> None:
    """Who reads the address in the list of processes gets no answer, and nor does a connection that is closed by now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(family) as client:
        client.connect((host, server.getsockname()[1]))
        ours, peer = server.accept()
        assert not peers.is_anothers(peer, ours.getsockname())
        if os.geteuid():
            monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
            assert peers.is_anothers(peer, ours.getsockname())
            monkeypatch.undo()
        for table in peers.TABLES:
            lines = [line.split() for line in Path(table).read_text(encoding="ascii").splitlines()]
            changed = [" ".join([*words[:7], "4711", *words[8:]]) for words in lines]
            (tmp_path / Path(table).name).write_text("\n".join(changed), encoding="ascii")
        monkeypatch.setattr(peers, "TABLES", [str(tmp_path / Path(table).name) for table in peers.TABLES])
        assert peers.is_anothers(peer, ours.getsockname())
        monkeypatch.undo()
        client.shutdown(socket.SHUT_WR)
        assert peers.is_anothers(peer, ours.getsockname())
        ours.close()


def test_many_connections() -> None:
    """Those that say nothing cost a bounded number of threads."""
    page, before = ValuePage({"key": "A"}, 60), threading.active_count()
    host, port = page.url.split("/")[2].split(":")
    with contextlib.ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(socket.create_connection((host, int(port))))
        assert threading.active_count() - before < 50
    for _ in range(100):  # until those are gone
        with contextlib.suppress(OSError):
            assert _post(page.url)[0] == 200
            return
        time.sleep(0.1)
    raise AssertionError


@pytest.mark.parametrize("lacking", ["mcp.server", "anyio"])
def test_without_the_package(alice: Person, tmp_path: Path, lacking: str) -> None:
    """The error says how to get it, whichever of the packages that come with it is looked for first."""
    (tmp_path / "sitecustomize.py").write_text(f"import sys\nsys.modules['{lacking}'] = None\n", encoding="utf-8")
    env = alice.env | forkserver.REAL | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-m", "gitenv", "mcp"], cwd=alice.cwd, env=env, capture_output=True, check=False)
    assert done.returncode == 5
    assert b"error: this needs the package mcp" in done.stderr
    assert b" -m pip install 'mcp>=2'" in done.stderr


@_POSIX
def test_names(alice: Person) -> None:
    """Names by environment, and what one of them lacks; closed files tell the same, and hostile names come escaped."""
    (alice.cwd / ".env.production").write_text("HELLO=x\nSECRET=hunter2\n", encoding="utf-8")
    alice.must("gitenv", "add-environment", "production")
    alice.must("git", "commit", "-qm", "Add production")
    alice.must("gitenv", "lock")

    async def talk(agent: Agent) -> None:
        (top,) = json.loads(await agent.must("names"))
        assert top["names"] == {"development": ["HELLO", "PASSWORD"], "production": ["HELLO", "SECRET"]}
        (top,) = json.loads(await agent.must("names", environment="production"))
        assert top["names"] == {"production": ["HELLO", "SECRET"]}
        (top,) = json.loads(await agent.must("missing"))
        assert top["missing"] == {"development": ["SECRET"], "production": ["PASSWORD"]}
        (top,) = json.loads(await agent.must("missing", environment="development"))
        assert top["missing"] == {"development": ["SECRET"]}
        assert json.loads(await agent.must("missing", environment="nowhere")) == []

    _talk(alice, talk)


@_POSIX
def test_run(alice: Person) -> None:
    """Only what the user allowed, in these words and for this environment; in what it prints values are marks."""
    (alice.cwd / ".env").write_text(f"PASSWORD={SECRET}{SECRET}\n", encoding="utf-8")
    prints = ["sh", "-c", "echo is $PASSWORD; echo $PASSWORD >&2; printf $PASSWORD | base64; exit 7"]
    lasts = ["sh", "-c", "echo begun; sleep 600"]
    is_long = ["sh", "-c", "yes $PASSWORD | head -n 60000; kill -TERM $$"]
    leaves = ["sh", "-c", "sleep 600 & echo begun; exit 3"]

    async def refused(agent: Agent) -> None:
        assert "gitenv allow -e development -- env" in await agent.refused("run", words=["env"], environment="development")
        await agent.refused("run", words=prints, environment="development")
        await agent.refused("run", words=[], environment="development")
        await agent.refused("run", words=["env"], environment="")

    _talk(alice, refused)
    for words in (prints, lasts, is_long, leaves):
        done, _ = answering.answered(alice, ["gitenv", "allow", "-e", "development", "--", *words], b"y\n")
        assert done.exit_code == 0, done.said

    async def allowed(agent: Agent) -> None:
        mark = "[PASSWORD redacted]"
        assert await agent.must("run", words=prints, environment="development") == f"exit code 7\nis {mark}\n{mark}\n{mark}"
        assert (
            await agent.must("run", words=lasts, environment="development", seconds=1)
            == "it was stopped after 1 seconds\nbegun"
        )
        assert await agent.must("run", words=leaves, environment="development", seconds=20) == "exit code 3\nbegun"
        shown = await agent.must("run", words=is_long, environment="development")
        assert len(shown) < 50_000
        assert shown.startswith("exit code 143\n")
        await agent.refused("run", words=[*prints, "more"], environment="development")
        await agent.refused("run", words=prints, environment="production")

    _talk(alice, allowed)


@_POSIX
@pytest.mark.parametrize("end", ["input", "SIGTERM", "SIGINT"])
def test_a_server_that_ends(alice: Person, end: str) -> None:
    """It takes the commands with it that it has started, however it is ended. It is started as users do."""
    running = alice.home / "running"
    os.mkfifo(running)
    waits = ["sh", "-c", "exec > ../running; echo begun; exec sleep 600"]
    assert answering.answered(alice, ["gitenv", "allow", "-e", "development", "--", *waits], b"y\n")[0].exit_code == 0
    client = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "agent", "version": "1"}}
    call = {"name": "run", "arguments": {"words": waits, "environment": "development"}}
    messages = (
        {"id": 1, "method": "initialize", "params": client},
        {"method": "notifications/initialized"},
        {"id": 2, "method": "tools/call", "params": call},
    )
    with subprocess.Popen(lab.gitenv("mcp"), cwd=alice.cwd, env=alice.env | forkserver.REAL, stdin=-1, stdout=-1) as server:
        assert server.stdin
        for message in messages:
            server.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
            server.stdin.flush()
        with running.open("rb") as written:
            assert written.readline() == b"begun\n"
            if end == "input":
                server.stdin.close()
            else:
                server.send_signal(getattr(signal, end))
            assert server.wait(60) == (0 if end == "input" else 130)
            assert written.read() == b""  # which comes when nobody has it open


@_POSIX
def test_a_closed_clone(alice: Person) -> None:
    """The tools work there as elsewhere, and the file stays ciphertext."""
    alice.must("gitenv", "init", "--closed")
    prints = ["sh", "-c", "echo is $PASSWORD"]

    async def talk(agent: Agent) -> None:
        assert "PASSWORD changed" in await agent.must("set", name="PASSWORD", environment="development")
        assert "HELLO" in await agent.must("names")
        await agent.refused("run", words=prints, environment="development")

    _talk(alice, talk, _types(value=TYPED, do="set"))
    assert answering.answered(alice, ["gitenv", "allow", "-e", "development", "--", *prints], b"y\n")[0].exit_code == 0

    async def allowed(agent: Agent) -> None:
        assert await agent.must("run", words=prints, environment="development") == "exit code 0\nis [PASSWORD redacted]"

    _talk(alice, allowed)
    assert b"PASSWORD=gitenv1:" in (alice.cwd / ".env").read_bytes()
