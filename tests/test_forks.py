"""History is looked through within bounds, and whoever fills it beyond them stops nobody for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitenv.git import index, program
from gitenv.git.objects import Objects
from gitenv.model.reasons import TooLong
from gitenv.trust import chain, forks
from tests.model import builders


def test_a_history_that_is_too_long_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More statements than are looked at: changed more often than can be followed, and gitenv trust decides all the same."""
    for name, value in {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    top = str(tmp_path)
    program.run(top, "init", "-q")
    texts = [builders.statement(builders.ring_of(), revision=number).text for number in (1, 2, 3)]
    paths = [chain.path("production"), *(chain.past_path("production", f"{number}" * 64) for number in (1, 2))]
    blobs = index.write_blobs(top, texts)
    lines = [f"100644 {blob} 0\t{path}\0".encode() for blob, path in zip(blobs, paths, strict=True)]
    program.run(top, "update-index", "-z", "--index-info", stdin=b"".join(lines))
    program.run(top, "-c", "user.name=Eve", "-c", "user.email=eve@example.com", "commit", "-qm", "x")
    objects = Objects(top)
    try:
        assert len(forks.seen(top, objects, "production", ["HEAD"])) == len(texts)
        monkeypatch.setattr(forks, "_MAX_STATEMENTS", 2)
        with pytest.raises(TooLong) as raised:
            forks.seen(top, objects, "production", ["HEAD"])
    finally:
        objects.close()
    assert raised.value.message == "production/environment: changed more often than can be followed"
    assert raised.value.hint == "gitenv trust production"
