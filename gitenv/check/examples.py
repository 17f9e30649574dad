"""Whether a template that `gitenv example` keeps has the names of its environments. Of other templates nothing is said."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from gitenv.errors import NotTrusted, from_top, joined
from gitenv.model import template
from gitenv.model.codes import finding
from gitenv.model.finding import Finding
from gitenv.trust.change import Change

_MOST = 100  # templates: whoever can push can push any number


def findings(change: Change, templates: Sequence[str]) -> Iterator[Finding]:
    """Which of these are stale, where the change touched a template or a file beside one."""
    touched = {path.rpartition("/")[0] for path in change.changed}
    if change.before and not change.is_whole:
        touched |= {path.rpartition("/")[0] for path in change.former_files.keys() - change.files.keys()}
    for path in [path for path in templates if path.rpartition("/")[0] in touched][:_MOST]:
        data = change.after.document(path) or b""
        try:
            yield from _stale(change, path, data)
        except NotTrusted:  # too large to be one
            continue


def _stale(change: Change, path: str, data: bytes) -> Iterator[Finding]:
    names = [name for name in template.kept_for(data) if name in change.statements]
    folder, wanted = path.rpartition("/")[0], list[bytes]()
    if not names:
        return
    for each in _beside(change, folder, names):
        statement = change.claims_after.statement_of(each)
        if statement:
            wanted += [key.name for key in template.keys(change.after.document(each) or b"", statement)]
    apart = template.difference(data, wanted)
    lacks = f"lacks {joined(apart.missing)}" if apart.missing else ""
    whose = f"{joined(names)} {'does' if len(names) == 1 else 'do'} not have"
    has = f"has {joined(apart.gone)}, which {whose}" if apart.gone else ""
    if lacks or has:
        text = " and ".join(filter(None, (lacks, has)))
        yield finding("example-stale", text, path, 0, (f"gitenv example {'--prune ' if has else ''}{from_top(path)}",))


def _beside(change: Change, folder: str, names: Collection[str]) -> list[str]:
    in_folder = (path for path, entry in change.files.items() if entry.is_file and path.rpartition("/")[0] == folder)
    return [path for path in in_folder if change.claims_after.environment_of(path) in names]
