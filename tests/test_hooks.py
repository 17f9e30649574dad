"""The hooks as files and as configuration: where they come from, what they start, and how little it takes to do nothing."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from gitenv.drivers import hook
from gitenv.git.repository import Repository
from gitenv.team import hooks, installation
from gitenv.team.hooks import State
from gitenv.team.installation import Installation
from tests.conftest import NewLab
from tests.lab import gitenv
from tests.test_hot_path import REPORT

TOP = Path(__file__).parent.parent


@pytest.fixture
def clone(unconfigured: Path) -> Path:
    """An empty repository, with nothing of the machine's configuration."""
    subprocess.run(["git", "init", "-q", str(unconfigured / "app")], check=True)
    return unconfigured / "app"


def _loaded(folder: Path, *arguments: str) -> set[str]:
    code = REPORT.format(arguments=list(arguments))
    done = subprocess.run([sys.executable, "-E", "-P", "-c", code], cwd=folder, capture_output=True, check=True)
    return set(done.stderr.decode().rpartition("loaded: ")[2].split())


@pytest.mark.parametrize("name", [*hooks.NAMES, "pre-receive"])
def test_a_hook_starts_this_gitenv_by_its_full_path(name: str) -> None:
    """The text of every hook calls gitenv by the filter's command, and nothing of it is found through PATH."""
    text = hooks.text(name, [installation.own()]).decode()
    assert f'{shlex.quote(installation.own().python)} -E -P {shlex.quote(installation.own().program)} "$@"' in text
    assert "command gitenv" not in text
    assert f"gitenv hook {name}" in text


def test_the_wheel_carries_the_hooks() -> None:
    """What pip installs has the hooks where gitenv looks for them first, and the source distribution has them, too."""
    targets = tomllib.loads((TOP / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]
    assert targets["wheel"]["force-include"] == {"hooks": "gitenv/hooks"}
    assert "/hooks" in targets["sdist"]["include"]
    assert {path.name for path in (TOP / "hooks").iterdir()} == {*hooks.NAMES, "pre-receive"}


def test_a_built_wheel_has_the_hooks(tmp_path: Path) -> None:
    """The same of a wheel that is really built, where its builder is installed."""
    builder = pytest.importorskip("hatchling.builders.wheel").WheelBuilder(str(TOP))
    import zipfile

    wheel = next(iter(builder.build(directory=str(tmp_path), versions=["standard"])))
    found = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("gitenv/hooks/")}
    assert found == {f"gitenv/hooks/{name}" for name in (*hooks.NAMES, "pre-receive")}


def test_hooks_are_files_also_where_git_has_configured_ones(clone: Path) -> None:
    """Another git in the same clone may read only files; what an earlier gitenv configured goes, and no line of it is left."""
    before = (clone / ".git/config").read_bytes()
    repository = Repository(str(clone))
    for name in hooks.NAMES:
        repository.set_config(f"hook.gitenv-{name}.event", name)
        repository.set_config(f"hook.gitenv-{name}.command", "gitenv hook")
    assert set(hooks.states(repository).values()) == {State.CONFIGURED}
    assert hooks.install(repository) == []
    assert {path.name for path in (clone / ".git/hooks").iterdir() if path.suffix != ".sample"} == {*hooks.NAMES}
    assert set(hooks.states(repository).values()) == {State.RUNS}
    assert (clone / ".git/config").read_bytes() == before
    repository.set_config("hook.gitenv-pre-push.event", "pre-push")
    hooks.remove(repository)
    assert (clone / ".git/config").read_bytes() == before
    assert not (clone / ".git/hooks/pre-push").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="sh is git's there, and in no fixed place")
