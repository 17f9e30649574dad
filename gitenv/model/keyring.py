"""The DEKs of one environment that somebody can open: the current one, and behind it the chain of older ones."""

from collections.abc import Sequence

from gitenv.errors import NotTrusted
from gitenv.model import base64url, token
from gitenv.model.cipher import Dek, EnvironmentId, Generation, Keys, Unopened
from gitenv.tuples import NamedTuple


class Older(NamedTuple):
    """A retired generation, its DEK wrapped under a later one's `chain` key."""

    generation: Generation
    wrapped: bytes  # 60 bytes

    def line(self) -> bytes:
        return _about(self.generation) + b" " + base64url.encode(self.wrapped)


class Keyring:
    """Finds the keys for a token. Older generations are opened when the first token asks for one."""

    def __init__(self, environment_id: EnvironmentId, current: Generation, dek: Dek, older: Sequence[Older]) -> None:
        """Raises `NotTrusted` if `dek` is not the one that `current` commits to."""
        self.current = current
        self.keys = Keys(dek, environment_id)
        if self.keys.commitment() != current.commitment:
            raise NotTrusted(f"the key of generation {current.number} is not the one its statement commits to")
        self.dek = dek
        self.id = environment_id
        self._older = older
        self.head = token.head(current)
        self._named = current.number, token.hint(current.commitment)
        self._opened: dict[tuple[int, bytes], tuple[Generation, Keys, Dek]] = {self._named: (current, self.keys, dek)}
        self._chain_walked = False

    def is_current(self, found: token.Token) -> bool:
        """Whether a token is of the current generation. Two generations may share a number, so the hint is asked as well."""
        return (found.number, found.hint) == self._named

    def find(self, number: int, hint: bytes) -> Keys | None:
        """The keys of the generation that a token names, or None if it is none of ours."""
        entry = self._opened.get((number, hint))
        if entry is None and not self._chain_walked:
            self._walk()
            entry = self._opened.get((number, hint))
        return entry[1] if entry else None

    def generation(self, number: int, hint: bytes) -> tuple[Generation, Keys] | None:
        """The generation that a token names, and its keys; None if it is none of ours."""
        keys = self.find(number, hint)
        return (self._opened[number, hint][0], keys) if keys else None

    def text_of(self, found: token.Token) -> bytes | None:
        """The record that a token of any generation holds; None where no key of ours opens it."""
        keys = self.find(found.number, found.hint)
        try:
            return token.open_with(keys, found) if keys else None
        except Unopened:
            return None

    def everything(self) -> list[Keys]:
        """The keys of all generations, newest first."""
        self._walk()
        return [keys for _, keys, _ in self._opened.values()]

    def at(self, generation: Generation) -> "Keyring | None":
        """This keyring as it was at an earlier generation; None if the chain does not hold that very generation."""
        self.everything()
        entry = self._opened.get((generation.number, token.hint(generation.commitment)))
        if entry is None or entry[0] != generation:
            return None
        earlier = [older for older in self._older if older.generation.number < generation.number]
        return Keyring(self.id, generation, entry[2], earlier)

    def next_generation(self, dek: Dek) -> tuple[Generation, list[Older]]:
        """The generation that `dek` opens after this one, and the chain its statement lists."""
        generation, wrapped = after(self.id, dek, [(self.current, self.dek)])
        return generation, [*wrapped, *self._older]

    def _walk(self) -> None:
        """Open the chain, newest first; a link that nothing opens is left out, so what hangs on it stays closed."""
        if self._chain_walked:
            return
        self._chain_walked = True
        for generation, wrapped in sorted(self._older, key=lambda link: -link.generation.number):
            for _, keys, _ in reversed(list(self._opened.values())):
                try:
                    dek = keys.unwrap_older(wrapped, _about(generation))
                except Unopened:
                    continue
                opened = Keys(dek, self.id)
                if opened.commitment() == generation.commitment:
                    self._opened[generation.number, token.hint(generation.commitment)] = (generation, opened, dek)
                break


def after(identity: EnvironmentId, dek: Dek, before: Sequence[tuple[Generation, Dek]]) -> tuple[Generation, list[Older]]:
    """The generation that `dek` opens, one after the first of `before`, and each DEK of those wrapped under its chain key."""
    keys = Keys(dek, identity)
    number = before[0][0].number + 1
    wrapped = [Older(generation, keys.wrap_older(old, _about(generation))) for generation, old in before]
    return Generation(number, keys.commitment()), wrapped


def first_generation(dek: Dek, environment_id: EnvironmentId) -> Generation:
    """Generation 1 of a new environment."""
    return Generation(1, Keys(dek, environment_id).commitment())


def _about(generation: Generation) -> bytes:
    return b"older %d %b" % (generation.number, base64url.encode(generation.commitment))
