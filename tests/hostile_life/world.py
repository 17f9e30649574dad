"""A team and those who are against it: every step is done on real git with gitenv's own functions, and noted in the model."""

from __future__ import annotations

import contextlib
import copy
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from pathlib import Path

from gitenv.errors import GitenvError, NotTrusted
from gitenv.model import base64url, document, environment, grant, token
from gitenv.model.cipher import Dek, Generation
from gitenv.model.environment import Environment
from gitenv.model.grant import HOLDER, READER, Grant
from gitenv.model.keyring import Keyring, Older, first_generation
from gitenv.model.reasons import Forked, RolledBack
from gitenv.model.statements import sign
from gitenv.team import first_sight, follow, found, merge_rotations, requests, revise
from gitenv.team import let_in as let_somebody_in
from gitenv.team import rotate as rotation
from gitenv.team import take_out as removal
from gitenv.team.requests import Newcomer
from gitenv.team.workspace import Workspace
from gitenv.trust import chain, vouchers
from gitenv.trust.pins import Pin
from tests import lab
from tests.hostile_life.clones import ENVIRONMENT, FILE, FOLDER, Clone, Store
from tests.hostile_life.model import Commit, Model, Signed
from tests.model.builders import ALICE, BOB, CAROL, EVE, Person, device_of, grant_for, statement

DAVE = Person("dave", device_of(1005))
PEOPLE = {person.name: person for person in (ALICE, BOB, CAROL, DAVE, EVE)}
TEAM = ("alice", "bob", "carol", "dave")
Files = dict[str, bytes | None]
_ASIDE = "aside"
Act = Callable[[Workspace], object]
_OWN = ("revision", "previous", "beside", "by", "proof", "at")
"""Words of a statement that the next one says anew."""