@pytest.mark.parametrize("name", ["pre-commit", "pre-push"])
@pytest.mark.parametrize("manager", ["husky", "lefthook"])
def test_a_line_for_a_team_passes_without_gitenv(manager: str, name: str, clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has no gitenv commits and pushes what has no protected file in it, and is stopped with a word where it has one."""
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    if manager == "husky":
        subprocess.run(["git", "config", "core.hooksPath", ".husky/_"], cwd=clone, check=True)
    else:
        (clone / ".git/hooks" / name).write_text("#!/bin/sh\ncall_lefthook\n")
    line = next(left.line for left in hooks.install(Repository(str(clone))) if left.hook == name)
    if manager == "lefthook":  # YAML in one line, with nothing in it that would end its quotes
        line = line.partition("run: '")[2].rpartition("'")[0].replace("{0}", "")
        assert "'" not in line
    (clone / "readme").write_bytes(b"hello\n")
    subprocess.run(["git", "add", "readme"], cwd=clone, check=True)

    def ends_with() -> tuple[int, bytes]:
        done = subprocess.run(["sh", "-e", "-c", line, "hook"], cwd=clone, capture_output=True, check=False)
        return done.returncode, done.stderr

    assert ends_with() == (0, b"")
    (clone / ".gitattributes").write_bytes(b".env filter=gitenv\n")
    (clone / ".env").write_bytes(b"")
    subprocess.run(["git", "add", ".env"], cwd=clone, check=True)
    code, said = ends_with()
    assert code == (name == "pre-commit")
    assert (b"there is no gitenv here" in said) is (name == "pre-commit")


def test_a_commit_without_env_files_loads_nothing(clone: Path) -> None:
    """With nothing protected staged the hook loads five modules of ours, and not even `re` or `subprocess`."""
    (clone / "readme").write_bytes(b"hello\n")
    subprocess.run(["git", "add", "readme"], cwd=clone, check=True)
    loaded = _loaded(clone, "hook", "pre-commit")
    assert {name for name in loaded if name.startswith("gitenv")} == {
        *("gitenv", "gitenv.__main__", "gitenv.drivers", "gitenv.drivers.hook", "gitenv.git", "gitenv.git.alone"),
        *("gitenv.model", "gitenv.model.dotenv", "gitenv.model.leaks"),
    }
    assert not loaded & {"re", "subprocess", "typing", "collections", "enum"}


@pytest.mark.skipif(sys.platform == "win32", reason="names that Windows does not have")
@pytest.mark.parametrize(
    ("path", "is_needed"),
    [
        *((".env", True), ("web/.env.production", True), ("prod.env", True), (".envrc", True), ("app_env", False)),
        *((".recipients/bob.pub", True), (".gitattributes", True), ("web/.gitattributes", True), ("deploy/secrets.ini", True)),
        *(("environment.py", False), ("secrets.ini", False), ("odd\nname", False), ("docs/.recipients.md", False)),
    ],
)
def test_what_a_commit_must_be_looked_at_for(path: str, is_needed: bool, clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that speak of gitenv, and the paths that pinned environments claim, are looked at; nothing else is."""
    block = b"# gitenv: begin\n.env filter=gitenv -text\n/deploy/*.ini filter=gitenv -text\n# gitenv: end\n"
    (clone / ".git/info/attributes").write_bytes(block)
    (clone / path).parent.mkdir(parents=True, exist_ok=True)
    (clone / path).write_bytes(b"text\n")
    subprocess.run(["git", "add", "-f", "."], cwd=clone, check=True, env={**os.environ, "GIT_ATTR_NOSYSTEM": "1"})
    monkeypatch.chdir(clone)
    assert hook.is_needed("pre-commit", []) is is_needed


def test_what_a_checkout_must_be_looked_at_for(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a switch between commits that differ in what is protected is looked at, or one whose beginning is unknown."""
    commits = []
    for name in ("readme", "other", ".env"):
        (clone / name).write_bytes(b"")
        subprocess.run(["git", "add", "."], cwd=clone, check=True)
        subprocess.run(["git", "commit", "-qm", name], cwd=clone, check=True)
        shown = subprocess.run(["git", "rev-parse", "HEAD"], cwd=clone, check=True, capture_output=True)
        commits.append(shown.stdout.decode().strip())
    monkeypatch.chdir(clone)
    first, second, third = commits
    assert not hook.is_needed("post-checkout", [first, second, "1"])
    assert not hook.is_needed("post-checkout", [third, third, "1"])
    assert not hook.is_needed("post-checkout", [second, third, "0"])  # files, and no branch
    assert hook.is_needed("post-checkout", [third, first, "1"])
    assert hook.is_needed("post-checkout", ["0" * 40, first, "1"])
    assert hook.is_needed("post-checkout", ["1" * 40, first, "1"])
    assert hook.is_needed("post-merge", ["0"])  # no ORIG_HEAD
    subprocess.run(["git", "update-ref", "ORIG_HEAD", first], cwd=clone, check=True)
    assert hook.is_needed("post-merge", ["0"])
    assert not hook.is_needed("post-merge", ["1"])  # --squash


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for Python is a shell script")
def test_the_hook_of_a_checkout_starts_python_only_for_another_commit(clone: Path, tmp_path: Path) -> None:
    """It leaves out what `is_needed` says no to, also in a linked work tree, and nothing where something waits to be said."""
    python, starts = tmp_path / "python", tmp_path / "starts"
    python.write_text(f"#!/bin/sh\necho started >> {starts}\n")
    python.chmod(0o755)
    (clone / ".git/hooks/post-checkout").write_bytes(hooks.text("post-checkout", [Installation(str(python), str(python))]))
    (clone / ".git/hooks/post-checkout").chmod(0o755)
    linked = tmp_path / "linked"

    def started(folder: Path, *words: str) -> bool:
        starts.write_text("")
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)
        return bool(starts.read_text())

    for name in ("readme", "other"):
        (clone / name).write_bytes(b"hello\n")
        subprocess.run(["git", "add", name], cwd=clone, check=True)
        subprocess.run(["git", "commit", "-qm", name], cwd=clone, check=True)
    assert started(clone, "worktree", "add", str(linked), "-b", "linked")
    for folder, git_dir in ((clone, clone / ".git"), (linked, clone / ".git/worktrees/linked")):
        (git_dir / "gitenv").mkdir()
        files, branch = ("checkout", "readme"), ("switch", "-c", f"from-{folder.name}")
        (folder / "web").mkdir()
        assert not started(folder, *files)
        assert not started(folder, *branch)
        assert not started(folder / "web", "checkout", "../readme")
        assert not started(tmp_path, f"--git-dir={git_dir}", f"--work-tree={folder}", *files)
        assert started(folder, "checkout", "--detach", "HEAD~")
        (git_dir / "gitenv/unsaid").write_bytes(b"warning: stays closed\t\n")
        assert started(folder, *files)
        assert started(folder, "switch", "-c", f"again-{folder.name}")


def test_a_hook_that_nobody_listens_to_has_not_agreed(new_lab: NewLab) -> None:
    """Whoever pushes can hang up before they are told; the push is refused all the same."""
    alice = new_lab("founded").person("alice")
    alice.cwd = alice.home / "app"
    blob = alice.run(["git", "hash-object", "-w", "--stdin"], b"A=1\n").stdout.decode().strip()
    alice.must("git", "update-index", "--cacheinfo", f"100644,{blob},.env")
    alice.must("git", "commit", "-qnm", "By mistake")
    bad = alice.must("git", "rev-parse", "HEAD").said
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        gitenv("hook", "pre-receive"),
        cwd=alice.cwd,
        env=alice.env,
        input=f"{'0' * 40} {bad} refs/heads/topic\n".encode(),
        stdout=writing,
        stderr=writing,
        check=False,
    )
    os.close(writing)
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("text", "is_needed"),
    [
        *((b"- {TOKEN: 1}\n  'TOKEN': \"it is- opened\",\n", True), (b"TOKEN = os.environ['TOKEN']\n", False)),
        *((b"export TOKEN=it  is-opened;", True), (b"TOKEN=it is-not opened\n", False)),
    ],
)
def test_values_that_lie_open_are_compared_without_a_key(text: bytes, is_needed: bool, clone: Path) -> None:
    """The key is asked only for a value of an open file; and always where one is edited, hidden from git or has a mark."""
    (clone / ".git" / "info").mkdir(exist_ok=True)
    (clone / ".git" / "info" / "attributes").write_bytes(b".env filter=gitenv -text\n")
    (clone / ".env").write_bytes(b"TOKEN='it is-opened'\n")
    (clone / "some.txt").write_bytes(text)
    subprocess.run(["git", "-c", "filter.gitenv.clean=cat", "add", ".env"], cwd=clone, check=True)
    subprocess.run(["git", "commit", "-qm", "open"], cwd=clone, check=True)
    subprocess.run(["git", "add", "some.txt"], cwd=clone, check=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(clone)
        assert hook.is_needed("pre-commit", []) is is_needed
        subprocess.run(["git", "update-index", "--assume-unchanged", ".env"], cwd=clone, check=True)
        assert hook.is_needed("pre-commit", [])
        subprocess.run(["git", "update-index", "--no-assume-unchanged", ".env"], cwd=clone, check=True)
        for edited in (b"TOKEN=something-else\n", b"TOKEN='it is-opened'\n#gitenv-unverified:abc: x\n"):
            (clone / ".env").write_bytes(edited)
            assert hook.is_needed("pre-commit", [])


@pytest.mark.parametrize(
    ("text", "is_needed"),
    [
        *((b"TOKEN = 'something-longer'\n", True), (b"-\nexport TOKEN=something-longer", True), (b"TOKEN=short\n", False)),
        *((b"OTHER=something-longer\n", False), (b"if TOKEN == 1: pass\n", False), (b"\0" * 3_000_000, False)),
        *((b"x\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAAAA", True), (b"env:\n  TOKEN: something-longer\n", True)),
    ],
)
def test_what_the_files_of_a_commit_say_is_looked_at(text: bytes, is_needed: bool, clone: Path) -> None:
    """A file that sets a key of .env to something long, or has a private key, is looked at closely; no other is."""
    (clone / ".git" / "info").mkdir(exist_ok=True)
    (clone / ".git" / "info" / "attributes").write_bytes(b".env filter=gitenv -text\n")
    (clone / ".env").write_bytes(b"TOKEN=gitenv1:1.abcdef:AAAA\n")
    subprocess.run(["git", "-c", "filter.gitenv.clean=cat", "add", ".env"], cwd=clone, check=True)
    subprocess.run(["git", "commit", "-qm", "closed"], cwd=clone, check=True)
    for is_there in (True, False):  # a sparse checkout may have no .env
        (clone / "some.txt").write_bytes(text)
        subprocess.run(["git", "add", "some.txt"], cwd=clone, check=True)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(clone)
            assert hook.is_needed("pre-commit", []) is is_needed
        if is_there:
            (clone / ".env").unlink()
