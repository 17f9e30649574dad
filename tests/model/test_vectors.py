"""Vectors: files that must read the same for ever, here and in every other implementation, and files that must never read.

Each is a text file in tests/vectors/: `word: value` lines, an empty line, then the content, which some cut into `-- NAME --`
parts. `valid/` holds, and each file in `must-fail/` is named after its failure and says which error is expected. All are made
of the keys in `keys.txt`. What is in the folder is frozen: a change of one of these files is a change of the format. A new file
needs its line in `frozen.txt`, as `sha256sum` writes it.

`repeat: N START` in the head keeps large content small: each of its lines that begins with START stands there N times.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from gitenv.errors import FirstEdition, GitenvError, Malformed, NotTrusted, Usage
from gitenv.identity import device
from gitenv.identity.device import DeviceKey
from gitenv.model import document, environment, grant, known, sealed, steps, token
from gitenv.model.cipher import Dek, EnvironmentId, Generation, Keys, Unopened, sha256
from gitenv.model.document import Kind
from gitenv.model.environment import Draft, Environment, check_seal
from gitenv.model.keyring import Keyring, first_generation
from gitenv.model.keys import read_public
from gitenv.model.kinds.p256 import P256Identity
from gitenv.model.membership import check_signed, who_is_in
from gitenv.model.reasons import (
    BadProof,
    CannotStand,
    ForeignEnvironment,
    ForgedSeal,
    Forked,
    HolderGone,
    NotAHolder,
    NotLater,
    NotSigned,
    OtherKey,
    OtherText,
    PastMissing,
    SealedElsewhere,
    Severed,
    UnknownContributor,
    Unlinked,
)
from gitenv.model.statements import Holder
from gitenv.trust import chain
from gitenv.trust.pins import Pin
from gitenv.trust.trusted import Trusted
from tests.model.builders import MemoryTree, checked_out, cleaned_again, committed, device_of

FOLDER = Path(__file__).parent.parent / "vectors"
VALID = sorted(FOLDER.glob("valid/*.txt"))
MUST_FAIL = sorted(FOLDER.glob("must-fail/*.txt"))


class Vector(NamedTuple):
    """One file."""

    words: dict[str, str]
    content: bytes

    def part(self, name: str) -> bytes:
        """The content between `-- name --` and the next such line."""
        _, *cut = re.split(rb"^-- ([a-z ]+) --\n", self.content, flags=re.MULTILINE)
        data = dict(zip(cut[::2], cut[1::2], strict=True))[name.encode()]
        return data.removesuffix(b"\n") if self.words.get("last-line") == "unfinished" else data


def read_vector(path: Path) -> Vector:
    head, _, content = path.read_bytes().partition(b"\n\n")
    words = dict(line.split(": ", 1) for line in head.decode().split("\n"))
    if repeat := words.get("repeat"):
        times, _, start = repeat.partition(" ")
        content = re.sub(rb"(?m)^%b.*\n" % re.escape(start.encode()), lambda line: line[0] * int(times), content)
    return Vector(words, content)


KEYS = read_vector(FOLDER / "keys.txt").words
IDENTITY = EnvironmentId(bytes.fromhex(KEYS["id"]))
DEKS = {number: Dek(bytes.fromhex(KEYS[f"dek-{number}"])) for number in (1, 2, 3)}
BESIDE = Dek(bytes.fromhex(KEYS["dek-2-beside"]))  # of another generation 2: two people rotated at the same time
PEOPLE = {name: device_of(int(KEYS[name], 16)) for name in ("alice", "bob", "eve")}
IN = [Holder(name, PEOPLE[name].public.fingerprint()) for name in ("alice", "bob")]  # who is in some environment: not eve


class NotAToken(Exception):
    """A line that is not even spelled like a token, or like a sealed value."""


class Lost(Exception):
    """A `known` that is not what the statement names: nobody can say any more what is to be set anew."""


class NotCanonical(Exception):
    """A token or a sealed value whose base64url has another spelling than the one, or is no length of its kind."""


ERRORS: dict[str, type[Exception]] = {
    "malformed": Malformed,
    "not-signed": NotSigned,
    "not-trusted": NotTrusted,
    "first-edition": FirstEdition,
    "foreign-environment": ForeignEnvironment,
    "unlinked": Unlinked,
    "not-later": NotLater,
    "not-a-holder": NotAHolder,
    "bad-proof": BadProof,
    "other-key": OtherKey,
    "other-text": OtherText,
    "holder-gone": HolderGone,
    "severed": Severed,
    "past-missing": PastMissing,
    "forked": Forked,
    "usage": Usage,
    "forged-seal": ForgedSeal,
    "sealed-elsewhere": SealedElsewhere,
    "unknown-contributor": UnknownContributor,
    "cannot-stand": CannotStand,
    "unopened": Unopened,
    "not-a-token": NotAToken,
    "not-canonical": NotCanonical,
    "lost": Lost,
}


def _statement(name: str) -> Environment:
    return environment.read(read_vector(FOLDER / "valid" / name).content, name)


def _ring(vector: Vector) -> Keyring:
    """The keyring that a document is for: `statement:` names the vector with its environment, else generation 1."""
    if name := vector.words.get("statement"):
        about = _statement(name)
        return about.keyring(DEKS[about.generation.number])
    return Keyring(IDENTITY, first_generation(DEKS[1], IDENTITY), DEKS[1], [])


# What is done with each vector, by its `act`. Each raises what a must-fail vector expects.


def _act_keys(vector: Vector) -> None:
    keys = Keys(DEKS[int(vector.words["dek"])], IDENTITY)
    assert keys.commitment().hex() == vector.words["commitment"]
    assert token.hint(keys.commitment()).decode() == vector.words["hint"]
    private = ec.derive_private_key(int(vector.words["seal-scalar"], 16), ec.SECP256R1())
    assert environment.seal_key(keys).public == P256Identity(private).public
    assert keys.encrypt(b"kv", b"HELLO", b"HELLO=development").hex() == vector.words["encrypted"]


def _act_document(vector: Vector) -> None:
    ring, plain, commit = _ring(vector), vector.part("plain"), vector.part("committed")
    assert committed(plain, ring) == commit
    assert committed(commit, ring) == commit
    assert checked_out(commit, ring) == plain


def _act_unvouched(vector: Vector) -> None:
    ring, commit, opened = _ring(vector), vector.part("committed"), vector.part("opened")
    assert checked_out(commit, ring) == opened
    assert cleaned_again(opened, ring, stands=commit) == commit


def _act_clean(vector: Vector) -> None:
    committed(vector.content, _ring(vector))


def _act_token(vector: Vector) -> None:
    ring, line = _ring(vector), vector.content.removesuffix(b"\n")
    try:
        _open_token(line, ring)
    except (NotAToken, NotCanonical, Unopened):
        # Whatever the reason: it becomes no value on the way out, and is no token on the way in.
        (shown,) = document.parse(checked_out(line, ring))
        assert shown.kind is Kind.UNVERIFIED
        with pytest.raises(NotTrusted):
            committed(line, ring)
        raise


def _open_token(line: bytes, ring: Keyring) -> None:
    (record,) = document.parse(line)
    if record.kind is not Kind.TOKEN:
        raise NotAToken
    found = token.read(record)
    if found is None:
        raise NotCanonical
    keys = ring.find(found.number, found.hint)
    if keys is None:
        raise Unopened
    token.open_with(keys, found)


def _act_sealed(vector: Vector) -> None:
    ring, line = _ring(vector), vector.part("sealed").removesuffix(b"\n")
    # Whatever comes of it, it is never a value by itself.
    (shown,) = document.parse(checked_out(line, ring))
    assert shown.kind is Kind.UNVERIFIED
    (record,) = document.parse(line)
    if record.kind is not Kind.SEALED:
        raise NotAToken
    found = sealed.read(record)
    if found is None:
        raise NotCanonical
    if (known := ring.generation(found.number, found.hint)) is None:
        raise SealedElsewhere("sealed for a generation that never was")
    sealed.check_signed(found, ring.id, known[0], "vector")
    if found.contributor not in IN:
        raise UnknownContributor(f"sealed by {found.contributor}")
    assert sealed.open_with(found, ring, "vector") == vector.part("record").removesuffix(b"\n")
    assert found.by == vector.words["by"]
    assert committed(line, ring) == line


def _act_environment(vector: Vector) -> None:
    found = environment.read(vector.content, "vector")
    if "before" in vector.words:
        steps.check(_statement(vector.words["before"]), found)
    else:
        steps.check_first(found)
    ring = found.keyring(BESIDE if vector.words["dek"] == "2-beside" else DEKS[int(vector.words["dek"])])
    check_seal(found, ring)
    draft = Draft(
        *(ring, found.older, found.keyholders, found.paths, found.beside, found.known, found.left, found.reissue_within),
        found.proof,
    )
    written = environment.write(
        found.name, found.id, found.revision, found.previous, draft, by=found.by, at=found.at, signer=PEOPLE[found.by.name]
    )
    assert written.text == vector.content
    for older in found.older:
        then = ring.at(older.generation)
        if then is None:
            raise Unopened
        assert then.dek == DEKS[older.generation.number] or (older.generation.number == 2 and then.dek == BESIDE)


def _act_grant(vector: Vector) -> None:
    found = grant.read(vector.content, "vector")
    signer = next((each.public for each in PEOPLE.values() if each.public.fingerprint() == found.by.fingerprint), None)
    if signer is None:
        raise NotSigned("by nobody whose key there is")
    check_signed(found, signer)
    assert found.key == PEOPLE[found.to].public
    opened = Keyring(found.id, found.generation, grant.unwrap(found, PEOPLE[vector.words["for"]], "vector"), [])
    assert opened.dek == DEKS[int(vector.words["dek"])]


def _act_standing(vector: Vector) -> None:
    about = _statement(vector.words["statement"])
    found = who_is_in(about, [grant.read(vector.content, "vector")], vector.words["today"])
    if found.refused:
        raise NotTrusted(found.refused[0].reason)


def _act_step(vector: Vector) -> None:
    before, new = (environment.read(vector.part(name), name) for name in ("before", "new"))
    steps.check(before, new)
    assert vector.words["is"] == "good"


def _act_trusted(vector: Vector) -> None:
    """What a clone says that pinned the statement of one vector, and what lies before it, to a tree of others."""
    pin = None
    if pinned := [_statement(name) for name in vector.words.get("pinned", "").split()]:
        pin = Pin.of(pinned[-1], None, frozenset(), frozenset(), [each.hash for each in pinned[:-1]])
    past = [_statement(name) for name in vector.words.get("past", "").split()]
    tree = MemoryTree(vector.content, past=past, name="development")
    if there := vector.words.get("there"):  # what lies under the name of the first one that is looked for
        wanted = environment.read(vector.content, "vector").previous
        tree.files[chain.past_path("development", wanted)] = _statement(there).text
    verdict = Trusted("development", pin, tree, lambda wanted: _text_of(pinned, wanted)).judge()
    assert verdict
    assert verdict.answer.value == vector.words["is"]
    assert [each[:12] for each in verdict.past] == vector.words.get("goes-back-to", "").split()


def _text_of(kept: list[Environment], wanted: str) -> bytes | None:
    return next((each.text for each in kept if each.hash == wanted), None)


def _act_known(vector: Vector) -> None:
    """What lies there, and the hash by which a statement names it."""
    found = known.read(vector.content, vector.words["named"])
    if found is None:
        raise Lost
    assert [f"{since} {line[:12]}" for line, since in found.items()] == vector.words["lists"].split(", ")


def _act_public_key(vector: Vector) -> None:
    found = read_public(vector.content, "vector")
    assert [key.hex() for key in found] == vector.words["points"].split(" ")
    assert [key.fingerprint() for key in found] == vector.words["fingerprints"].split(" ")


def _act_private_key(vector: Vector) -> None:
    found: DeviceKey = device.parse(vector.content, "vector")
    assert found.public.hex() == vector.words["point"]
    assert found.pem() == vector.content or "pkcs8" not in vector.words["form"]


ACTS: dict[str, Callable[[Vector], None]] = {
    name.removeprefix("_act_").replace("_", "-"): act for name, act in list(globals().items()) if name.startswith("_act_")
}


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_valid(path: Path) -> None:
    """What was written once reads, and is written, the same."""
    vector = read_vector(path)
    ACTS[vector.words["act"]](vector)


def _class_of(error: type[BaseException]) -> type[BaseException]:
    """The nearest error that a vector can name: some reasons are finer than the vectors' words."""
    return next(base for base in error.__mro__ if base in ERRORS.values())


