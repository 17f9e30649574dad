"""Founding: making environments, in a repository without gitenv or one more in a repository with it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence

from gitenv.errors import NotInOrder, Usage, printable, shell_word
from gitenv.git import attributes
from gitenv.git.layout import RECIPIENTS
from gitenv.git.repository import Ignored
from gitenv.identity.device import DeviceKey
from gitenv.model import environment, grant, names
from gitenv.model.statements import Keyholder
from gitenv.repo import recipients
from gitenv.system import files
from gitenv.team import competing, discover, key_lines, permissions, setup, shared_attributes
from gitenv.team.workspace import Workspace, now
from gitenv.trust import forks
from gitenv.trust.pins import Pin
from gitenv.tuples import NamedTuple


def make_environments(workspace: Workspace, wanted: Mapping[str, Sequence[str]], key: DeviceKey, name: str) -> list[str]:
    """Make the environments, each with `name` as its only holder; pin them. Return the paths that were written.

    Whoever calls it has asked `check_wanted` before.
    """
    me = Keyholder(name, key.public)
    finished = [each for each in wanted if is_unfinished(workspace, each)]  # a founding that was cut off, or is in no commit
    written = write_public_key(workspace, name, key) or [f"{RECIPIENTS}/{name}.pub"]
    written += [f"{RECIPIENTS}/{each}/{file}" for each in finished for file in (f"{name}.grant", "environment")]
    texts: dict[str, bytes] = {}
    pins = []
    for each, patterns in wanted.items():
        if each not in finished:
            statement, dek = environment.found(each, patterns, me, now(), key)
            own = grant.write(statement, dek, name, key.public, grant.HOLDER, by=me.holder, at=now(), signer=key)
            # The grant first: a statement without one would be an environment that nobody can open.
            texts[f"{RECIPIENTS}/{each}/{name}.grant"] = own.text
            texts[f"{RECIPIENTS}/{each}/environment"] = statement.text
            pins.append(Pin.of(statement, own, frozenset(), frozenset({me.holder})))
    written += workspace.write_all(texts)
    workspace.access.advance_all(pins)
    setup.lift_guard(workspace.repository, workspace.access.pinned())
    return written


def is_unfinished(workspace: Workspace, name: str) -> bool:
    """Whether this clone made an environment that lies here and is in no commit of this branch."""
    pin = workspace.access.pin(name)
    if pin is None or pin.grant is None or workspace.is_committed(name):
        return False
    folder = f"{RECIPIENTS}/{name}"
    texts = {f"{folder}/environment": pin.environment.text, f"{folder}/{pin.grant.to}.grant": pin.grant.text}
    is_here = all(files.read_inside(workspace.root, path, len(text)) == text for path, text in texts.items())
    # What was in a commit once, and is put back in its place, is no founding: it may have been in a folder meanwhile.
    return is_here and not workspace.founding.was_ever_committed(name)


def check_wanted(workspace: Workspace, wanted: Mapping[str, Sequence[str]], renaming: Callable[[str, str], str]) -> None:
    """Raise `Usage` if one of these environments cannot be made. `renaming` is the command that gives one another name."""
    if len({*workspace.environments(), *wanted}) > recipients.MOST:
        raise Usage(f"a repository has at most {recipients.MOST} environments", "gitenv status")
    for name, patterns in wanted.items():
        _check_new(workspace, name, patterns)
        if not is_unfinished(workspace, name) and not _may_found(workspace, name):
            other = next((each for each in _others(name) if each not in wanted and _may_found(workspace, each)), "NAME")
            raise Usage(
                f"another {name} was founded in this history, and a newcomer cannot tell which of two is the right one",
                f"give it another name: {renaming(name, other)}; who held the other: git log -- :/{RECIPIENTS}/{name}",
            )


def _others(name: str) -> list[str]:
    """What an environment may be called instead."""
    usual = {"development": ["dev"], "production": ["prod"]}.get(name, [])
    return [each for each in (*usual, *(f"{name}-{number}" for number in range(2, 10))) if names.is_name(each)]


def _check_new(workspace: Workspace, name: str, patterns: Sequence[str]) -> None:
    names.check_name(name, "environment")
    names.check_patterns(patterns)
    if not 1 <= len(patterns) <= names.MAX_PATTERNS:
        raise Usage(f"{name} needs 1 to {names.MAX_PATTERNS} patterns", "mean several files by one: 'apps/*/.env.production'")
    if workspace.access.pin(name) and workspace.founding.was_ever_committed(name):
        # A commit from before gitenv, or a branch without it: a second founding would be another environment for all.
        raise Usage(f"{name} was founded already, on another branch", "check that branch out, or merge it")


def _may_found(workspace: Workspace, name: str) -> bool:
    """Whether this history had no environment of that name: newcomers would be warned of two foundings."""
    return forks.is_free(workspace.history, name, workspace.history.heads)


def write_public_key(workspace: Workspace, name: str, key: DeviceKey, replace: bool = False) -> list[str]:
    """Write `.recipients/NAME.pub`, if it is not there; return what is to be staged. Raises `Usage` for another's name.

    With `replace` it is one's own, and its key is lost: the new one goes on top.
    """
    if replace:
        return [workspace.write(key_lines.path(name), key_lines.renewed(workspace, name, key.public))]
    check_free(workspace, name, key)
    if workspace.public_keys(name):
        return workspace.unstaged([f"{RECIPIENTS}/{name}.pub"])
    return [workspace.write(f"{RECIPIENTS}/{name}.pub", key.public.line(name))]


def check_free(workspace: Workspace, name: str, key: DeviceKey | None) -> None:
    """Raise `Usage` if a name has a `.pub` with another key than `key` (None: one that is yet to be made)."""
    if workspace.is_lost(name) or (key is None and workspace.public_keys(name)):
        raise Usage(
            f"{RECIPIENTS}/{name}.pub is there with another key",
            "if that is somebody else, or another device of yours: gitenv init --name NAME; "
            f"if you lost that key: gitenv init --name {name} --replace",
        )


class Added(NamedTuple):
    """The files of a new environment."""

    files: list[str]  # staged
    ignored: list[Ignored]  # that git does not see, and the lines to blame


def add_environment(workspace: Workspace, name: str, patterns: Sequence[str], key: DeviceKey) -> Added:
    """Make one more environment. Raises `Usage` if there is one, or if another claims a path of it.

    What was written and its files are staged.
    """
    names.check_name(name, "environment")
    pin = workspace.access.pin(name)
    is_begun = is_unfinished(workspace, name) and not _is_staged(workspace, name)  # by a run that was cut off
    if not is_begun and (pin or _is_staged(workspace, name)):
        raise Usage(f"there is an environment {name} already", "gitenv status")
    wanted = list(pin.environment.paths) if pin else list(patterns) or [f".env.{name}"]
    names.check_patterns(wanted)
    if not is_begun:
        competing.check_new(workspace, name, wanted)
    found = [
        path
        for path in (
            *(entry.path for entry in workspace.repository.tracked() if entry.is_file),
            *workspace.repository.untracked(),
        )
        if names.claimed(wanted, path) and os.path.isfile(workspace.repository.path(path))
    ]
    if not is_begun:
        again = " ".join(map(shell_word, wanted))
        check_wanted(workspace, {name: wanted}, lambda _, other: f"gitenv add-environment {other} {again}")
        discover.check_can_be_encrypted(workspace.repository, found)
    guard = attributes.has_guard(shared_attributes.text(workspace))
    written = make_environments(workspace, {name: wanted}, key, workspace.access.name or workspace.guess_name())
    written += shared_attributes.write(workspace, wanted, guard)
    workspace.repository.stage(written)
    stage_files(workspace, found)
    permissions.apply(workspace, workspace.access.pinned())
    ignored = [path for path in workspace.repository.ignored() if names.claimed(wanted, path)]
    return Added(sorted(set(found)), workspace.repository.why_ignored(ignored))


def _is_staged(workspace: Workspace, name: str) -> bool:
    """Whether more is there of an environment than a statement that a run wrote which was cut off before it pinned it."""
    path = f"{RECIPIENTS}/{name}/environment"
    return any(workspace.repository.objects.read(f"{place}:{path}") is not None for place in (":0", "HEAD"))


def stage_files(workspace: Workspace, paths: Iterable[str]) -> None:
    """Stage .env files through the filter, so that what is plain in the index becomes ciphertext."""
    tracked = {entry.path for entry in workspace.repository.tracked()}
    wanted = list(dict.fromkeys(paths))
    workspace.repository.stage([path for path in wanted if path not in tracked])
    workspace.repository.stage_again([path for path in wanted if path in tracked])
    staged = [entry for entry in workspace.repository.tracked() if entry.path in wanted]
    plain = [entry.path for entry in staged if discover.shows_text(workspace.repository.objects.read(entry.object_id) or b"")]
    if plain:
        # Whatever kept git from asking the filter, "encrypted and staged" must not be said of plain text.
        workspace.repository.unstage(plain)
        raise NotInOrder(
            f"git did not run the filter for {printable(plain[0])}; it was taken out of the index again",
            f"git check-attr -a -- {shell_word(plain[0])}",
        )
