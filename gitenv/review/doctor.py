"""`gitenv doctor`: what is wrong with a clone's set-up, and mending what can be mended without losing anything.

Reads git's configuration, its attributes and its hooks, and what other tools left. Runs nothing of what it finds there.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from gitenv import files
from gitenv.errors import GitenvError, NotInOrder, shell_word
from gitenv.git import attributes
from gitenv.git.repository import Repository
from gitenv.review import leftovers, protection
from gitenv.review.findings import Finding, Severity
from gitenv.team import hooks, installation, rights, setup
from gitenv.team.hooks import State
from gitenv.team.workspace import Workspace

_MAX_BYTES = 16 * 1024 * 1024
_MOST = 8
_FIX = "gitenv doctor --fix"


class Ailment(NamedTuple):
    """Something that is wrong. `mend` does what loses nothing and says what it did; None where a person has to decide."""

    finding: Finding
    mend: Callable[[], str] | None = None


class Report(NamedTuple):
    """What an examination found, and what was mended."""

    findings: list[Finding]  # what is left
    mended: list[str]
    mendable: int  # of those that are left


def examine(workspace: Workspace) -> Report:
    """Look at everything, and change nothing."""
    found = list(_ailments(workspace))
    return Report([ailment.finding for ailment in found], [], sum(ailment.mend is not None for ailment in found))


def fix(workspace: Workspace) -> Report:
    """Mend what can be mended, then look again."""
    mended = [ailment.mend() for ailment in list(_ailments(workspace)) if ailment.mend is not None]
    return examine(workspace)._replace(mended=list(dict.fromkeys(mended)))


def _ailments(workspace: Workspace) -> Iterator[Ailment]:
    yield from _interpreter(workspace)
    yield from _environments(workspace)
    if setup.is_known(workspace.repository):
        yield from _configuration(workspace)
        yield from _cached_textconv(workspace)
        yield from _guard(workspace)
        yield from _hooks(workspace)
    elif workspace.environments():
        text = "git does not call gitenv in this clone"
        yield Ailment(Finding("not-set-up", Severity.ERROR, text, commands=("gitenv init",)))
    yield from _committed_attributes(workspace)
    for finding in protection.find(workspace):
        again = protection.can_stage_anew(workspace, finding)
        yield Ailment(finding, _staging(workspace, finding.path) if again else None)
    yield from (Ailment(finding) for finding in protection.other_tools(workspace))
    yield from _leftovers(workspace)
    yield from _rights(workspace)


def _interpreter(workspace: Workspace) -> Iterator[Ailment]:
    try:
        setup.check_interpreter(workspace.repository)
    except NotInOrder as error:
        yield Ailment(Finding("interpreter", Severity.ERROR, error.message, commands=(error.hint,)))


def _environments(workspace: Workspace) -> Iterator[Ailment]:
    """That there are none, and so nothing that gitenv encrypts: all else that is looked at is in order then."""
    try:
        workspace.need_environments()
    except NotInOrder as error:
        text = f"{error.message}: git commits .env files as they are"
        yield Ailment(Finding("no-environments", Severity.ERROR, text, commands=(error.hint,)))


def _configuration(workspace: Workspace) -> Iterator[Ailment]:
    """git's configuration, key by key; one finding for each thing that it is about."""
    repository = workspace.repository

    def mend() -> str:
        setup.configure(repository)
        return "git's configuration of this clone is as gitenv init writes it"

    said: set[str] = set()
    for key, value in setup.settings(repository).items():
        there = repository.config(key)
        if there != value:
            code, severity, text = _about(repository, key, there, value)
            if code not in said:
                said.add(code)
                yield Ailment(Finding(code, severity, text, commands=(_FIX,)), mend)


def _about(repository: Repository, key: str, there: str, wanted: str) -> tuple[str, Severity, str]:
    if key.endswith(".required"):
        return "not-required", Severity.ERROR, "filter.gitenv.required is not true: a filter that dies stages plain text"
    if key.startswith("merge."):
        return "merge-driver", Severity.WARNING, f"{key} is not set as gitenv sets it: merges are by line and not by key"
    if key.startswith("diff.") and there.endswith(wanted):
        return "textconv", Severity.WARNING, "gitenv.maskDiff is set since gitenv was set up: git shows values in diffs"
    if key.startswith("diff."):
        return "textconv", Severity.WARNING, f"{key} is not as gitenv sets it: diffs are encrypted, masked or slow"
    if not there:
        return "filter-missing", Severity.ERROR, f"{key} is not set: git does not call gitenv"
    if not _is_there(repository, there):
        return "filter-gone", Severity.ERROR, f"{key} starts a program that is not there any more"
    return "filter-elsewhere", Severity.WARNING, f"{key} starts another installation of gitenv than this one"


def _is_there(repository: Repository, command: str) -> bool:
    if installation.is_command(command):
        return any(each.is_there for each in installation.noted(repository))
    try:
        words = shlex.split(command)
    except ValueError:
        return False
    return bool(words) and os.path.isabs(words[0]) and os.access(words[0], os.X_OK)