@pytest.mark.parametrize("path", MUST_FAIL, ids=lambda path: path.stem)
def test_must_fail(path: Path) -> None:
    """What must never read fails for the reason it is named after, and not for another."""
    vector = read_vector(path)
    with pytest.raises((GitenvError, Unopened, NotAToken, NotCanonical, Lost)) as caught:
        ACTS[vector.words["act"]](vector)
    assert _class_of(caught.type) is ERRORS[vector.words["expect"]]
    assert isinstance(caught.value, GitenvError) is ("says" in vector.words)
    assert vector.words.get("says", "") in str(caught.value)


def test_the_corpus_is_frozen() -> None:
    """No file is changed, removed or added but with its line in `frozen.txt`, which a review sees."""
    files = sorted([FOLDER / "keys.txt", *VALID, *MUST_FAIL])
    found = [f"{sha256(path.read_bytes()).hex()}  {path.relative_to(FOLDER).as_posix()}" for path in files]
    assert (FOLDER / "frozen.txt").read_text().splitlines() == found


def test_the_page_has_the_same_examples() -> None:
    """docs/format.md shows what is in the corpus: its sealed value opens, and its statements form a chain."""
    page = (FOLDER.parent.parent / "docs" / "format.md").read_bytes()
    assert read_vector(FOLDER / "valid" / "sealed-worked-example.txt").part("sealed") in page
    for name in ("first-generation", "second-generation", "redone"):
        assert read_vector(FOLDER / "valid" / f"environment-{name}.txt").content in page


def test_vectors_are_small() -> None:
    """Whoever reads one sees what is wrong with it; `repeat` makes the large ones."""
    assert [path.name for path in MUST_FAIL if path.stat().st_size > 4096] == []


def test_the_corpus_is_there() -> None:
    """A folder that was not found would pass; every act and every error has a vector."""
    assert len(VALID) >= 15
    assert len(MUST_FAIL) >= 60
    acts = {read_vector(path).words["act"] for path in VALID + MUST_FAIL}
    assert acts == set(ACTS)
    assert {read_vector(path).words["expect"] for path in MUST_FAIL} == set(ERRORS)


def test_the_keys_are_what_they_say() -> None:
    """The generations that the statements of the corpus name are those of its two DEKs."""
    second = _statement("environment-second-generation.txt")
    assert [second.generation, second.older[0].generation] == [
        Generation(number, Keys(DEKS[number], IDENTITY).commitment()) for number in (2, 1)
    ]
    assert environment.seal_key(Keys(DEKS[2], IDENTITY)).public == second.seal
