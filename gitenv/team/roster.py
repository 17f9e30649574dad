"""Who is in which environment: people × environments, and what does not count and why. Read only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set

from gitenv.errors import GitenvError, Malformed, NotTrusted, Usage
from gitenv.git import branches
from gitenv.git.layout import RECIPIENTS
from gitenv.model import reasons
from gitenv.model.codes import finding
from gitenv.model.environment import Environment
from gitenv.model.finding import Finding
from gitenv.model.grant import HOLDER, READER, Grant
from gitenv.model.membership import ANY_DAY, RefusedGrant
from gitenv.model.statements import Holder
from gitenv.repo import recipients
from gitenv.team.retired_grants import RetiredGrants
from gitenv.team.workspace import Workspace
from gitenv.tuples import NamedTuple

_MOST_ALIKE = 10


class Role(NamedTuple):
    """One person in one environment."""

    role: str  # "holder" or "reader"
    by: str  # who let them in
    at: str
    expires: str


class Person(NamedTuple):
    """One person (one name), with what counts of them."""

    name: str
    fingerprint: str
    entries: dict[str, Role]  # by environment
    is_waiting: bool  # a `.pub`, and no grant that they were ever given for its key


class People(NamedTuple):
    """The whole of `.recipients/`."""

    environments: list[str]
    people: list[Person]
    uncounted: list[Finding]  # what lies below .recipients/ and does not count, by its path there, and why
    ended: Mapping[str, Grant]  # grants that would count if their last day were not over, by path

    def holders(self, environment: str) -> list[str]:
        """Who may let others into an environment, by name."""
        entries = ((person.name, person.entries.get(environment)) for person in self.people)
        return sorted(name for name, entry in entries if entry and entry.role == HOLDER)


def membership(workspace: Workspace) -> People:
    """Read `.recipients/`. What is pinned is judged by the pin; the rest by its own statement, unverified."""
    entries: dict[str, dict[str, Role]] = {}
    fingerprints: dict[str, str] = {}
    granted: dict[str, set[str]] = {}  # a key exchanged in one environment, and not yet in another, makes two
    uncounted: list[Finding] = []
    ended: dict[str, Grant] = {}
    signers: set[str] = set()
    known: set[Holder] = set()
    was_in: set[Holder] = set()
    is_behind = False
    asked = _asked(workspace)  # first: whose key was read whole is known by it without a square root
    names = workspace.environments()
    for name in names:
        try:
            statement = _statement(workspace, name)
        except NotTrusted as error:
            path = f"{name}/environment"
            uncounted.append(finding(error.code, error.message.removeprefix(f"{path}: "), path))
            continue
        found = workspace.access.membership(workspace.tree, statement)
        for person, grant in found.counted.items():
            role = HOLDER if grant.role == HOLDER else READER
            entries.setdefault(person, {})[name] = Role(role, grant.by.name, grant.at, grant.expires)
            fingerprints[person] = grant.key.fingerprint()
            granted.setdefault(person, set()).add(fingerprints[person])
        known.update(found.people)
        signers.add(statement.by.name)
        before = _before(workspace, statement)
        is_behind |= before is not None
        ended |= _ended(workspace, statement, found.refused)
        for why, given in _not_counted(workspace, statement, before, found.refused):
            uncounted.append(why)
            if given and (why.commands or why.path in ended):  # a holder signed it, and what completes it is said there
                was_in.add(Holder(given.to, given.key.fingerprint()))
        uncounted += [_unfit(file, error) for file, error in found.malformed.items()]
        uncounted += [_stray(f"{name}/{file}") for file in recipients.stray_grants(workspace.tree, name)]
    requests, damaged = _requests(asked, granted, known)
    fingerprints = {**requests, **fingerprints}
    # Who took themselves out signed what is there now, and does not ask to come back. Where a commit is from before a rotation
    # nobody asks: whoever was let in or taken out since would seem to.
    waiting = {name for name, key in fingerprints.items() if not is_behind and Holder(name, key) not in was_in}
    waiting -= entries.keys() | signers
    people = [Person(name, fingerprints[name], entries.get(name, {}), name in waiting) for name in sorted(fingerprints)]
    strays = [_stray(name) for name in recipients.strays(workspace.tree)]
    return People(names, people, uncounted + damaged + strays + _too_many(workspace), ended)


def only(found: People, environments: Collection[str]) -> People:
    """The part of it that is about some environments; all of it for none."""
    if not environments:
        return found
    people = []
    for person in found.people:
        entries = {name: entry for name, entry in person.entries.items() if name in environments}
        people += [person._replace(entries=entries)] if entries or person.is_waiting else []
    uncounted = [each for each in found.uncounted if each.path.partition("/")[0] in environments]
    return People([name for name in found.environments if name in environments], people, uncounted, found.ended)


def _too_many(workspace: Workspace) -> list[Finding]:
    count = recipients.too_many(workspace.tree, workspace.pinned_names())
    look = f"git log --diff-filter=A -- :/{RECIPIENTS}"
    text = recipients.too_many_text(count)
    return [finding("too-many-environments", text, RECIPIENTS, commands=(look,))] if count else []


def grouped(uncounted: Iterable[Finding], most: int) -> list[Finding]:
    """The same in at most `most` lines and one, many files of one reason in one: whoever can push can push ten thousand."""
    by_reason: dict[Finding, list[str]] = {}
    for entry in uncounted:
        by_reason.setdefault(entry._replace(path=""), []).append(entry.path)
    lines: list[Finding] = []
    for alike, files in by_reason.items():
        if len(files) > _MOST_ALIKE:
            files = [f"{', '.join(files[:3])} and {len(files) - 3:,} more"]
        lines += [alike._replace(path=file) for file in files]
    if len(lines) <= most:
        return lines
    return [*lines[:most], finding("many", "gitenv recipients --json lists all", f"and {len(lines) - most:,} more")]


def _before(workspace: Workspace, statement: Environment) -> Environment | None:
    """The statement of the tree at hand where that is of an earlier generation: a branch from before a rotation."""
    there = recipients.environment_in(workspace.tree, statement.name)
    return there if there.generation.number < statement.generation.number else None


def _not_counted(
    workspace: Workspace, statement: Environment, before: Environment | None, found: Sequence[RefusedGrant]
) -> Iterator[tuple[Finding, Grant | None]]:
    """Why grants do not count. Those that belong to an earlier statement beside them are one topic: the commit is older."""
    name, earlier = statement.name, RetiredGrants(workspace, statement)
    if before:
        reason = f"generation {before.generation.number} in this commit, now is {statement.generation.number}"
        merge = branches.to_merge(workspace.root)
        yield finding("statement-behind", f"{reason}; merge the main branch", name, commands=(merge,) if merge else ()), None
    for refused in found:
        if before is None or refused.grant.generation != before.generation:
            yield _refused(name, refused, earlier), refused.grant


def _refused(environment: str, refused: RefusedGrant, earlier: RetiredGrants) -> Finding:
    path = f"{environment}/{refused.grant.to}.grant"
    if isinstance(refused.why, reasons.Retired):
        found = earlier.explain(refused.grant)
        code = found.code or reasons.grant_code(refused.why)
        return finding(code, found.reason, path, commands=(found.command,) if found.command else ())
    return finding(reasons.grant_code(refused.why), refused.reason, path)


def _ended(workspace: Workspace, statement: Environment, found: Sequence[RefusedGrant]) -> dict[str, Grant]:
    """Grants that counted until their last day. Said only if a holder signed them: anybody can write any date."""
    over = [refused.grant for refused in found if refused.has_expired]
    honest = workspace.access.membership(workspace.tree, statement, ANY_DAY).counted if over else {}
    return {f"{statement.name}/{given.to}.grant": given for given in over if honest.get(given.to) == given}


def _unfit(file: str, error: GitenvError) -> Finding:
    reason = error.message.removeprefix(file).removeprefix(":").strip()
    return finding("grant-malformed", reason, file.removeprefix(f"{RECIPIENTS}/"))


def _stray(file: str) -> Finding:
    shown = file.encode("ascii", "backslashreplace").decode("ascii")  # else one letter of another script is like ours
    return finding("stray-name", recipients.why_stray(file), shown)


def _statement(workspace: Workspace, name: str) -> Environment:
    pin = workspace.access.pin(name)
    if pin is None:
        return recipients.environment_in(workspace.tree, name)
    judged = workspace.access.judge(pin, workspace.tree)
    if judged is None:
        raise Malformed("it is gone")
    return judged.moves.environment if judged.moves else pin.environment


def _asked(workspace: Workspace) -> dict[str, list[str] | GitenvError]:
    """The fingerprints of the keys in everybody's `.pub` file, or why there are none."""
    found: dict[str, list[str] | GitenvError] = {}
    for name in workspace.people():
        try:
            found[name] = [key.fingerprint() for key in workspace.public_keys(name)]
        except GitenvError as error:
            found[name] = error
        except ValueError:
            found[name] = Usage("not a key")
    return found


