"""What git is asked for, so that of 60,000 files only those are listed which anybody looks at."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from gitenv.errors import NotInOrder
from gitenv.git import index, program, scratch
from gitenv.model import dotenv
from gitenv.repo import claims
from gitenv.repo.claims import Claims
from gitenv.repo.snapshot import CommitSnapshot, Entry, IndexSnapshot, Snapshot, WorkSnapshot, differing
from gitenv.repo.where import Where
from gitenv.trust.change import Change
from tests.model import builders

_PATTERNS = (".env", "config/*/secret.txt", "deep/er/file.conf", "plain.name", "w?ld.txt", "a/b")
_KEY = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg" + "A" * 40
_LOOKED_AT = [
    *(
        ".env",
        "a/.env.production",
        ".ENV",
        ".Env.local",
        "x/.envrc",
        ".flas\u212aenv",
        ".FLASKENV",
        ".dev.vars",
        "prod.env",
        "x/y.ENV",
    ),
    *(".gitattributes", "sub/.gitattributes", "sub/.GitAttributes"),
    *(".recipients/alice.pub", ".Recipients/eve.pub", "vendor/.recipients/development/environment"),
    *("config/one/secret.txt", "deep/er/file.conf", "x/plain.name", "wild.txt", "a/b", f"k/{_KEY}"),
]
_OTHERS = [
    "README",
    "config/one/two/secret.txt",
    "deep/er/file.confs",
    "deep/file.conf",
    "recipients/x",
    "a/c",
]
_LINKS = ["config/linked", "deep", "config"]


def _stage(repository: Where, files: Mapping[str, tuple[str, bytes]]) -> None:
    """Put files into the index past every filter; no mode: take it out."""
    blobs = dict(zip(files, index.write_blobs(repository.folder, [data for _, data in files.values()]), strict=True))
    nothing = "0" * len(next(iter(blobs.values()), ""))
    lines = [f"{mode or '0'} {blobs[path] if mode else nothing} 0\t{path}\0" for path, (mode, _) in files.items()]
    program.run(repository.folder, "update-index", "-z", "--index-info", stdin=os.fsencode("".join(lines)))
    repository.close()


def _commit(repository: Where) -> CommitSnapshot:
    program.run(repository.folder, "commit", "-qm", "x", "--no-verify", "--allow-empty")
    return CommitSnapshot(repository.objects, repository.objects.id("HEAD"))


def _claimed(repository: Where) -> dict[str, tuple[str, bytes]]:
    statement = builders.statement(builders.ring_of(), paths=_PATTERNS)
    return {f".recipients/{statement.name}/environment": ("100644", statement.text)}


def test_all_that_anybody_looks_at_is_listed(repository: Where) -> None:
    """In the index and in a commit: whatever its case is, and whatever a team claims; and of other files none."""
    files = {path: ("100644", path.encode()) for path in [*_LOOKED_AT, *_OTHERS]}
    _stage(repository, {**files, **_claimed(repository)})
    commit = _commit(repository)
    for side in (IndexSnapshot(repository.objects), commit):
        found = Change(repository, side, is_whole=True).files
        assert set(found) == {*_LOOKED_AT, *_claimed(repository)}
        assert found == {path: entry for path, entry in side.entries().items() if path in found}


@pytest.mark.parametrize("path", _LINKS)
def test_links_on_the_way_to_claimed_files_are_listed(repository: Where, path: str) -> None:
    """What is typed into such a file lands elsewhere."""
    _stage(repository, {path: ("120000", b"x"), **_claimed(repository)})
    assert path in Change(repository, IndexSnapshot(repository.objects), is_whole=True).files


def test_the_work_tree_has_what_is_not_tracked(repository: Where) -> None:
    """A file that nobody has staged yet may be in conflict as well."""
    _stage(repository, _claimed(repository))
    for name in (".env", "x.txt"):
        Path(repository.folder, name).write_bytes(b"A=1\n")
    change = Change(repository, IndexSnapshot(repository.objects), is_whole=True)
    assert ".env" in change.listed(WorkSnapshot(repository.folder))
    assert "x.txt" not in change.listed(WorkSnapshot(repository.folder))


def test_where_attributes_give_gitenv_more_all_is_listed(repository: Where) -> None:
    """A pattern that no environment claims may mean any file."""
    _stage(
        repository, {".gitattributes": ("100644", b"*.txt filter=gitenv\n"), "a.txt": ("100644", b"x"), **_claimed(repository)}
    )
    change = Change(repository, IndexSnapshot(repository.objects), is_whole=True)
    assert change.filtered == {"a.txt"}
    assert "a.txt" in change.files


def test_what_differs_is_what_two_whole_listings_say(repository: Where) -> None:
    """Files that came, went, and became links or programs; also where the repository asks git to see no submodule."""
    old = {"same": "100644", "gone": "100644", "now-a-link": "120000", "now-a-program": "100644", "dir/file": "100644"}
    _stage(repository, {path: (mode, path.encode()) for path, mode in old.items()})
    first = _commit(repository)
    program.run(repository.folder, "update-index", "--add", "--cacheinfo", f"160000,{first.commit},sub")
    new = {"gone": "", "now-a-link": "100644", "now-a-program": "100755", "dir/file": "", "dir": "100644", "came": "100644"}
    _stage(repository, {path: (mode, b"new") for path, mode in new.items()})
    _stage(repository, {".gitmodules": ("100644", b'[submodule "sub"]\n\tpath = sub\n\turl = ./x\n\tignore = all\n')})
    Path(repository.folder, ".gitmodules").write_text('[submodule "sub"]\n\tpath = sub\n\turl = ./x\n\tignore = all\n', "ascii")
    program.run(repository.folder, "config", "diff.ignoreSubmodules", "all")
    staged = IndexSnapshot(repository.objects)
    _check(first, staged)
    _check(first, _commit(repository))


def test_a_file_that_git_add_only_announced(repository: Where) -> None:
    """`git add -N` is in no commit and differs from none; the listing has it as an empty file."""
    first = _commit(repository)
    Path(repository.folder, "new").write_bytes(b"A=1\n")
    program.run(repository.folder, "add", "-N", "new")
    _check(first, IndexSnapshot(repository.objects))


def test_a_path_in_conflict_has_our_side(repository: Where) -> None:
    """git says no more than that it is in conflict."""
    blobs = index.write_blobs(repository.folder, [b"base", b"ours", b"theirs"])
    _stage(repository, {"x": ("100644", b"base")})
    first = _commit(repository)
    lines = "".join(f"100644 {blob} {stage}\tx\0" for stage, blob in enumerate(blobs, 1))
    program.run(repository.folder, "update-index", "-z", "--index-info", stdin=f"0 {'0' * 40} 0\tx\0{lines}".encode())
    found = differing(first, IndexSnapshot(repository.objects))
    assert found == {"x": (Entry("100644", blobs[0]), Entry("100644", blobs[1]))}


def _check(before: Snapshot, after: Snapshot) -> None:
    found = differing(before, after)
    old, new = before.entries(), after.entries()
    assert found == {path: (old.get(path), new.get(path)) for path in {*old, *new} if old.get(path) != new.get(path)}


def test_one_file_of_a_commit_is_found_by_its_folder(repository: Where) -> None:
    """Not by a listing of 60,000 others; and a folder is no file."""
    files = {"a/b/c": "100755", "a/link": "120000", "top": "100644"}
    _stage(repository, {path: (mode, b"x") for path, mode in files.items()})
    commit = _commit(repository)
    assert {path: entry.mode for path in files if (entry := commit.entry(path))} == files
    assert [commit.entry(path) for path in ("a", "a/b", "a/b/d", "x/y")] == [None] * 4


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_git_reads_the_index_that_it_is_asked_with(tmp_path: Path, form: str) -> None:
    """Names of each length, also one that is longer than the index has room to say."""
    program.run(str(tmp_path), "init", "-q", f"--object-format={form}")
    text = program.run(str(tmp_path), "hash-object", "-w", "--stdin", stdin=b"x filter=gitenv\n").decode().strip()
    folders = ["", *("d" * length + "/" for length in range(1, 12)), "/".join(["d" * 200] * 21) + "/", "\udce4/"]
    found = scratch.attributes(
        scratch.store(str(tmp_path)),
        {f"{folder}.gitattributes": text for folder in folders},
        [*(f"{folder}x" for folder in folders), "other/y"],
    )
    assert [values["filter"] for values in found.values()] == [*["gitenv"] * len(folders), "unspecified"]


def test_patterns_that_name_a_dotenv_file_are_asked_for_already() -> None:
    """Each other one is asked for by itself."""
    statement = builders.statement(builders.ring_of(), paths=(".env", "a/.env.*", "x.env", "b/env", "*.txt"))
    assert claims.unusual([statement]) == [":(top,glob)b/env", ":(top,glob)**/*.txt", ":(top,glob)?"]
    assert all(dotenv.looks(pattern) for pattern in (".env", "a/.env.*", "x.env"))


def test_more_patterns_than_a_command_line_holds_are_not_asked_for_one_by_one() -> None:
    """Anybody can push a hundred statements with a hundred long patterns each: then git is asked for all files."""
    ring = builders.ring_of()
    listed = [builders.statement(ring, paths=[f"{number}-{each}.conf" for each in range(100)]) for number in range(3)]
    assert len(claims.pathspecs(listed[:1])) == 100 + len(dotenv.LOOKS)
    assert claims.pathspecs(listed) == []


def test_what_any_statement_of_history_claims_is_covered() -> None:
    """An environment may have given a file away, and what stood there in plain text is in its history all the same."""
    ring = builders.ring_of()
    listed = [builders.statement(ring, paths=(path,)) for path in ("old.conf", "new.conf", "newest.conf")]
    assert [Claims(listed).covers(each.paths[0]) for each in listed] == [True] * 3
    assert Claims(listed[:1], listed[1:]).statement_of("new.conf") == listed[1]


def test_where_one_is(repository: Where) -> None:
    """In a folder, in a linked work tree, in git's own folder, and in a bare repository."""
    _commit(repository)
    top, git_dir = repository.folder, os.path.join(repository.folder, ".git")
    os.mkdir(os.path.join(top, "a"))
    assert Where.around(os.path.join(top, "a")).layout == (top, git_dir, git_dir)
    program.run(top, "worktree", "add", "-q", "linked")
    linked = Where.around(os.path.join(top, "linked"))
    assert linked.layout == (os.path.join(top, "linked"), os.path.join(git_dir, "worktrees", "linked"), git_dir)
    assert (linked.has_work_tree, linked.is_bare, linked.is_shallow, linked.is_partial) == (True, False, False, False)
    with pytest.raises(NotInOrder, match="git's own folder"):
        Where.around(git_dir)
    assert Where.around(git_dir, or_inside_git=True).folder == git_dir
    program.run(top, "init", "-q", "--bare", "bare.git")
    bare = Where.around(os.path.join(top, "bare.git"))
    assert (bare.folder, bare.has_work_tree, bare.is_bare) == (os.path.join(top, "bare.git"), False, True)
    assert (os.path.normpath(bare.store.objects), bare.store.form) == (os.path.join(bare.folder, "objects"), "sha1")
