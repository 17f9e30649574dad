"""A team at work: every step is done with real git and gitenv, and in the model, and both must say the same afterwards."""

from __future__ import annotations

import itertools
import re
from collections import Counter

from tests.lab import HUB, Done, Lab, Person
from tests.sessions import knowledge
from tests.team_life import documents, model
from tests.team_life.documents import Document, Generation, Line
from tests.team_life.model import FILES, HOLDER, READER, Commit, Given, Item, Statement, Tree

PEOPLE = ("alice", "bob", "carol", "dave", "eve")
_BEGUN = ("alice", "bob", "carol")
_SECRET = re.compile(rb"s3cr3t-\d+-")
REFUSED = (2, 3, 4)


class Clone:
    """Where somebody is: the commit on their main branch, and branches that they have cut."""

    def __init__(self, head: Commit) -> None:
        self.head = head
        self.topics: list[tuple[str, Commit]] = []


class Team:
    """All of them. `said` is what was done so far, as one could type it."""

    def __init__(self, lab: Lab) -> None:
        """Goes on from the beginning `life`."""
        self.lab = lab
        self.numbers = itertools.count(100)
        self.done: Counter[str] = Counter()
        self.said: list[str] = []
        self.written: set[tuple[str, Generation]] = set()
        self.granted: set[tuple[str, Generation]] = set()
        for name in PEOPLE:
            self.person(name).cwd = self.person(name).home / "app"
        tree = self._beginning()
        start = Commit(self._sha("alice"), tree, [])
        self.hub = start
        self.clones = {name: Clone(start) for name in _BEGUN}
        self._learn(tree)

    def _beginning(self) -> Tree:
        tree: dict[str, Item] = {f"{name}.pub": name for name in _BEGUN}
        roles = {
            "development": {"alice": HOLDER, "bob": HOLDER, "carol": READER},
            "production": dict.fromkeys(_BEGUN[:2], HOLDER),
        }
        secrets = itertools.count(1)
        for environment, names in (("development", "one A two B three C four"), ("production", "one A two B three")):
            first = Generation(environment, 1, [])
            tree[FILES[environment]] = tuple(
                Line(name, f"s3cr3t-{next(secrets)}-", first) if name.isupper() else Line(f"## {name}")
                for name in names.split()
            )
            tree[f"{environment}/environment"] = Statement(first, frozenset({"alice"}), "alice")
            for name, role in roles[environment].items():
                tree[f"{environment}/{name}.grant"] = Given(name, role, first, "alice", next(self.numbers))
        return tree

    # Small words.

    def person(self, name: str) -> Person:
        return self.lab.person(name)

    def tree(self, who: str) -> Tree:
        return self.clones[who].head.tree

    def now(self, who: str, environment: str) -> Generation:
        return model.statement(self.tree(who), environment).generation

    def document(self, who: str, environment: str) -> Document:
        return model.document(self.tree(who), environment)

    def is_in(self, who: str, environment: str) -> bool:
        return who in model.members(self.tree(who), environment)

    def secret(self) -> str:
        return f"s3cr3t-{next(self.numbers)}-"

    def git(self, who: str, *words: str) -> Done:
        self.said.append(f"{who}: git {' '.join(words)}")
        done = self.person(who).run(["git", *words])
        self._check_sane(done)
        return done

    def must(self, who: str, *words: str) -> Done:
        done = self.git(who, *words)
        assert done.exit_code == 0, f"{self.said[-1]} ended with {done.exit_code}\n{done.said}"
        return done

    def gitenv(self, who: str, *words: str, ok: bool | None = True, stdin: str = "") -> Done:
        """A command that must work (`ok`), must be refused (not `ok`), or may do either and change nothing (None)."""
        self.said.append(f"{who}: gitenv {' '.join(words)}" + (f" <<< {stdin}" if stdin else ""))
        before = b"" if ok else self._snapshot(who)
        done = self.person(who).run(["gitenv", *words], stdin.encode())
        self._check_sane(done)
        expected = {True: (0,), False: REFUSED, None: (0, *REFUSED)}[ok]
        assert done.exit_code in expected, f"{self.said[-1]} ended with {done.exit_code}, not {expected}\n{done.said}"
        assert ok or self._snapshot(who) == before, f"{self.said[-1]} was refused, and changed something\n{done.said}"
        return done

    def _check_sane(self, done: Done) -> None:
        crashed = re.search(rb"Traceback|a bug in gitenv|BUG: ", done.stderr) or not 0 <= done.exit_code != 70
        assert not crashed, f"{self.said[-1]} crashed\n{done.said}"

    def _snapshot(self, who: str) -> bytes:
        root = self.person(who).cwd
        texts = [file.read_bytes() for file in sorted(root.glob(".recipients/**/*")) if file.is_file()]
        return b"\0".join([*texts, *((root / file).read_bytes() for file in FILES.values()), self._index(who)])

    def _index(self, who: str) -> bytes:
        return self.person(who).must("git", "ls-files", "-s").stdout

    def _sha(self, who: str) -> str:
        return self.person(who).must("git", "rev-parse", "HEAD").stdout.decode().strip()

    def write(self, who: str, environment: str, text: str) -> None:
        self.said.append(f"{who}: printf {text!r} > {FILES[environment]}")
        (self.person(who).cwd / FILES[environment]).write_bytes(text.encode())

    def read(self, who: str, environment: str) -> str:
        return (self.person(who).cwd / FILES[environment]).read_bytes().decode()

    # What holds.

    def _learn(self, tree: Tree) -> None:
        """Note what is written under which key, and whom that key was given to."""
        for environment in FILES:
            self.written |= {
                (line.secret, line.generation) for line in model.document(tree, environment) if line.generation is not None
            }
            self.granted |= {(each.to, each.generation) for each in model.grants(tree, environment).values()}

    def known_to(self, who: str) -> set[str]:
        """Every secret that somebody can ever read: what any key that they were given leads to."""
        keys = frozenset[Generation]().union(*(generation.chain for to, generation in self.granted if to == who))
        return {secret for secret, generation in self.written if generation in keys}

    def check_knowledge(self) -> None:
        """What each person's key opens, in all objects of all repositories, is what the model says."""
        stored = knowledge.everything(self.lab)
        assert (leaked := _SECRET.findall(stored)) == [], f"in plain text: {leaked}"
        for who in self.clones:
            found = {secret.decode() for secret in _SECRET.findall(knowledge.opened_by(self.person(who), stored))}
            expected = self.known_to(who)
            assert found == expected, f"{who} knows {sorted(found - expected)} too much, {sorted(expected - found)} too little"

    def check(self, who: str) -> None:
        """Somebody's clone is as the model says: files open or closed, nothing to commit, and `.recipients/`."""
        self.check_clean(who)
        tree = self.tree(who)
        listed = self.person(who).must("git", "ls-tree", "-r", "--name-only", "HEAD:.recipients").stdout.decode().split()
        listed = [path for path in listed if "/past/" not in path and not path.endswith("/known")]
        assert sorted(listed) == sorted(set(tree) - set(FILES.values())), f"{who}: .recipients/ has {listed}"
        for environment in FILES:
            self.check_file(who, environment, tree, is_open=self.is_in(who, environment))

    def check_clean(self, who: str) -> None:
        status = self.person(who).must("git", "status", "--porcelain")
        assert not status.stdout, f"{who}: git status has\n{status.said}"

    def check_file(self, who: str, environment: str, tree: Tree, *, is_open: bool) -> None:
        document, now = model.document(tree, environment), model.statement(tree, environment).generation
        there, expected = self.read(who, environment), documents.opened(document, now) if is_open else None
        if expected is None:
            stored = self.person(who).must("git", "cat-file", "blob", f"HEAD:{FILES[environment]}").stdout.decode()
            assert there == stored, f"{who}: {FILES[environment]} should be closed, and is\n{there}"
        else:
            assert re.fullmatch(expected, there), f"{who}: {FILES[environment]} should be\n{expected}\nand is\n{there}"

    def _commit(self, who: str, tree: Tree, *others: Commit) -> None:
        """Note what was committed, and look at it."""
        self._learn(tree)
        clone = self.clones[who]
        clone.head = Commit(self._sha(who), tree, [clone.head, *others])
        self.check(who)

    def commit(self, who: str, tree: Tree) -> None:
        self.must(who, "commit", "-qm", self.said[-1].partition(": ")[2].partition(" <<< ")[0][:60])
        self._commit(who, tree)

    # What people do. Each returns what came of it, for the figures.

    def ask(self, who: str) -> str:
        """Clone, set up, and ask to be let in."""
        if who not in self.clones:
            self._clone(who)
        elif f"{who}.pub" in self.tree(who):
            return "nothing"
        else:
            self.gitenv(who, "init")
        self.commit(who, {**self.tree(who), f"{who}.pub": who})
        self.push(who)
        return "done"

    def _clone(self, who: str) -> None:
        self.person(who).cwd = self.person(who).home
        self.must(who, "clone", "-q", HUB, "app")
        self.person(who).cwd = self.person(who).home / "app"
        self.clones[who] = Clone(self.hub)
        self.gitenv(who, "init")

    def let_in(self, who: str, other: str, environment: str, role: str) -> str:
        tree = self.tree(who)
        inside = model.members(tree, environment)
        words = ("add-recipient", other, "-e", environment, "--role", role, "--yes")
        if not model.is_holder(tree, environment, who) or f"{other}.pub" not in tree or inside.get(other, role) != role:
            self.gitenv(who, *words, ok=False)
            return "refused"
        if other in inside:
            self.gitenv(who, *words, ok=None)
            return "nothing"
        self.gitenv(who, *words)
        self.commit(who, {**tree, **self._given(tree, who, other, environment, role)})
        return "done"

    def _given(self, tree: Tree, who: str, other: str, environment: str, role: str) -> dict[str, Item]:
        generation = model.statement(tree, environment).generation
        return {f"{environment}/{other}.grant": Given(other, role, generation, who, next(self.numbers))}

    def rotate(self, who: str, environment: str) -> str:
        return self._rotate(who, environment, model.members(self.tree(who), environment), "rotate", environment)

    def _rotate(self, who: str, environment: str, members: dict[str, str], *words: str, gone: str = "") -> str:
        tree = self.tree(who)
        if not model.is_holder(tree, environment, who) or HOLDER not in members.values():
            self.gitenv(who, *words, ok=False)
            return "refused"
        self.gitenv(who, *words)
        after, _ = model.rotated(tree, environment, who, members, self.numbers)
        self.commit(who, self._without_pub(after, gone))
        return "done"

    def _without_pub(self, tree: Tree, gone: str) -> Tree:
        return {path: item for path, item in tree.items() if not gone or path != f"{gone}.pub" or model.is_left(tree, gone)}

    def remove(self, who: str, other: str, environment: str) -> str:
        tree = self.tree(who)
        members = model.members(tree, environment)
        words = ("remove-recipient", other, "-e", environment, "--yes")
        if other in members or other in model.statement(tree, environment).holders:
            left = {name: role for name, role in members.items() if name != other}
            return self._rotate(who, environment, left, *words, gone=other)
        if f"{environment}/{other}.grant" not in tree:
            self.gitenv(who, *words, ok=False)
            return "refused"
        self.gitenv(who, *words)  # a retired grant is only deleted
        left_over = {path: item for path, item in tree.items() if path != f"{environment}/{other}.grant"}
        self.commit(who, self._without_pub(left_over, other))
        return "done"

    def set_role(self, who: str, other: str, environment: str, role: str) -> str:
        tree = self.tree(who)
        members = model.members(tree, environment)
        words = ("set-role", other, role, "-e", environment, *(["--yes"] if role == READER else []))
        if other not in members:
            self.gitenv(who, *words, ok=False)
            return "refused"
        if members[other] == role:
            self.gitenv(who, *words, ok=None)
            return "nothing"
        if role == READER and who == other:
            self.gitenv(who, *words, ok=False)
            return "refused"
        if role == READER:
            return self._rotate(who, environment, {**members, other: role}, *words)
        if not model.is_holder(tree, environment, who):
            self.gitenv(who, *words, ok=False)
            return "refused"
        self.gitenv(who, *words)
        self.commit(who, {**tree, **self._given(tree, who, other, environment, role)})
        return "done"

    def edit(self, who: str, environment: str, position: int, name: str) -> str:
        """Change the value at a position, or put a new one in front of what else stands there."""
        document, now = self.document(who, environment), self.now(who, environment)
        before = self.read(who, environment).splitlines(keepends=True)
        position %= len(document) + 1
        is_there = position < len(document) and documents.is_value(document[position], now)
        new = Line(document[position].name if is_there else name, self.secret(), now)
        after = (*before[:position], f"{new.plain}\n", *before[position + is_there :])
        self.write(who, environment, "".join(after))
        if documents.opened(document, now) is None or not self.is_in(who, environment):
            self._refused_add(who, environment)
            return "refused"
        self.must(who, "add", FILES[environment])
        self.commit(who, {**self.tree(who), FILES[environment]: (*document[:position], new, *document[position + is_there :])})
        return "done"

    def _refused_add(self, who: str, environment: str) -> None:
        before = self._index(who)
        assert self.git(who, "add", FILES[environment]).exit_code == 128, f"{who}: git add should have been refused"
        assert self._index(who) == before
        self.must(who, "restore", FILES[environment])

    def set_value(self, who: str, environment: str, name: str) -> str:
        """Set a value; who cannot read seals it."""
        document, now, secret = self.document(who, environment), self.now(who, environment), self.secret()
        if not self.is_in(who, environment):
            after = documents.with_sealed(document, Line(name, secret, now, who))
        elif documents.opened(document, now) is None:
            return "nothing"
        else:
            after = documents.with_value(document, name, secret, now)
        self.gitenv(who, "set", name, "-f", FILES[environment], stdin=f"{secret}\n")
        self.commit(who, {**self.tree(who), FILES[environment]: after})
        return "done"

    def decide(self, who: str, environment: str, which: int, verb: str) -> str:
        """Accept or reject a line that nobody vouches for."""
        document, now = self.document(who, environment), self.now(who, environment)
        waiting = documents.unverified(document, now)
        position = waiting[which % len(waiting)] if waiting else which % len(document)
        words = (verb, str(position + 1), "-f", FILES[environment], "--yes", *(["--force"] if verb == "accept" else []))
        is_open = self.is_in(who, environment) and documents.opened(document, now) is not None
        if not waiting or not is_open or (verb == "accept" and not model.is_holder(self.tree(who), environment, who)):
            self.gitenv(who, *words, ok=False)
            return "refused"
        self.gitenv(who, *words)
        accepted = documents.accepted(document, position, now)
        after = accepted if verb == "accept" else (*document[:position], *document[position + 1 :])
        self.commit(who, {**self.tree(who), FILES[environment]: after})
        return "done"

    def look_back(self, who: str, which: int) -> str:
        """An old commit opens for who is in now."""
        clone = self.clones[who]
        commits = sorted(clone.head.history, key=lambda commit: (len(commit.history), commit.sha))
        old = commits[which % len(commits)]
        self.must(who, "switch", "-q", "--detach", old.sha)
        self.check_clean(who)
        for environment in FILES:
            if self.is_in(who, environment):
                self.check_file(who, environment, old.tree, is_open=True)
        self.must(who, "switch", "-q", "main")
        self.check(who)
        return "done"

    # Branches and merges.

    def cut(self, who: str, environment: str, position: int, name: str, other: str) -> str:
        """Work on a branch of one's own, and go back to main."""
        clone = self.clones[who]
        before, topic = clone.head, f"topic{next(self.numbers)}"
        self.must(who, "switch", "-qc", topic)
        done = self.let_in(who, other, environment, READER) if other else self.edit(who, environment, position, name)
        clone.topics.append((topic, clone.head))
        clone.head = before
        self.must(who, "switch", "-q", "main")
        self.check(who)
        return done

    def edit_behind(self, who: str, environment: str) -> str:
        """On a branch from before a rotation, what stands there keeps its key, and new text gets today's."""
        clone, now = self.clones[who], self.now(who, environment)
        behind = [
            (name, commit)
            for name, commit in clone.topics
            if model.statement(commit.tree, environment).generation in now.chain - {now}
        ]
        if not behind or not self.is_in(who, environment):
            return "nothing"
        name, commit = behind[-1]
        self.must(who, "switch", "-q", name)
        self.check_clean(who)
        self.check_file(who, environment, commit.tree, is_open=True)
        file, secret = FILES[environment], self.secret()
        self.write(who, environment, self.read(who, environment) + f"NEW={secret}\n")
        self.must(who, "add", file)
        stood, stands = (self.must(who, "cat-file", "blob", f"{where}:{file}").stdout for where in ("HEAD", ":0"))
        assert re.fullmatch(rb"NEW=gitenv1:%d\.\S+\n" % now.number, stands.removeprefix(stood)), f"{self.said[-1]}: {stands!r}"
        self.written.add((secret, now))
        self.must(who, "restore", "--staged", "--worktree", file)
        self.must(who, "switch", "-q", "main")
        self.check(who)
        return "done"

    def merge_topic(self, who: str, which: int) -> str:
        clone = self.clones[who]
        if not clone.topics:
            return "nothing"
        name, commit = clone.topics.pop(which % len(clone.topics))
        return self._merge(who, commit, "merge", "-q", "--no-edit", name)

    def pull(self, who: str) -> str:
        return self._merge(who, self.hub, "pull", "-q", "--no-edit")

    def push(self, who: str) -> str:
        done = self.pull(who)
        if self.clones[who].head is not self.hub:
            self.must(who, "push", "-q")
            self.hub = self.clones[who].head
        return done

    def unlock(self, who: str) -> None:
        """Unlock, and look: it ends with 4 only where there are lines that nobody vouches for."""
        tree = self.tree(who)
        doubtful = any(
            documents.unverified(model.document(tree, name), model.statement(tree, name).generation) for name in FILES
        )
        is_in = any(self.is_in(who, environment) for environment in FILES)
        self.said.append(f"{who}: gitenv unlock --yes")
        done = self.person(who).run(["gitenv", "unlock", "--yes"])
        self._check_sane(done)
        expected = ((0,) if is_in else (3,)) + ((4,) if doubtful else ())
        assert done.exit_code in expected, f"{self.said[-1]} ended with {done.exit_code}, not {expected}\n{done.said}"
        self.check(who)

    def _merge(self, who: str, theirs: Commit, *words: str) -> str:
        clone = self.clones[who]
        if theirs in clone.head.history:
            return "nothing"
        if clone.head in theirs.history:
            self.must(who, *words)
            clone.head = theirs
            self.unlock(who)
            return "forwards"
        base = clone.head.base_with(theirs)
        done = self.git(who, *words)
        there = self.person(who).must("git", "diff", "--name-only", "--diff-filter=U").stdout.decode().split()
        # `known` goes along with its statement; the model does not tell what those who left know.
        paths = {path.removeprefix(".recipients/") for path in there if not path.endswith("/known")}
        tree, conflicts = model.merged(base.tree, clone.head.tree, theirs.tree, paths)
        assert paths == conflicts, f"{self.said[-1]}: {there}\n{done.said}"
        assert (done.exit_code != 0) is bool(conflicts), done.said
        if not conflicts:
            self._merged(who, tree, theirs)
            return "merged"
        return self._resolve(who, base, theirs, tree, conflicts)

    def _merged(self, who: str, tree: Tree, theirs: Commit) -> None:
        clone = self.clones[who]
        self._learn(tree)
        clone.head = Commit(self._sha(who), tree, [clone.head, theirs])
        self.unlock(who)

    def _resolve(self, who: str, base: Commit, theirs: Commit, tree: dict[str, Item], conflicts: set[str]) -> str:
        ours = self.clones[who].head.tree
        twice = [name for name in FILES if f"{name}/environment" in conflicts]
        found = {name: model.met(*(model.members(side, name) for side in (base.tree, ours, theirs.tree))) for name in twice}
        able = [name for name in twice if all(model.is_holder(side, name, who) for side in (ours, theirs.tree))]
        unable = [name for name in twice if name not in able or HOLDER not in found[name].values()]
        for name in unable:
            done = self.may(who, "rotate", name)
            assert done.exit_code in (*REFUSED, 5), f"{self.said[-1]} should have been refused\n{done.said}"
        for path in sorted(path for path in conflicts if path not in FILES.values() and path.split("/")[0] not in twice):
            self._take_one(who, path, theirs, tree)
        typed = [name for name in FILES if FILES[name] in conflicts and name not in twice]
        if unable or any(who not in model.members(tree, name) for name in typed):
            return self._give_up(who, theirs)
        for name in twice:
            self._reunite(who, name, found[name], base, theirs, tree)
        if typed:
            self.may(who, "unlock", "--yes")  # more than one step may have come along
        for name in typed:
            self._type(who, name, theirs, tree, [])
        self.must(who, "commit", "-qm", "Merge")
        self._merged(who, tree, theirs)
        return "resolved"

    def may(self, who: str, *words: str) -> Done:
        """A command of gitenv whose end is looked at by the caller."""
        self.said.append(f"{who}: gitenv {' '.join(words)}")
        done = self.person(who).run(["gitenv", *words])
        self._check_sane(done)
        return done

    def _take_one(self, who: str, path: str, theirs: Commit, tree: dict[str, Item]) -> None:
        """One of two grants: that of the newest key, because a grant counts as long as its key does. Else the other side's."""
        sides = {"ours": self.clones[who].head.tree.get(path), "theirs": theirs.tree.get(path)}
        now = tree.get(f"{path.split('/')[0]}/environment")
        fits = [
            side
            for side, given in sides.items()
            if isinstance(given, Given) and isinstance(now, Statement) and given.generation is now.generation
        ]
        side = fits[-1] if fits else "theirs"
        if (chosen := sides[side]) is not None:
            self.must(who, "checkout", "-q", f"--{side}", "--", f".recipients/{path}")
            self.must(who, "add", f".recipients/{path}")
            tree[path] = chosen
        else:
            self.must(who, "rm", "-q", f".recipients/{path}")

    def _reunite(
        self, who: str, name: str, members: dict[str, str], base: Commit, theirs: Commit, tree: dict[str, Item]
    ) -> None:
        """Two rotations met: one more brings them together."""
        ours, file = self.clones[who].head.tree, FILES[name]
        sides = [model.statement(side, name).generation for side in (ours, theirs.tree)]
        origin = model.statement(base.tree, name).generation
        is_conflict = file not in tree
        tree.setdefault(file, ())
        tree[f"{name}/environment"] = model.statement(ours, name)
        after, new = model.rotated(tree, name, who, members, self.numbers, sides)
        tree.clear()
        tree.update(after)
        self.gitenv(who, "rotate", name)
        self.granted |= {(member, new) for member in members}
        if not is_conflict:
            return
        texts = [documents.reencrypted(model.document(side, name), sides, new) for side in (ours, theirs.tree)]
        first = documents.reencrypted(model.document(base.tree, name), [*sides, origin], new)
        self.written |= {(line.secret, new) for text in (first, *texts) for line in text if line.generation is new}
        text = documents.merged(first, texts[0], texts[1], with_key=True)
        left = self.person(who).must("git", "diff", "--name-only", "--diff-filter=U").stdout.decode().split()
        assert (file in left) is (text is None), f"{self.said[-1]}: {left}"
        if text is None:
            self._type(who, name, theirs, tree, sides)
        else:
            tree[file] = text

    def _type(self, who: str, name: str, theirs: Commit, tree: dict[str, Item], sides: list[Generation]) -> None:
        """Resolve a document by hand."""
        now = model.statement(tree, name).generation
        ours = model.document(self.clones[who].head.tree, name)
        text = documents.resolved(ours, model.document(theirs.tree, name), now, sides)
        self.write(who, name, "".join(f"{line.plain}\n" for line in text))
        self.must(who, "add", FILES[name])
        tree[FILES[name]] = text

    def _give_up(self, who: str, theirs: Commit) -> str:
        """Take the hub's state, in a new clone if one's own went another way with a key."""
        clone = self.clones[who]
        heads = [(self.now(who, name), model.statement(self.hub.tree, name).generation) for name in FILES]
        if all(ours in hubs.chain for ours, hubs in heads):
            self.must(who, "merge", "--abort")
            self.must(who, "reset", "-q", "--hard", "origin/main")
            clone.head = self.hub
            self.unlock(who)
            return "gave up"
        self.said.append(f"{who}: mv app old")
        app = self.person(who).cwd
        app.rename(app.parent / f"old{next(self.numbers)}")
        self._clone(who)
        if f"{who}.pub" not in self.hub.tree:
            self.commit(who, {**self.hub.tree, f"{who}.pub": who})
        self.check(who)
        return "cloned again"
