"""What leaves by accident: how a private key and a copy of a value are told from what ordinary files hold."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitenv.model import document, leaks
from gitenv.model.document import Kind
from tests.model.builders import ALICE

PEM = ALICE.device.pem()
DER = base64.b64decode(b"".join(PEM.splitlines()[1:-1]))
SECRET = b"Zq9-hostile-secret-7731"


def _pieces(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@pytest.mark.parametrize("size", [7, 64, 100_000])
@pytest.mark.parametrize(
    "text",
    [
        *(
            PEM,
            PEM.replace(b"\n", b"\r\n"),
            PEM.replace(b"\n", b" "),
            PEM.replace(b"\n", b"\\n"),
            b"".join(PEM.splitlines()[1:]),
        ),
        *(b"GITENV_PRIVATE_KEY='" + PEM + b"'", b"    " + PEM.replace(b"\n", b"\n    "), b'{"key": "' + PEM + b'"}'),
        *(base64.b64encode(PEM), base64.encodebytes(PEM), DER),
        *(PEM.decode().encode(encoding) for encoding in ("utf-16-le", "utf-16-be")),  # `>` of PowerShell
    ],
)
def test_a_private_key_is_found_in_every_form(text: bytes, size: int) -> None:
    """As PEM, in one line, escaped, indented, in base64 once more, or as DER; in pieces of any size; with its line."""
    found = list(leaks.key_lines(_pieces(b"first\nsecond\n" + text + b"\nlast\n", size)))
    assert set(found) & {3, 4}
    assert len(list(leaks.key_lines([PEM, b"x" * 3_000_000, PEM]))) == 2


def test_a_file_full_of_marks_is_read_once() -> None:
    """Whoever can push could else keep a server's gate busy for hours with one file of a few megabytes."""
    mark, found = leaks.KEY_MARKS[0], leaks.key_lines([leaks.KEY_MARKS[0] * 20_000])
    assert list(found) == [1]
    assert list(leaks.key_lines([b"\n".join([mark + b"A" * 16] * 1_000)])) == list(range(1, 1_001))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_a_copy_is_found_in_what_windows_writes(encoding: str) -> None:
    """Notepad and PowerShell put a mark before a text, and PowerShell's `>` writes UTF-16."""
    text = b"TOKEN=" + SECRET + b"\n"
    assert [line for line, _, _ in _copies(text).found([text.decode().encode(encoding)])] == [1]
    assert leaks.assigned(next(chunk for _, chunk in leaks.chunks([text.decode().encode(encoding)]))) == {b"TOKEN"}


def test_what_only_looks_like_a_key_is_none() -> None:
    """A key that a document shows with dots, a public key, and a key of another kind are none of ours."""
    begin = PEM.splitlines()[1][:48]
    other = base64.encodebytes(bytes.fromhex("302e020100300506032b657004220420") + b"x" * 32)
    for text in (begin + b"...\n", begin, ALICE.key.line("alice"), b"-----BEGIN PRIVATE KEY-----\n" + other):
        assert not list(leaks.key_lines([text]))


def _repositories() -> Iterator[tuple[str, bytes, dict[str, bytes]]]:
    text = (Path(__file__).parent / "ordinary.txt").read_text(encoding="utf-8")
    for repository in text.split("\n== ")[1:]:
        name, *files = repository.split("\n-- ")
        contents = {path: data.encode() + b"\n" for path, _, data in (each.partition("\n") for each in files)}
        yield name, contents.pop(".env"), contents


REPOSITORIES = list(_repositories())


def _copies(data: bytes) -> leaks.Copies:
    found = leaks.Copies()
    for record in document.parse(data):
        if record.kind is Kind.ASSIGNMENT:
            found.add(".env", record.name, record.raw)
    return found


def test_there_are_forty_ordinary_repositories() -> None:
    """Enough of them, each with something beside its .env."""
    assert len(REPOSITORIES) >= 40
    assert all(files for _, _, files in REPOSITORIES)


@pytest.mark.parametrize(("name", "env", "files"), REPOSITORIES, ids=[name for name, _, _ in REPOSITORIES])
def test_an_ordinary_repository_passes(name: str, env: bytes, files: dict[str, bytes]) -> None:
    """Dockerfiles, compose, CI and settings with the same words, addresses and numbers as .env are no copies."""
    wanted = _copies(env)
    assert [(path, *each) for path, data in files.items() for each in wanted.found([data])] == []


@pytest.mark.parametrize(
    "copy",
    [
        *(b"TOKEN=%s", b"export TOKEN=%s", b"  TOKEN = '%s'", b'TOKEN="%s"\r', b'  "TOKEN=%s",', b"'TOKEN=%s';", b"`TOKEN=%s`"),
        *(b"TOKEN: %s", b"  TOKEN: '%s'", b'  "TOKEN": "%s",', b"TOKEN:%s"),
        *(b"a\nb\nTOKEN=%s", b"INSERT INTO notes VALUES ('\nTOKEN=%s\n');"),
    ],
)
def test_a_copy_is_found_whatever_is_around_it(copy: bytes) -> None:
    """With export, white space, quotes, in a dump, in YAML: the whole line is the assignment. The hook sees it first."""
    for env in (b"TOKEN=%s\n", b"export TOKEN='%s'\n", b"TOKEN: %s\n"):
        data = copy % SECRET + b"\n"
        assert [name for _, name, _ in _copies(env % SECRET).found([data])] == ["TOKEN"]
    assert b"TOKEN" in leaks.assigned(data) or data.lstrip().startswith((b'"', b"'", b"`"))


def test_a_value_of_several_lines_is_found_whole() -> None:
    """A private key in quotes, copied with its file: one finding, at its first line."""
    env = b'A=1\nKEY="-----BEGIN X-----\nq8Zt0vLm3Pp1xYw7\n-----END X-----"\n'
    assert list(_copies(env).found([b"# old\n" + env])) == [(3, "KEY", ".env")]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            ("PASSWORD", "correct-horse-battery"),
            ("PASSWORD", "correct horse battery staple"),
            ("TOKEN", "Zq9-hostile-secret-7731"),
        ),
        *(("HELLO", "Zq9-hostile-secret-7731"), ("A", "0123456789abcdef"), ("DATABASE_URL", "postgres://app:pw@db/app")),
        *(("AWS", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), ("HOOK", "https://hooks.example.com/T0/B0/XXa9bPq0Zr")),
        *(("SENTRY", "https://0a1b2c3d4e5f@sentry.example.com/42"), ("JWT", "eyJhbGciOiJIUzI1NiJ9.e30.Zr9")),
    ],
)
def test_a_secret_is_told_from_words_and_paths(name: str, value: str) -> None:
    """Pass phrases under a secret's name, mixed characters, and addresses with a password in them are secrets."""
    assert leaks.is_telling(name.encode(), value.encode())
