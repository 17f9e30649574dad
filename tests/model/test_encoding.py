"""Files that no dotenv reader reads, and the command that makes ones of them that all do."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from gitenv.model import encoding

TEXT = "TOKEN='a b'\r\nÄ=\"%s\"\n"
WRONG = {
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16LE",
    "utf-16-be": "UTF-16BE",
    "utf-32": "UTF-32",
    "utf-32-le": "UTF-32LE",
    "utf-32-be": "UTF-32BE",
    "utf-8-sig": "UTF-8 with a byte order mark",
}


@pytest.mark.parametrize(("codec", "name"), WRONG.items())
def test_it_is_named_and_the_command_mends_it(codec: str, name: str, tmp_path: Path) -> None:
    """With or without a mark, each is told from the others, and comes back in UTF-8 with its line ends and its rights."""
    assert encoding.wrong(TEXT.encode(codec)) == name
    assert name in encoding.problem(".env", name)
    if not shutil.which("iconv") or not shutil.which("sh"):
        pytest.skip("no iconv here")
    path = tmp_path / "it's .env"
    path.write_bytes(TEXT.encode(codec))
    path.chmod(0o600)
    subprocess.run(["sh", "-c", encoding.remedy(path.name, name)], cwd=tmp_path, check=True, timeout=60)
    assert path.read_bytes() == TEXT.encode()
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("data", [b"", b"A", b"A=1", TEXT.encode(), "Ä=1".encode("latin-1"), b"A=\0", b"\0\0\0\0"])
def test_all_else_is_no_wrong_encoding(data: bytes) -> None:
    """UTF-8, old code pages, nothing, and bytes that are no text at all."""
    assert not encoding.wrong(data)
