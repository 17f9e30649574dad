"""Small clones with real git in them and one environment, `production`; only `.recipients/` is ever in their work trees.

All share one object store, as if everything had been pushed and fetched: what a clone sees is what its HEAD leads to. gitenv's
own functions run in this process, as whoever works there.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from unittest import mock

from gitenv.drivers.filter import EnvFilter
from gitenv.git.process import Refused, Request
from gitenv.identity import device
from gitenv.repo import clone
from gitenv.team.workspace import Workspace
from gitenv.trust.pins import Pin, Pins
from tests.model.builders import Person

ENVIRONMENT = "production"
FILE = ".env.production"
FOLDER = f".recipients/{ENVIRONMENT}"
_GIT = ("git", "-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0", "-c", "advice.detachedHead=false")
_SETTINGS = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C.UTF-8"}
_AUTHOR = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Somebody"), ("EMAIL", "somebody@example.com"), ("DATE", "2026-11-21T10:00:00Z"))
}


class Store:
    """The objects of all clones."""

    def __init__(self, root: Path) -> None:
        self.path = root / "store.git"
        if not self.path.exists():
            subprocess.run([*_GIT, "init", "-q", "--bare", "-b", "main", str(self.path)], check=True, env=_environment({}))

    def git(self, *words: str, stdin: bytes = b"") -> bytes:
        command = [*_GIT, f"--git-dir={self.path}", *words]
        return subprocess.run(command, input=stdin, check=True, capture_output=True, env=_environment(_AUTHOR)).stdout

    def commit(self, parents: Sequence[str], tree_of: str, files: Mapping[str, bytes | None]) -> str:
        """A commit with the tree of another ("" for none) and some files changed, or away (None); its id."""
        parts = [b"reset refs/made\n", b"commit refs/made\nmark :1\ncommitter x <x@example.com> 1795000000 +0000\ndata 0\n"]
        parts += [f"{'merge' if number else 'from'} {sha}\n".encode() for number, sha in enumerate(parents)]
        parts.append(b"deleteall\n" if not tree_of else f'M 040000 {self.tree(tree_of)} ""\n'.encode())
        for path, data in files.items():
            if data is None:
                parts.append(f"D {path}\n".encode())
            else:
                parts.append(f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n")
        return (
            self.git("fast-import", "--quiet", "--force", "--done", stdin=b"".join([*parts, b"get-mark :1\ndone\n"]))
            .decode()
            .strip()
        )

    def tree(self, commit: str) -> str:
        return self.git("rev-parse", f"{commit}^{{tree}}").decode().strip()

    def files(self, commit: str) -> dict[str, bytes]:
        """What a commit has in the environment's folder, by path."""
        listed = self.git("ls-tree", "-r", "-z", commit, "--", FOLDER).decode().split("\0")[:-1]
        blobs = [(line.split()[2].partition("\t")[0], line.partition("\t")[2]) for line in listed]
        said = self.git("cat-file", "--batch", stdin="".join(f"{blob}\n" for blob, _ in blobs).encode())
        found, at = {}, 0
        for _, path in blobs:
            head, _, _ = said[at:].partition(b"\n")
            size = int(head.split()[2])
            at += len(head) + 1
            found[path] = said[at : at + size]
            at += size + 1
        return found


class Clone:
    """Somebody's clone, with a home of its own: a second clone of the same person is another machine's."""

    def __init__(self, root: Path, name: str, person: Person) -> None:
        self.name, self.person = name, person
        self.home, self.root = root / name / "home", root / name / "app"
        if not self.root.exists():
            self._make(root)

    def _make(self, root: Path) -> None:
        git_dir = self.root / ".git"
        for folder in ("refs/heads", "info"):
            (git_dir / folder).mkdir(parents=True)
        (git_dir / "objects").symlink_to(os.path.relpath(root / "store.git" / "objects", git_dir), target_is_directory=True)
        (git_dir / "HEAD").write_text("ref: refs/heads/main\n")
        (git_dir / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tlogAllRefUpdates = false\n")
        self.home.mkdir(parents=True)
        with self.entered():
            device.save(self.person.device)
            Pins(clone.set_up(str(git_dir))).set_owner(self.person.name)

    @contextlib.contextmanager
    def entered(self, **more: str) -> Iterator[None]:
        """As this person, in this clone."""
        variables = {"HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home), "APPDATA": str(self.home), **_AUTHOR, **more}
        was = os.getcwd()
        with mock.patch.dict(os.environ, _environment(variables), clear=True):
            os.chdir(self.root)
            try:
                yield
            finally:
                os.chdir(was)

    @contextlib.contextmanager
    def workspace(self, **more: str) -> Iterator[Workspace]:
        """What every command of gitenv begins with."""
        with self.entered(**more):
            found = Workspace(".")
            try:
                yield found
            finally:
                found.repository.objects.close()

    def git(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        with self.entered():
            return subprocess.run([*_GIT, *words], capture_output=True, check=False, stdin=subprocess.DEVNULL)

    def must(self, *words: str) -> str:
        done = self.git(*words)
        assert done.returncode == 0, f"{self.name}: git {' '.join(words)}\n{done.stderr.decode()}"
        return done.stdout.decode().strip()

    def stand_on(self, commit: str, fetched: str, *, is_shallow: bool) -> None:
        """The host has nothing else, and this clone has come there, however it did. `fetched` is its default branch, or ""."""
        git_dir = self.root / ".git"
        (git_dir / "shallow").unlink(missing_ok=True)
        if is_shallow:
            (git_dir / "shallow").write_text(f"{commit}\n")
        remote = git_dir / "refs" / "remotes" / "origin"
        remote.mkdir(parents=True, exist_ok=True)
        (remote / "HEAD").unlink(missing_ok=True)
        if fetched:
            (remote / "HEAD").write_text(f"{fetched}\n")
        self.must("reset", "-q", "--hard", commit)

    def pin(self) -> Pin | None:
        with self.entered():
            return Pins(clone.identity(str(self.root / ".git"))).get(ENVIRONMENT)

    def encrypted(self, line: bytes) -> bytes:
        """What the filter makes of a new file with this line; b"" where it refuses."""
        with self.entered():
            handler = EnvFilter()
            try:
                cleaned = handler.clean(Request(FILE), line)
                return cleaned if isinstance(cleaned, bytes) else b"".join(cleaned)
            except Refused:
                return b""
            finally:
                handler.close()


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    return {**kept, **_SETTINGS, **variables}