class World:
    """All that there is. Commits and clones are kept in the order in which they came about."""

    def __init__(self, root: Path) -> None:
        """alice founds an environment, lets bob and carol in as holders and dave as a reader, and rotates."""
        self.root = root
        self.store = Store(root)
        self.model = Model()
        self.statements: dict[str, Environment] = {}
        self.grants: dict[bytes, Grant] = {}  # each with its signer's own signature
        self.commits: list[Commit] = []
        self.clones = {name: Clone(root, name, PEOPLE[name]) for name in TEAM}
        self.heads: dict[str, Commit] = {}
        self.fetched: dict[str, Commit | None] = {}
        self.shallow: set[str] = set()
        self.done: Counter[str] = Counter()
        self._found()

    def _found(self) -> None:
        alice = self.clones["alice"]
        with alice.workspace() as workspace:
            workspace.repository.stage(found.make_environments(workspace, {ENVIRONMENT: [FILE]}, ALICE.device, "alice"))
        alice.must("commit", "-qm", "Found")
        self._note(alice.must("rev-parse", "HEAD"), [], by="alice")
        self.heads["alice"] = self.commits[-1]
        for person, role in ((BOB, HOLDER), (CAROL, HOLDER), (DAVE, READER)):
            self.let_in("alice", person.name, role)
        self.rotate("alice")
        for name in TEAM[1:]:
            self.show(name, self.main)

    def copied(self, root: Path) -> World:
        """The same world in another folder, to go on from."""
        lab.copy(self.root, root)
        new = copy.copy(self)
        new.root, new.store = root, Store(root)
        new.model = copy.deepcopy(self.model)
        new.clones = {name: Clone(root, name, each.person) for name, each in self.clones.items()}
        new.statements, new.grants, new.commits = dict(self.statements), dict(self.grants), list(self.commits)
        new.heads, new.fetched, new.shallow, new.done = dict(self.heads), dict(self.fetched), set(self.shallow), Counter()
        return new

    # What honest people do. Each returns what came of it, for the figures.

    @property
    def main(self) -> Commit:
        """What honest people pushed last."""
        return next(commit for commit in reversed(self.commits) if commit.is_honest)

    def let_in(self, who: str, other: str, role: str) -> str:
        newcomer = Newcomer(other, PEOPLE[other].key, "")
        return self._act(who, lambda workspace: _let_in(workspace, newcomer, role))

    def rotate(self, who: str) -> str:
        return self._act(who, _rotate)

    def take_out(self, who: str, other: str) -> str:
        return self._act(
            who, lambda workspace: removal.carry_out(workspace, removal.plan(workspace, other, [ENVIRONMENT])), {other}
        )

    def demote(self, who: str, other: str) -> str:
        def act(workspace: Workspace) -> None:
            follow.refresh(workspace)
            for planned in removal.plan_demotion(workspace, other, [ENVIRONMENT]):
                rotation.carry_out(workspace, planned)

        return self._act(who, act)

    def set_policy(self, who: str, days: int) -> str:
        return self._act(who, lambda workspace: revise.reissue_within(workspace, ENVIRONMENT, days))

    def merge(self, who: str, other: Commit) -> str:
        """Bring something in, and redo one of two statements on top of the other where git cannot."""
        head = self.heads[who]
        if other in head.history or who in self.shallow:
            return "nothing"
        done = self.clones[who].git("merge", "-q", "-m", "Merge", other.sha)
        if done.returncode == 0:
            self._stand(who, self._note(self.clones[who].must("rev-parse", "HEAD"), [head, other]))
            return "merged"
        return self._act(who, _rotate, merges=other)

    def _act(self, who: str, act: Act, out: Set[str] = frozenset(), merges: Commit | None = None) -> str:
        clone, head = self.clones[who], self.heads[who]
        try:
            with clone.workspace() as workspace:
                act(workspace)
        except GitenvError as error:
            self._give_up(who)
            return type(error).__name__
        if clone.git("commit", "-qm", "Do something").returncode:
            self._give_up(who)
            return "nothing"
        parents = [head, *([merges] if merges else [])]
        new = self._note(clone.must("rev-parse", "HEAD"), parents, by=clone.person.name, out=out)
        self._stand(who, new)
        return "done"

    def _give_up(self, who: str) -> None:
        """Whatever was begun, in the tree at least: a pin that moved on the way is right where it is."""
        self.clones[who].must("reset", "-q", "--hard")
        self.clones[who].must("clean", "-qfd")

    # What the model learns.

    def _note(self, sha: str, parents: Sequence[Commit], by: str = "", out: Set[str] = frozenset()) -> Commit:
        """A new commit; `by` whom, if it is an honest person who may have signed something, and whom they took out."""
        if is_known := [commit for commit in self.commits if commit.sha == sha]:
            return is_known[0]
        files = self.store.files(sha)
        newest, read = "", []
        for path, text in files.items():
            if path.endswith("/environment") or "/past/" in path:
                with contextlib.suppress(GitenvError):
                    read.append(environment.read(text, path))
                    newest = read[-1].hash if path == chain.path(ENVIRONMENT) else newest
        is_honest = all(parent.is_honest for parent in parents)
        commit = Commit(sha, parents, newest, [each.hash for each in read], is_honest=is_honest)
        commit.files = files
        if by:
            self._note_signed(commit, parents, by, out)
        self.commits.append(commit)
        return commit

    def _note_signed(self, commit: Commit, parents: Sequence[Commit], by: str, out: Set[str]) -> None:
        given = {}
        for path, text in commit.files.items():
            if path.endswith(".grant") and text not in self.grants:
                given[text] = grant.read(text, path)
        self.grants |= given
        for each in given.values():
            self.model.given.setdefault(each.generation, set()).add(each.to)
        if commit.newest in self.statements or not commit.newest:
            return
        new = environment.read(commit.files[chain.path(ENVIRONMENT)] or b"", "here")
        before = [self.members(parent) for parent in parents]
        after = self.members(commit)
        is_new = not any(self.statements[each.newest].generation == new.generation for each in parents if each.newest)
        gone = set().union(*before) - set(after) if is_new else set()
        self.statements[new.hash] = new
        opens = [self.statements[each].generation for each in (new.previous, *new.beside) if each in self.statements]
        self.model.sign(_signed(new, gone=gone, is_honest=True), opens if is_new else [], after)
        if is_new and parents:
            assert not out & after.keys(), f"{out} stayed in"
            self._check_members(parents, after, out)
        if len(parents) > 1 and new.beside:
            self._check_reunited(new, parents, after)

    def _check_members(self, parents: Sequence[Commit], after: dict[str, str], out: Set[str]) -> None:
        """Whom a rotation keeps: everybody who was in; of two sides, whoever is in on both, or came in on one."""
        sides = [set(self.members(parent)) for parent in parents]
        assert set(after) <= set().union(*sides), f"{sorted(after)} are in, of {sides}"
        for side, other in zip(sides, reversed(sides), strict=True):
            missing = side & other - set(after) - out
            assert not missing or not all(parent.is_honest for parent in parents), f"{sorted(missing)} fell out"

    def _check_reunited(self, new: Environment, parents: Sequence[Commit], after: Mapping[str, str]) -> None:
        """Nobody comes back whom a side took out, nor comes in by their word, nor goes on from it; of two roles, the lesser."""
        origin = self._origin(parents)
        for side, other in zip(parents, reversed(parents), strict=True):
            here, there = self.members(side), self.members(other)
            gone = self._gone_since(origin, side) & self._were_in(origin) - set(here)
            assert not gone & set(after), f"{sorted(gone)} were taken out, and are in: {sorted(after)}"
            if other.newest == new.previous:
                signers = {each.by for each in self._since(origin, other)}
                assert not gone & signers, f"goes on from {sorted(signers)}, of whom {sorted(gone)} were taken out"
            for name in set(after) - set(here) - self._were_in(origin):
                by = self._let_in_by(other, name)
                assert by not in gone, f"{name} is in by {by}, who was taken out"
            if all(there.get(each.by) == HOLDER for each in self._since(origin, side)):
                back = {name for name in self._were_holders(origin) if here.get(name) == READER and after.get(name) == HOLDER}
                assert not back, f"{sorted(back)} may let others in again"

    def takes_out(self, side: Commit, other: Commit) -> int:
        """How many people a side takes out since it parted from another one."""
        return len(self._gone_since(self._origin([side, other]), side))

    def _origin(self, parents: Sequence[Commit]) -> str:
        """The last statement that two sides go back to."""
        first, second = ([each.hash for each in self.model.before(parent.newest)] for parent in parents)
        return next((each for each in first if each in second), "")

    def _gone_since(self, origin: str, side: Commit) -> set[str]:
        return set().union(*(each.gone for each in self._since(origin, side) if each.is_honest))

    def _since(self, origin: str, side: Commit) -> Iterable[Signed]:
        return itertools.takewhile(lambda each: each.hash != origin, self.model.before(side.newest))

    def _were_in(self, statement: str, role: str = "") -> set[str]:
        """Who was in where two sides part: then whoever took them out did so since."""
        found = [self.members(commit) for commit in self.commits if commit.newest == statement and commit.is_honest]
        return {name for members in found for name, what in members.items() if role in ("", what)}

    def _were_holders(self, statement: str) -> set[str]:
        """Who was one in all trees of a statement."""
        return self._were_in(statement, HOLDER) - self._were_in(statement, READER)

    def _let_in_by(self, commit: Commit, name: str) -> str:
        found = self.grants.get(commit.files.get(f"{FOLDER}/{name}.grant", b""))
        return found.by.name if found else ""

    def members(self, commit: Commit) -> dict[str, str]:
        """Who is in by a tree: by grants of its generation that somebody gave who was a holder, and may have been one."""
        if commit.newest not in self.statements:
            if chain.path(ENVIRONMENT) not in commit.files:
                return {}
            now = environment.read(commit.files[chain.path(ENVIRONMENT)] or b"", "here")
        else:
            now = self.statements[commit.newest]
        holders = {each.name for each in now.keyholders}
        given = [
            each
            for path, text in commit.files.items()
            if (each := self.grants.get(text)) and path == f"{FOLDER}/{each.to}.grant" and each.generation == now.generation
        ]
        inside: dict[str, str] = {}
        for _ in given:
            for each in given:
                if each.by.name in holders:
                    inside[each.to] = each.role
                    holders |= {each.to} if each.role == HOLDER else set()
        return inside

    # What hosts do.

    def show(self, who: str, commit: Commit, form: str = "", fetched: Commit | None = None) -> str:
        """A clone comes to a commit as the host has it: with its history, squashed on top of its own, alone, or shallow."""
        if form in ("squashed", "alone"):
            parents = [self.heads[who]] if form == "squashed" and who in self.heads and who not in self.shallow else []
            sha = self.store.git(
                *("commit-tree", self.store.tree(commit.sha), "-m", form), *(f"-p{each.sha}" for each in parents)
            )
            source = commit
            commit = self._note(sha.decode().strip(), parents)
            commit.is_honest = source.is_honest and all(each.is_honest for each in parents)
        self.shallow.discard(who)
        if form == "shallow":
            self.shallow.add(who)
        self.fetched[who] = fetched
        self.clones[who].stand_on(commit.sha, fetched.sha if fetched else "", is_shallow=form == "shallow")
        return self._stand(who, commit)

    def shown_aside(self, who: str, commit: Commit, form: str, fetched: Commit | None = None) -> str:
        """What somebody's clone would say there, without going: a copy of it does."""
        lab.copy(self.root / who, self.root / _ASIDE)
        self.heads[_ASIDE] = self.heads[who]
        self.shallow |= {_ASIDE} if who in self.shallow else set()
        return self._show_aside(who, commit, form, fetched)

    def first_sight(self, who: str, commit: Commit, form: str, trusts: str, fetched: Commit | None = None) -> str:
        """Somebody clones once more, and believes what is there, or what is vouched for."""
        self.trusts = trusts
        try:
            return self._show_aside(who, commit, form, fetched)
        finally:
            self.trusts = ""

    def _show_aside(self, who: str, commit: Commit, form: str, fetched: Commit | None) -> str:
        self.clones[_ASIDE] = Clone(self.root, _ASIDE, PEOPLE[who])
        try:
            return self.show(_ASIDE, commit, form, fetched)
        finally:
            lab.remove(self.root / _ASIDE)
            self.shallow.discard(_ASIDE)
            for noted in (self.clones, self.heads, self.fetched):
                noted.pop(_ASIDE, None)

    def one_for_each_pin(self) -> list[str]:
        """Clones that have pinned different statements, the one that is furthest behind first."""
        found: dict[str, tuple[int, str]] = {}
        for who, each in self.clones.items():
            if pin := each.pin():
                found.setdefault(pin.environment.hash, (pin.environment.revision, who))
        return [who for _, who in sorted(found.values())]

    trusts = ""
    """What `GITENV_TRUST` says while a clone looks for the first time."""

    # What holds.

    def _stand(self, who: str, commit: Commit) -> str:
        """A clone has come to a commit: what its hooks do, and what must be so afterwards."""
        self.heads[who] = commit
        clone, before = self.clones[who], self.clones[who].pin()
        with clone.workspace(**({vouchers.VARIABLE: self.trusts} if self.trusts else {})) as workspace:
            problems = follow.refresh(workspace)
            if workspace.access.pin(ENVIRONMENT) is None:
                problems += _unlock(workspace, commit.newest)
        after = clone.pin()
        fetched = self.fetched.get(who)
        here = {each for found in ({commit} if who in self.shallow else commit.history) for each in found.found}
        shown = here | {each for found in (fetched.history if fetched else ()) for each in found.found}
        for problem in problems:
            assert type(problem) is not NotTrusted, f"no name for: {problem.message}"
        if before:
            assert after
            assert set(before.earlier) <= set(after.earlier), "what was past is not any more"
            assert before.environment == after.environment or after.is_past(before.environment.hash), "the pin went back"
        if before:
            self._check_said(commit, before, here, problems)
        else:
            assert not after or not self.model.later(commit.newest, here), "went back, and is believed at first sight"
        self._check_not_stuck(commit, before and before.environment, after and after.environment, shown, problems)
        # What is later in a fetched branch is no more than newer; what is beside it there counts when a pin moves.
        late = {each for each in shown if after and after.environment.hash in [one.hash for one in self.model.before(each)]}
        self._check_encrypts(who, after and after.environment, here | (shown - late if after != before else set()))
        return type(problems[0]).__name__ if problems else "believed" if after != before else "nothing"

    def _check_said(self, commit: Commit, before: Pin, here: Set[str], problems: Sequence[NotTrusted]) -> None:
        """A tree that went back to what a clone knows is named; an older commit is none."""
        if commit.newest not in (before.environment.hash, *before.earlier):
            return
        if self.model.later(commit.newest, here):
            assert problems, "went back, and nobody says so"
        elif (
            commit.is_honest
            and commit.newest != before.environment.hash
            and commit.newest in self.model.honest_past(commit.newest)
        ):
            assert not problems, f"an older commit, and no more: {problems}"

    def _check_not_stuck(
        self,
        commit: Commit,
        before: Environment | None,
        after: Environment | None,
        shown: Set[str],
        problems: Sequence[NotTrusted],
    ) -> None:
        """Whoever is shown what honest people pushed goes there, but where the design lets something beside it stop them."""
        newest = commit.newest
        past = self.model.honest_past(newest)
        if not commit.is_honest or newest not in past or (before and before.hash not in past):
            return
        if not before and self.trusts and self.trusts not in (PEOPLE[self.statements[newest].by.name].key.fingerprint(), *past):
            assert not after, "nobody vouched for it"
            return
        if after and after.hash == newest:
            return
        is_later = any(newest in [each.hash for each in self.model.before(other)][1:] for other in shown)
        holders = {each.name for each in before.keyholders} if before else None
        if self.trusts:
            holders = {each.name for each in self.statements[newest].keyholders}
        may_stop = self.model.may_stop(newest, holders, shown) or is_later
        assert may_stop, f"stuck at {before and before.revision}, and there is {newest}: {problems}"
        assert isinstance(problems[0], Forked | RolledBack), f"stopped for another reason: {problems}"

    def _check_encrypts(self, who: str, pinned: Environment | None, shown: Set[str]) -> None:
        """Nothing is encrypted for somebody whose removal a clone was shown."""
        cleaned = self.clones[who].encrypted(b"HELLO=s3cr3t\n")
        if not cleaned:
            self.done["encrypts: refused"] += 1
            return
        self.done["encrypts: done"] += 1
        assert pinned
        (record,) = document.parse(cleaned)
        made = token.read(record)
        assert made
        assert (made.number, made.hint) == (pinned.generation.number, token.hint(pinned.generation.commitment))
        out = self.model.must_not_read(pinned.hash, shown) & self.model.given[pinned.generation]
        assert not out, f"{who} encrypts for {sorted(out)}, whose removal was shown"

    def check_knowledge(self) -> None:
        """What each person's key opens is what the model says: nobody opens a later generation than their own."""
        for person in PEOPLE.values():
            opened: set[Generation] = set()
            for generation, dek in self._deks(person).items():
                for each in self.statements.values():
                    if each.generation == generation:
                        ring = each.keyring(dek)
                        opened |= {link.generation for link in each.older if ring.at(link.generation)} | {generation}
            expected = self.model.known_to(person.name)
            assert opened == expected, (person.name, opened, expected)

    def _deks(self, person: Person) -> dict[Generation, Dek]:
        """Every data key that was ever wrapped for somebody."""
        mine = [each for each in self.grants.values() if each.key == person.key]
        return {each.generation: grant.unwrap(each, person.device, "here") for each in mine}

    # Those who are against it.

    def may_forge(self, who: str) -> bool:
        """Whether somebody is no holder of what honest people pushed last: a holder may do anything."""
        return self.members(self.main).get(who) != HOLDER

    def forge(
        self, who: str, on: Commit, base: Environment, beside: Sequence[Environment], *, rotates: bool, proves: bool, path: str
    ) -> Commit:
        """Somebody signs what follows a statement, with all that is needed to look right, on top of any commit."""
        person = PEOPLE[who]
        own = [each for each in self.grants.values() if each.to == who and each.generation == base.generation]
        proof = own[-1:] if proves else []
        files: Files = {}
        if rotates:
            dek = Dek(bytes([len(self.statements)]) * 32)
            new = _next_generation(base, person, beside, proof, dek)
            for to in PEOPLE.values():
                given = grant_for(to, person, new, data_key=dek)
                self.grants[given.text] = given
                files[f"{FOLDER}/{to.name}.grant"] = given.text
            to_all: Iterable[str] = PEOPLE
        else:
            new, to_all = _within(base, person, beside, proof, path), ()
        self.statements[new.hash] = new
        self.model.sign(_signed(new, is_honest=False), [], to_all)
        files |= {chain.past_path(ENVIRONMENT, each.hash): each.text for each in self.statements.values() if each is not new}
        return self.push_files(on, {**files, chain.path(ENVIRONMENT): new.text})

    def push_files(self, on: Commit, files: Files, tree_of: Commit | None = None, also: Commit | None = None) -> Commit:
        """A commit by somebody who can push, and needs no key: any files on top of anything, or of a merge of two."""
        parents = [on, *([also] if also and also is not on else [])]
        sha = self.store.commit([each.sha for each in parents], (tree_of or on).sha, files)
        commit = self._note(sha, parents)
        commit.is_honest = False
        return commit


