"""The clone that somebody works in, as every use case needs it: repository, pins, keys, `.recipients/`, and who they are."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from gitenv.errors import FROM_TOP, GitenvError, Locked, NotInOrder, Usage, printable
from gitenv.git import index, listing
from gitenv.git.index import IndexEntry
from gitenv.git.layout import RECIPIENTS
from gitenv.git.repository import Repository
from gitenv.identity import device, home
from gitenv.model import dotenv, keys, names, statements
from gitenv.model.claimants import Claimants
from gitenv.model.environment import Environment
from gitenv.model.keyring import Keyring
from gitenv.model.kinds import PublicKey
from gitenv.model.statements import Holder
from gitenv.repo import clone, recipients
from gitenv.repo.snapshot import Snapshot, SparseSnapshot, WorkSnapshot
from gitenv.system import files, leftovers, locking
from gitenv.team import departures
from gitenv.trust import forks
from gitenv.trust.access import Access, Judged, check_not_rolled_back
from gitenv.trust.history import History
from gitenv.trust.pins import Pin

if TYPE_CHECKING:
    from gitenv.repo.founding import Founding


class Workspace:
    """One clone, one person."""

    def __init__(self, folder: str, waits: Callable[[], None] | None = None) -> None:
        """Raises `NotInOrder` outside a repository with a work tree.

        `waits` is for a command that writes: the clone is its own until it ends, and if that takes a while, this is called.
        """
        self.repository = Repository(folder)
        self.root = self.repository.root
        self._leftovers = leftovers.Below(self.root, is_alone=bool(waits))
        self._ignored: list[str] | None = None
        lock = clone.lock_path(self.repository.layout.common_dir)
        was_cut_off = locking.hold(lock, waits) if waits else locking.was_cut_off(lock)
        self.reload()
        self._clear_up(was_cut_off)
        if waits:
            index.need_free(self.repository.layout)
        elif was_cut_off:
            locking.release()

    def reload(self) -> None:
        """Read the clone's notes and pins, again if it has just been set up."""
        self.access = Access(self.repository.layout)
        self.history = History(self.root, self.repository.objects)
        self._founding: Founding | None = None
        self._tree: Snapshot | None = None
        self.as_checked_out: set[tuple[bytes, ...]] = set()  # what a hook and `status` ask twice, see `lock`

    @property
    def founding(self) -> Founding:
        """What history says of the pinned environments; asked once, also where anybody can push thousands of files."""
        names = self.pinned_names()
        if self._founding is None or self._founding.names != names:
            from gitenv.repo.founding import Founding

            self._founding = Founding(self.root, self.repository.objects, names)
        return self._founding

    def reread(self) -> None:
        """The tree at hand has changed."""
        self._tree = None

    @property
    def tree(self) -> Snapshot:
        """The `.recipients/` at hand: the work tree's, or in a sparse checkout the index's."""
        if self._tree is None:  # once: it lists everybody's files, and is asked for each of them
            here = WorkSnapshot(self.root)
            # Without reading all that there is: the first one will do.
            some = [*self.pinned_names(), *recipients.folders(here)[: recipients.MOST]]
            is_here = any(recipients.is_environment(here, name) for name in some)
            self._tree = here if is_here else SparseSnapshot(self.repository.objects)
        return self._tree

    def environments(self) -> list[str]:
        """The names of the environments at hand, right or wrong: those pinned, and all others unless somebody made them up."""
        return list(recipients.environments(self.tree, self.pinned_names()))

    def statements(self) -> dict[str, Environment]:
        """The statements at hand that can be read, by name. Nobody vouches for them."""
        return recipients.readable(self.tree, self.pinned_names())

    def pinned_names(self) -> frozenset[str]:
        """The environments that this clone believes."""
        return frozenset(pin.name for pin in self.access.pinned())

    def need_environments(self) -> list[str]:
        """The same. Raises `NotInOrder` if there are none, and `Departed` where the team took gitenv out."""
        if isinstance(self.tree, SparseSnapshot):  # HEAD still has what the next commit takes out
            departures.check_here(self.repository)
        if not (found := self.environments()) and not recipients.too_many(self.tree, self.pinned_names()):
            departures.check_not_nested(self.repository)
            if self.access.pinned():
                raise departures.why_not_here(self.repository, self.pinned_files())
            raise NotInOrder("this repository has no environments", "gitenv init")
        return found

    def pinned_files(self) -> list[IndexEntry]:
        """The files in the index that pinned environments claim."""
        listed = self.files_of([pin.environment for pin in self.access.pinned()])
        return [entry for found in listed.values() for entry in found]

    def check_recipients_lie_here(self) -> None:
        """Raise `NotInOrder` if the work tree has none of the environments: nothing can be written beside them."""
        if isinstance(self.tree, SparseSnapshot) and self.environments():
            if self.repository.is_set("core.sparseCheckout"):
                raise NotInOrder(f"this sparse checkout leaves {RECIPIENTS}/ out", f"git sparse-checkout add {RECIPIENTS}")
            raise NotInOrder(f"{RECIPIENTS}/ is gone from the work tree", f"git restore :/{RECIPIENTS}")

    def ignored(self) -> list[str]:
        """The files that git ignores, and that are called as one that is shared, or that a pinned environment claims."""
        if self._ignored is None:
            claims = [pin.environment.claims for pin in self.access.pinned()]
            found = self.repository.ignored()
            self._ignored = [path for path in found if dotenv.kind(path) == "shared" or any(claim(path) for claim in claims)]
        return self._ignored

    def need_pin(self, name: str) -> Pin:
        """The pin of an environment, after any good steps that the tree at hand makes. Raises with the way out."""
        pin = self.access.pin(name)
        if pin is None:
            self.check_known(name)
            raise Locked(f"{name} is new to this clone", f"gitenv unlock {name}")
        judged = self.access.judge(pin, self.tree)
        if judged is None:
            raise NotInOrder(f"{name} is not in the commit you are on", "check out a newer one")
        check_not_rolled_back(self.history, pin, judged)
        if judged.is_below(pin):
            here = judged.environment.generation.number
            raise Locked(
                f"{name} has a newer key than this commit",
                f"merge the main branch first; or if no branch has that key: gitenv trust {name} --generation {here}",
            )
        if judged.moves:
            self.follow(pin, judged)
            return judged.moves
        return pin

    def follow(self, pin: Pin, judged: Judged) -> None:
        """Move a pin along the good steps that a tree shows. Raises `Forked` where history has another one beside them."""
        assert judged.moves is not None
        forks.check_moved(self.history, pin.environment, judged.verdict, self.history.known_heads)
        self.access.advance(judged.moves, judged.verdict.way)

    def need_holder(self, pin: Pin, what_readers_do: str) -> Keyring:
        """The keyring of an environment that the caller holds. Raises `Locked` for no access, and for a reader."""
        ring, me = self.access.ring(pin), self.me()
        fingerprints = {holder.fingerprint for holder in pin.holders}
        if me.fingerprint not in fingerprints:
            if self.is_former(pin) and pin.grant and pin.grant.key.fingerprint() in fingerprints:
                raise Locked(f"your grant for {pin.name} is for a former key of yours", "git pull, then gitenv key rotate")
            who = " or ".join(sorted({holder.name for holder in pin.holders})[:3])
            raise Locked(f"you are a reader of {pin.name}, and readers {what_readers_do}", f"ask {who}")
        return ring

    def new_environment(self, path: str) -> str:
        """The environment here that a path belongs to and that this clone does not believe yet, or ""."""
        unknown = (name for name in self.environments() if self.access.pin(name) is None)
        return recipients.claimant(self.tree, path, unknown)

    def whom_to_ask(self, statement: Environment) -> str:
        """Some of an environment's holders other than the caller, as a hint names them."""
        pin = self.access.pin(statement.name)
        holders = pin.holders | set(statement.holders) if pin else statement.holders
        return " or ".join(sorted({holder.name for holder in holders if holder.name != self.access.name})[:3]) or "a holder"

    def was_let_in(self, pin: Pin) -> bool:
        """Whether the caller is in an environment by a grant, or was seen in it once."""
        return pin.grant is not None or any(person.name == self.access.name for person in pin.seen)

    def is_former(self, pin: Pin) -> bool:
        """Whether the caller's grant is for a key that is not this device's any more."""
        key = self.access.device()
        return key is not None and pin.grant is not None and pin.grant.key != key.public and bool(device.former(pin.grant.key))

    def is_lost(self, name: str) -> bool:
        """Whether somebody's `.pub` is there, and the key that they took last is none that this device has or had."""
        existing = self.public_keys(name)
        key = self.access.device()
        return bool(existing) and not (key and key.public in existing) and not device.former(existing[0])

    def known_as(self, pin: Pin) -> Holder:
        """The caller under the name that an environment knows their key by."""
        me = self.me()
        return next((holder for holder in sorted(pin.holders) if holder.fingerprint == me.fingerprint), me)

    def check_known(self, name: str) -> None:
        """Raise `Usage` if there is no environment of this name, neither pinned nor at hand."""
        known = {*self.environments(), *self.pinned_names()}
        if name not in known and not recipients.is_environment(self.tree, name):
            names.check_name(name, "environment")
            raise Usage(f"there is no environment {name}", f"there are: {', '.join(sorted(known)) or 'none'}")

    def is_committed(self, name: str) -> bool:
        """Whether HEAD has an environment."""
        return self.repository.objects.read(f"HEAD:{RECIPIENTS}/{name}/environment") is not None

    def me(self) -> Holder:
        """Who works here: the name that init noted, with the device key's fingerprint. Raises `Locked` without a key."""
        key = device.need()
        return Holder(self.access.name, key.public.fingerprint())

    def guess_name(self) -> str:
        """A name from what git knows about the user. Raises `Usage` if it knows nothing."""
        said = self.repository.config("user.name")
        if name := names.name_from(said):
            return name
        why = f": {names.why_not(said.lower())}" if said.isascii() else ""
        raise Usage(
            f"no name can be made of user.name {printable(said)!r}{why}" if said else "git does not know your name",
            "gitenv init --name NAME",
        )

    def public_keys(self, name: str) -> list[PublicKey]:
        """The keys in `.recipients/NAME.pub`; none if there is no such file. Raises `GitenvError` if it is damaged."""
        where = f"{RECIPIENTS}/{name}.pub"
        data = self.tree.read(where, keys.MAX_BYTES)
        return keys.read_public(data, where) if data is not None else []

    def people(self) -> Iterator[str]:
        """The names that have a `.pub` file."""
        for file in self.tree.names(RECIPIENTS):
            if file.endswith(".pub") and names.is_name(file.removesuffix(".pub")):
                yield file.removesuffix(".pub")

    def find_me(self, key: PublicKey, said: str = "") -> str:
        """The name under which a key stands in `.recipients/`, or "".

        The name that the user says or this clone knows goes first: anybody can copy a key under another name.
        """
        for name in (*filter(None, (said, self.access.name)), *self.people()):
            try:
                if key in self.public_keys(name):
                    return name
            except GitenvError:
                continue
        return ""

    def has_grant(self, name: str, key: PublicKey) -> bool:
        """Whether a key has a grant under a name. Whether that counts is for the pin to say."""
        found = (recipients.grant_of(self.tree, environment, name) for environment in self.environments())
        return any(grant is not None and grant.key == key for grant in found)

    def files_of(self, environments: Collection[Environment]) -> dict[str, list[IndexEntry]]:
        """The tracked files of environments, by name. Those in conflict are listed once for each stage."""
        found: dict[str, list[IndexEntry]] = {environment.name: [] for environment in environments}
        claimants = Claimants({environment.name: self._paths(environment) for environment in environments})
        words = {listing.fixed(pattern) for environment in environments for pattern in environment.paths}
        for entry in filter(lambda entry: entry.is_file, self.repository.listing.named(words)):
            for name in claimants.of(entry.path):
                found[name].append(entry)
        for folder in {os.path.dirname(entry.path) for entries in found.values() for entry in entries}:
            self._leftovers.clear(folder)
        return found

    def _paths(self, environment: Environment) -> tuple[str, ...]:
        """The path patterns of a statement that count: new ones of a pinned one wait for the user's yes."""
        pin = self.access.pin(environment.name)
        return pin.paths if pin and pin.environment.text == environment.text else environment.paths

    def relative(self, file: str, folder: str) -> str:
        """The path from the top of a file that somebody typed in `folder`. Raises `Usage` for one outside."""
        if start := next(filter(file.startswith, FROM_TOP), ""):  # git's own way to say it
            file, folder = file.removeprefix(start), self.root
        path = os.path.relpath(os.path.join(folder, file), self.root).replace(os.sep, "/")
        if path.split("/")[0] in ("", ".", "..", ".git") or os.path.isabs(path):
            raise Usage(f"{printable(file)} is no file of this work tree", "gitenv status")
        self.repository.check_own(path)
        return path

    def folder(self, folder: str) -> str:
        """The path from the top of a folder; "" for the top itself."""
        found = os.path.relpath(os.path.realpath(folder), os.path.realpath(self.root)).replace(os.sep, "/")
        return "" if found == os.curdir else found

    def write(
        self, path: str, data: bytes, mode: int | None = None, *, instead_of: bytes | None = None, is_elsewhere: bool = False
    ) -> str:
        """Write a file below the top, through no link, and return its path. The rest is as for `files.replace`."""
        files.replace(self._ready(path), data, mode, instead_of=instead_of, is_elsewhere=is_elsewhere)
        if path.startswith(f"{RECIPIENTS}/"):
            self.reread()  # it may be the first file there
        return path

    def write_all(self, texts: Mapping[str, bytes]) -> list[str]:
        """The same for many files of `.recipients/` that git gets at once, by path, in this order; and return their paths."""
        files.replace_all({self._ready(relative): data for relative, data in texts.items()}, is_elsewhere=True)
        self.reread()
        return list(texts)

    def remove(self, path: str) -> None:
        """Take one of gitenv's own files away, out of the index first: killed in between, the next run still finds it."""
        self.repository.unstage([path])
        files.remove_inside(self.root, path)
        self.reread()

    def _ready(self, relative: str) -> str:
        """The path of a file below the top, for which all is ready to be written there."""
        files.check_inside(self.root, relative)
        if relative.startswith(f"{RECIPIENTS}/"):
            self.check_recipients_lie_here()
        path = self.repository.path(relative)
        files.make_folder(os.path.dirname(path))
        self._leftovers.clear(os.path.dirname(relative))
        return path

    def unstaged(self, paths: Iterable[str]) -> list[str]:
        """Those of gitenv's own files that are not in the index as they lie here: a run that was cut off wrote them."""
        found = []
        for path in dict.fromkeys(paths):
            there = files.read_inside(self.root, path, statements.MAX_BYTES)
            if there is not None and there != self.repository.objects.read(f":0:{path}", statements.MAX_BYTES):
                found.append(path)
        return found

    def _clear_up(self, was_cut_off: bool) -> None:
        """What killed runs left in git's folder and the user's own; and where one was cut off, wherever it may have written."""
        layout = self.repository.layout
        index.clear_lock(layout)
        for folder in {layout.git_dir, layout.common_dir}:
            leftovers.clear(os.path.join(folder, "gitenv"))
        leftovers.clear(home.folder())
        self.access.pins.clear_leftovers()
        self._leftovers.clear("")
        if was_cut_off:
            for folder in (self.repository.hooks_folder(), os.path.join(layout.common_dir, "info")):
                leftovers.clear_temporary(folder, is_alone=self._leftovers.is_alone)
            self.files_of([pin.environment for pin in self.access.pinned()])
            for folder in ("", *self.tree.names(RECIPIENTS)):
                self._leftovers.clear(f"{RECIPIENTS}/{folder}".rstrip("/"))


def now() -> str:
    """This moment in UTC, like 2026-11-21T10:00:00Z."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