def _cached_textconv(workspace: Workspace) -> Iterator[Ailment]:
    repository = workspace.repository
    if repository.config("diff.gitenv.cachetextconv") == "true":

        def switch_off() -> str:
            repository.set_config("diff.gitenv.cachetextconv", "false")
            return "git caches no opened files any more (diff.gitenv.cachetextconv)"

        text = "diff.gitenv.cachetextconv is set: git keeps opened files as objects"
        yield Ailment(Finding("cachetextconv", Severity.ERROR, text, commands=(_FIX,)), switch_off)
    if leftovers.has_cached_text(repository):

        def forget() -> str:
            leftovers.forget_cached_text(repository)
            return f"{leftovers.CACHED} is gone; its objects go with: git gc --prune=now"

        text = f"{leftovers.CACHED} holds opened files as objects"
        yield Ailment(Finding("cached-textconv", Severity.ERROR, text, commands=(_FIX, "git gc --prune=now")), forget)


def _guard(workspace: Workspace) -> Iterator[Ailment]:
    repository, pins = workspace.repository, workspace.access.pinned()
    if setup.is_lifted_for(repository, pins):
        return

    def mend() -> str:
        setup.lift_guard(repository, pins)
        return "info/attributes has gitenv's lines, at its end"

    text = "info/attributes is not as gitenv writes it: files may be refused, or pass as plain text"
    if line := setup.behind_lifted(repository):
        text = setup.wins_over(line)
    yield Ailment(Finding("guard-not-lifted", Severity.ERROR, text, commands=(_FIX,)), mend)


def _committed_attributes(workspace: Workspace) -> Iterator[Ailment]:
    if not workspace.environments():
        return
    try:
        text = files.read(workspace.repository.path(".gitattributes"), _MAX_BYTES) or b""
    except GitenvError as error:
        yield Ailment(Finding("no-attributes", Severity.ERROR, error.message, ".gitattributes", commands=(error.hint,)))
        return
    if not attributes.has_block(text):
        message = "gitenv's lines are not in .gitattributes: other clones would commit plain text"
        command = "git restore .gitattributes"
        yield Ailment(Finding("no-attributes", Severity.ERROR, message, ".gitattributes", commands=(command,)))
    elif not attributes.has_guard(text):
        message = "there is no guard in .gitattributes: a clone without gitenv commits plain text"
        command = "git log -p -- :/.gitattributes"
        yield Ailment(Finding("no-guard", Severity.NOTE, message, ".gitattributes", commands=(command,)))


def _hooks(workspace: Workspace) -> Iterator[Ailment]:
    repository = workspace.repository
    if hooks.are_left_out(repository):
        return

    def mend() -> str:
        hooks.install(repository)
        return "git's hooks call this gitenv"

    if hooks.are_configured(repository):
        text = "the hooks stand in git's configuration, where an older git and other clients do not look"
        yield Ailment(Finding("hook-elsewhere", Severity.WARNING, text, commands=(_FIX,)), mend)
    lines = hooks.lines(repository)
    for left in lines:
        text = f"the hook {left.hook} does not call gitenv, and is not gitenv's to write; its line belongs into {left.file}"
        yield Ailment(Finding("hook-missing", Severity.WARNING, text, commands=(left.line,)))
    named = {left.hook for left in lines}
    for name, state in hooks.states(repository).items():
        if state is State.MISSING and name not in named:
            text = f"the hook {name} is missing"
            yield Ailment(Finding("hook-missing", Severity.WARNING, text, commands=(_FIX,)), mend)
        elif state is State.ELSEWHERE:
            text = f"the hook {name} starts another gitenv than this one"
            yield Ailment(Finding("hook-elsewhere", Severity.WARNING, text, commands=(_FIX,)), mend)


def _staging(workspace: Workspace, path: str) -> Callable[[], str]:
    def mend() -> str:
        workspace.repository.stage_anew([path])
        return f"{path} is staged again, encrypted"

    return mend


def _leftovers(workspace: Workspace) -> Iterator[Ailment]:
    if images := leftovers.plain_images(workspace):

        def remove() -> str:
            leftovers.remove_images(images)
            return f"{len(images)} of rerere's records are gone: they held plain text of .env files"

        text = f"{len(images)} of rerere's records (rr-cache) hold plain text of .env files"
        yield Ailment(Finding("rerere", Severity.WARNING, text, commands=(_FIX,)), remove)


def _rights(workspace: Workspace) -> Iterator[Ailment]:
    pins = workspace.access.pinned()
    try:
        paths, wanted = rights.too_open(workspace, pins), rights.wanted(workspace.repository)
    except NotInOrder as error:
        yield Ailment(Finding("file-mode", Severity.ERROR, error.message, commands=(error.hint,)))
        return
    if paths:

        def narrow() -> str:
            whose = "owner and group" if wanted & 0o070 else "their owner"
            return f"for {whose} alone now: {_joined(rights.apply(workspace, pins))}"

        commands = tuple(f"chmod {rights.narrowing(wanted)} {shell_word(path)}" for path in paths[:_MOST])
        text = f"others on this machine may read {_joined(paths)}"
        yield Ailment(Finding("readable-by-others", Severity.WARNING, text, commands=commands), narrow)


def _joined(paths: Sequence[str]) -> str:
    return ", ".join(paths[:_MOST]) + (f" and {len(paths) - _MOST} more" if len(paths) > _MOST else "")