def _requests(
    asked: Mapping[str, list[str] | GitenvError], granted: Mapping[str, Set[str]], known: Set[Holder]
) -> tuple[dict[str, str], list[Finding]]:
    """Whose `.pub` files are there, and what is wrong with some of them.

    Somebody asks with the key on top. A line below that an environment speaks of is an older key; of one that is new to this
    clone as well, which is named for itself.
    """
    found: dict[str, str] = {}
    damaged: list[Finding] = []
    for name, fingerprints in asked.items():
        if isinstance(fingerprints, GitenvError):
            hint = (fingerprints.hint,) if fingerprints.hint else ()
            reason = _unfit(f"{RECIPIENTS}/{name}.pub", fingerprints).text
            damaged.append(finding("not-a-key", reason, f"{name}.pub", commands=hint))
            continue
        found[name] = fingerprints[0]
        strange = [each for each in fingerprints if Holder(name, each) not in known] if name in granted else []
        if fingerprints[0] in strange:
            ask = f"ask {name}: is the key in {name}.pub theirs? Then: gitenv add-recipient {name} --replace"
            text = f"another key than the one that {name} is in with"
            damaged.append(finding("swapped-key", text, f"{name}.pub", commands=(ask,)))
        elif strange:
            damaged.append(finding("swapped-key", f"also a key that {name} is not in with", f"{name}.pub"))
    return found, damaged
