"""What refs name that is no commit: trees, blobs, and the messages of tags. It is pushed and fetched like all the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gitenv.check import commits
from gitenv.check.documents import bounded
from gitenv.check.texts import Texts
from gitenv.errors import NotInOrder, shell_word
from gitenv.git import changes, log
from gitenv.git.objects import Objects
from gitenv.git.refs import Ref
from gitenv.model.codes import finding
from gitenv.model.finding import Finding, Severity
from gitenv.repo.claims import Claims
from gitenv.repo.recipients import statements_in
from gitenv.repo.snapshot import Snapshot
from gitenv.tuples import NamedTuple

_TAGS = "refs/tags/"
_DEEPEST = 10  # tags of tags
MOST_TREES = 200  # in one push: each takes as long as a commit
_MOST_FINDINGS = 200
_MOST_TAGS = 50  # that are looked at in a clone


class Named(NamedTuple):
    """A ref, and the object that it names: a tag, a tree or a blob."""

    ref: str
    object_id: str


class Tagged:
    """Looks at what refs name. `side` is the state that is known, and `known` which commits are, as revisions of git."""

    def __init__(
        self, folder: str, objects: Objects, side: Snapshot | None, known: Sequence[str], texts: Texts, *, with_keys: bool
    ) -> None:
        """`with_keys`: read each blob, and look for private keys."""
        self._folder, self._objects, self._side, self._known, self._texts = folder, objects, side, known, texts
        self._with_keys = with_keys

    def findings(self, named: Iterable[Named], most_trees: int = MOST_TREES) -> list[Finding]:
        """Private keys, and plain text of protected files; none that a known commit has. Raises `NotInOrder` for more trees."""
        found: list[Finding] = []
        trees = {each: self._tree_of(each) for each in named}
        if len(distinct := {tree for tree in trees.values() if tree}) > most_trees:
            raise NotInOrder(f"{len(distinct):,} tagged trees at once, and at most {most_trees} are looked at", "push fewer")
        for each, tree in trees.items():
            if len(found) > _MOST_FINDINGS:
                break
            back = (delete(each.ref),)
            said = list(self._said(each.object_id))
            if len(said) == _DEEPEST:
                found.append(finding("unreadable", f"cannot be judged: {_DEEPEST} tags, one of another", each.ref, 0, back))
            for head, message in said:
                found += self._texts.text(message, each.ref, back, "in a tag's message: ")
                found += self._texts.keys(message, each.ref, back) or self._texts.keys(head, each.ref, back)
            if tree in distinct:
                distinct.remove(tree)
                found += self._tree(each.ref, tree, back)
            elif not tree and (blob := self._objects.id(f"{each.object_id}^{{blob}}")):
                listed = self._texts.blob(blob, each.ref, back, with_keys=self._with_keys)
                found += listed if listed and not self._had([blob]) else []
        return bounded(found, _MOST_FINDINGS)

    def here(self, listed: Iterable[Ref]) -> list[Finding]:
        """The same of the tags of trees and blobs that a clone has, as warnings: who made which when, nobody can say."""
        named = [Named(each.name, each.object_id) for each in listed if each.kind != "commit" and each.name.startswith(_TAGS)]
        found = self.findings(named[:_MOST_TAGS])
        return [each._replace(severity=Severity.WARNING) if each.severity is Severity.ERROR else each for each in found]

    def _tree_of(self, each: Named) -> str:
        is_commit = self._objects.id(f"{each.object_id}^{{commit}}")
        return "" if is_commit else self._objects.id(f"{each.object_id}^{{tree}}")

    def _tree(self, ref: str, tree: str, back: tuple[str, ...]) -> list[Finding]:
        """A tree is judged as a commit of it would be, against the known state."""
        base = self._objects.id(f"{self._side.commit}^{{tree}}") if self._side else ""
        brought = list(changes.in_tree(self._folder, tree, base))
        claims = Claims(statements_in(self._side).values() if self._side else ())
        scan = commits.Scan(self._objects, claims, self._side, tips=(), with_keys=self._with_keys, back={tree: back})
        found = scan.findings(brought)
        blobs = {each.path: each.object_id for each in brought}
        had = self._had(list({blobs[each.path] for each in found if each.path in blobs})) if found else frozenset()
        return [each._replace(text=f"in {ref}: {each.text}") for each in found if blobs.get(each.path) not in had]

    def _had(self, blobs: Sequence[str]) -> frozenset[str]:
        """Those of some blobs that known commits have: what everybody has already is no news."""
        return log.with_blobs(self._folder, blobs, self._known)

    def _said(self, object_id: str) -> Iterator[tuple[bytes, bytes]]:
        """The lines that git keeps of a tag, and its message; then those of the tag that it tags."""
        for _ in range(_DEEPEST):
            text = self._objects.tag(object_id)
            if text is None:
                return
            head, _, message = text.partition(b"\n\n")
            yield head, message
            object_id = head.partition(b"\n")[0].removeprefix(b"object ").decode("ascii", "replace")


def delete(ref: str) -> str:
    """The command that takes a ref away here."""
    if ref.startswith(_TAGS):
        return f"git tag -d {shell_word(ref.removeprefix(_TAGS))}"
    return f"git update-ref -d {shell_word(ref)}"