def _let_in(workspace: Workspace, newcomer: Newcomer, role: str) -> None:
    requests.refuse_other_key(workspace, newcomer, workspace.public_keys(newcomer.name))
    let_somebody_in.let_in(workspace, newcomer, [ENVIRONMENT], role, replace=False)


def _rotate(workspace: Workspace) -> None:
    follow.refresh(workspace)
    rotation.carry_out(workspace, merge_rotations.plan(workspace, ENVIRONMENT) or rotation.plan(workspace, ENVIRONMENT))


def _unlock(workspace: Workspace, newest: str) -> list[NotTrusted]:
    """What `gitenv unlock` does with what is new, where the user says yes, or a machine was told whom to believe."""
    if not newest:
        return []
    new, problems = first_sight.new_environments(workspace, [ENVIRONMENT], is_named=bool(vouchers.vouchers()))
    if vouchers.vouchers():
        new, unvouched = first_sight.sort_out(workspace, new, strict=True)
        problems = problems + unvouched
    return problems + [each for each in first_sight.pin(workspace, new) if type(each) is not NotTrusted]


def _signed(new: Environment, *, is_honest: bool, gone: Iterable[str] = ()) -> Signed:
    holders = frozenset(each.name for each in new.keyholders)
    return Signed(
        *(new.hash, new.previous, new.beside, new.by.name, new.generation, holders, bool(new.proof)), is_honest, frozenset(gone)
    )


