"""What the team's repository is, commit by commit, and who can read what. Knows nothing of signatures, keys and pins."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from tests.team_life import documents
from tests.team_life.documents import Document, Generation

HOLDER, READER = "holder", "reader"
FILES = {"development": ".env", "production": ".env.production"}


class Given(NamedTuple):
    """One grant. The serial tells it from another one that says the same."""

    to: str
    role: str
    generation: Generation
    by: str
    serial: int


class Statement(NamedTuple):
    """Which generation an environment is in, whose word counts in it, and who says so."""

    generation: Generation
    holders: frozenset[str]
    by: str


Item = Statement | Given | Document | str
Tree = Mapping[str, Item]


class Commit:
    """A commit, and all that it comes from."""

    def __init__(self, sha: str, tree: Tree, parents: Iterable[Commit]) -> None:
        self.sha = sha
        self.tree = tree
        self.parents = list(parents)
        self.history: frozenset[Commit] = frozenset({self}).union(*(parent.history for parent in self.parents))

    def base_with(self, other: Commit) -> Commit:
        """Where two lines parted. There is one such commit, because everybody merges what the hub has."""
        common = self.history & other.history
        (base,) = [each for each in common if not any(each in more.history for more in common if more is not each)]
        return base


def statement(tree: Tree, environment: str) -> Statement:
    found = tree[f"{environment}/environment"]
    assert isinstance(found, Statement)
    return found


def document(tree: Tree, environment: str) -> Document:
    found = tree[FILES[environment]]
    assert isinstance(found, tuple)
    assert not isinstance(found, Statement | Given)
    return found


def grants(tree: Tree, environment: str) -> dict[str, Given]:
    """All grants that lie there, whatever they are worth, by path."""
    return {path: item for path, item in tree.items() if path.startswith(f"{environment}/") and isinstance(item, Given)}


def members(tree: Tree, environment: str) -> dict[str, str]:
    """Who is in, and as what: by grants of today that a holder gave."""
    now, holders, found = statement(tree, environment), set(statement(tree, environment).holders), {}
    given = [each for each in grants(tree, environment).values() if each.generation is now.generation]
    for _ in given:
        for each in given:
            if each.by in holders:
                found[each.to] = each.role
                holders |= {each.to} if each.role == HOLDER else set()
    return found


def is_holder(tree: Tree, environment: str, who: str) -> bool:
    return members(tree, environment).get(who) == HOLDER


def is_left(tree: Tree, who: str) -> bool:
    """Whether anything in the tree is for somebody, or by them."""
    for environment in FILES:
        now = statement(tree, environment)
        given = grants(tree, environment).values()
        if who == now.by or who in now.holders or any(who in (each.to, each.by) for each in given):
            return True
    return False


def rotated(
    tree: Tree, environment: str, by: str, who: Mapping[str, str], serials: Iterable[int], parents: Iterable[Generation] = ()
) -> tuple[Tree, Generation]:
    """The tree after a next generation with these members; the documents of all its parents' keys follow."""
    before = list(parents) or [statement(tree, environment).generation]
    new = Generation(environment, max(each.number for each in before) + 1, before)
    kept = {path: item for path, item in tree.items() if path not in grants(tree, environment)}
    holders = frozenset({by, *(name for name, role in who.items() if role == HOLDER)})  # who signs is one, also who leaves
    kept[f"{environment}/environment"] = Statement(new, holders, by)
    for (name, role), serial in zip(sorted(who.items()), serials, strict=False):
        kept[f"{environment}/{name}.grant"] = Given(name, role, new, by, serial)
    kept[FILES[environment]] = documents.reencrypted(document(tree, environment), before, new)
    return kept, new


def met(origin: Mapping[str, str], ours: Mapping[str, str], theirs: Mapping[str, str]) -> dict[str, str]:
    """Who is in after two rotations met: whoever was let in is, whoever was taken out is not, and of two roles the lesser."""
    found: dict[str, str] = {}
    for name in {*origin, *ours, *theirs}:
        sides = [side.get(name) for side in (ours, theirs)]
        changed = [side for side in sides if side != origin.get(name)]
        if not changed:
            found[name] = origin[name]
        elif None in changed:
            continue
        else:
            found[name] = READER if READER in changed else HOLDER
    return found


def merged(base: Tree, ours: Tree, theirs: Tree, there: Collection[str]) -> tuple[dict[str, Item], set[str]]:
    """What git makes of two trees, and which paths are in conflict (those are missing).

    Which keys somebody has while git merges is not the model's to know. So of what comes out with keys and without, that is
    right which agrees with git on whether there is a conflict: `there` are its conflicts.
    """
    found: dict[str, Item] = {}
    conflicts: set[str] = set()
    for path in {*base, *ours, *theirs}:
        was, one, two = base.get(path), ours.get(path), theirs.get(path)
        chosen = one if one == two or two == was else two if one == was else None
        if chosen is not None:
            found[path] = chosen
        elif path in FILES.values() and one != two and was not in (one, two):
            environment = next(name for name, file in FILES.items() if file == path)
            sides = [document(tree, environment) for tree in (base, ours, theirs)]
            texts = [documents.merged(sides[0], sides[1], sides[2], with_key) for with_key in (True, False)]
            text = next((text for text in texts if (text is None) is (path in there)), texts[0])
            if text is None:
                conflicts.add(path)
            else:
                found[path] = text
        elif one != two and was not in (one, two):
            conflicts.add(path)
    return found, conflicts