def _next_generation(
    base: Environment, by: Person, beside: Sequence[Environment], proof: Sequence[Grant], dek: Dek
) -> Environment:
    """A next generation whose key nobody else needs to have had: what hangs on its chain cannot be opened."""
    first = Keyring(base.id, first_generation(dek, base.id), dek, [])
    generation = Generation(base.generation.number + 1, first.current.commitment)
    links = {each.generation: each for side in (*beside, base) for each in side.older}
    links |= {each.generation: Older(each.generation, bytes(60)) for each in (*beside, base)}
    older = sorted(links.values(), key=lambda link: (-link.generation.number, link.generation.commitment))
    ring = Keyring(base.id, generation, dek, [])
    holders = [person for person in PEOPLE.values() if person.keyholder in base.keyholders or person is by]
    return statement(
        *(ring, older), before=base, by=by, holders=holders, beside=beside, identity=base.id, paths=base.paths, proof=proof
    )


def _within(base: Environment, by: Person, beside: Sequence[Environment], proof: Sequence[Grant], path: str) -> Environment:
    """The same text once more, as the next revision, with the signer as a holder: it needs no data key."""
    kept = [line for line in base.text.decode().split("\n")[:-2] if line.partition(" ")[0] not in _OWN]
    holders = {line for line in kept if line.startswith("holder ")} | {f"holder {by.keyholder}"}
    named = {line.split()[1]: line for line in sorted(holders, key=lambda line: line == f"holder {by.keyholder}")}
    at = next(n for n, line in enumerate(kept) if line.startswith("path "))
    first = next(n for n, line in enumerate(kept) if line.startswith("holder "))
    lines = [
        *kept[:3],
        f"revision {base.revision + 1}",
        f"previous {base.hash}",
        *(f"beside {each}" for each in sorted({each.hash for each in beside})),
        *kept[at:first],
        *sorted(named.values()),
        f"by {by.holder}",
        *(f"proof {base64url.encode(each.text).decode()}" for each in proof),
        f"at {base.at}",
    ]
    if path:
        lines.insert(lines.index(kept[at]) + 1, f"path {path}")
    return environment.read(sign(lines, by.device), "here")
