"""The second reader, `reader.mjs`: written from docs/format.md alone, in another language, with nothing of gitenv in it.

Where it and gitenv say the same, the page says enough for a stranger, and gitenv does what the page says. It gets the frozen
vectors, and documents and statements that nobody has seen before.
"""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import strategies as st

from gitenv.errors import GitenvError
from gitenv.model import base64url, document, sealed, token
from gitenv.model.cipher import Dek, EnvironmentId, Unopened
from gitenv.model.environment import Environment
from gitenv.model.keyring import Keyring, first_generation
from gitenv.model.rotation import Parent, chained
from gitenv.trust import forks
from gitenv.trust.pins import Pin
from gitenv.trust.trusted import Answer as Answered
from gitenv.trust.trusted import Trusted
from tests.conftest import ALL, some
from tests.interop.edges import EDGES
from tests.model import test_worlds as worlds
from tests.model.builders import ALICE, MemoryTree, Person, checked_out, committed, device_of, grant_for, statement
from tests.model.documents import anything, plain
from tests.model.test_vectors import ACTS, DEKS, ERRORS, FOLDER, IDENTITY, KEYS, MUST_FAIL, PEOPLE, VALID, Vector, read_vector

pytestmark = pytest.mark.skipif(not shutil.which("node"), reason="the second reader runs in Node.js, and `node` is not on PATH")

READER = Path(__file__).parent / "reader.mjs"

# What the reader leaves out, by the act of the vector, and why.
NOT_COVERED = {"private-key": "no private key stands in a repository, so docs/format.md does not say how one is written"}

BATCH = 30  # a process for each file would take longer than all that it reads

# Each example is a process; one that fails is not made smaller, since what it shows is only what differs.
_few = settings(
    max_examples=some(8),
    deadline=None,
    verbosity=Verbosity.quiet,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

Answer = Mapping[str, Any]


def _file(words: Mapping[str, str], content: bytes) -> bytes:
    return "".join(f"{word}: {value}\n" for word, value in words.items()).encode() + b"\n" + content


def _answers(paths: Iterable[Path]) -> list[Answer]:
    """What the reader says of these files, all in one process."""
    run = subprocess.run(["node", READER, *paths], capture_output=True, check=True, timeout=300)
    return [json.loads(line) for line in run.stdout.splitlines()]


def _answers_to(files: Sequence[bytes], keys: Mapping[str, str] = KEYS) -> list[Answer]:
    """What the reader says of files that stand beside the frozen ones, under the names 0.txt, 1.txt, …"""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copytree(FOLDER / "valid", root / "valid")
        (root / "keys.txt").write_bytes(_file(keys, b""))
        paths = [root / "valid" / f"{number}.txt" for number in range(len(files))]
        for path, file in zip(paths, files, strict=True):
            path.write_bytes(file)
        return [{word: answer[word] for word in ("read", "refused") if word in answer} for answer in _answers(paths)]


def _covered(paths: Iterable[Path]) -> list[Path]:
    return [path for path in paths if read_vector(path).words["act"] not in NOT_COVERED]


@cache
def _answers_to_the_corpus() -> Mapping[Path, Answer]:
    paths = _covered(VALID + MUST_FAIL)
    return dict(zip(paths, _answers(paths), strict=True))


def _expected(vector: Vector, word: str) -> str:
    """What a vector has for a word of the answer: the word, a key, or a part."""
    found = vector.words.get(word) or KEYS.get(word)
    return vector.part(word).decode("latin-1") if found is None else found


@pytest.mark.parametrize("path", _covered(VALID), ids=lambda path: path.stem)
def test_valid(path: Path) -> None:
    """The reader gives what the vector has, byte for byte."""
    vector, answer = read_vector(path), _answers_to_the_corpus()[path]
    assert answer.get("why") is None
    assert answer["read"] == {word: _expected(vector, word) for word in answer["read"]}
    assert answer["read"]


@pytest.mark.parametrize("path", _covered(MUST_FAIL), ids=lambda path: path.stem)
def test_must_fail(path: Path) -> None:
    """The reader refuses what gitenv refuses, as the same kind of error."""
    assert _answers_to_the_corpus()[path].get("refused") == read_vector(path).words["expect"]


def test_what_is_left_out_is_there() -> None:
    """The list of what the reader does not cover names nothing that is gone."""
    assert {read_vector(path).words["act"] for path in VALID + MUST_FAIL} > set(NOT_COVERED)


def _word(error: Exception) -> str:
    """The kind of an error, in the words of the vectors."""
    words = {kind: word for word, kind in ERRORS.items()}
    return next(words[kind] for kind in type(error).__mro__ if kind in words)


def _of_gitenv(word: str, read: Callable[[], bytes]) -> Answer:
    """What gitenv says, in the words of the reader."""
    try:
        return {"read": {word: read().decode("latin-1")}}
    except (GitenvError, Unopened) as error:
        return {"refused": _word(error)}


def _ring() -> tuple[Keyring, Environment]:
    """The keys of the corpus after a rotation, and the statement for them."""
    ring, chain = _rotated(IDENTITY, DEKS[1], DEKS[2])
    return ring, statement(ring, chain, before=statement(FIRST, identity=IDENTITY), identity=IDENTITY)


def _rotated(identity: EnvironmentId, first: Dek, second: Dek) -> tuple[Keyring, list[Any]]:
    before = Keyring(identity, first_generation(first, identity), first, [])
    generation, chain = before.next_generation(second)
    return Keyring(identity, generation, second, chain), chain


FIRST = Keyring(IDENTITY, first_generation(DEKS[1], IDENTITY), DEKS[1], [])
RING, STATEMENT = _ring()
RETIRED = committed(b"OLD=1\n# old\n", FIRST)


def _asked(act: str, documents: Iterable[bytes]) -> list[Answer]:
    """The reader's answers about documents of an environment with two generations."""
    about = _file({"act": "environment"}, STATEMENT.text)
    files = [_file({"act": act, "statement": "0.txt"}, data) for data in documents]
    return _answers_to([about, *files])[1:]


def _hold_no_difference(triples: Iterable[tuple[object, object, object]]) -> None:
    """Each is what was asked, what the reader says, and what gitenv says."""
    differ = [f"{asked!r}:\n  reader: {reader}\n  gitenv: {gitenv}" for asked, reader, gitenv in triples if reader != gitenv]
    assert not differ, "\n".join(differ)


def _hold_same(act: str, word: str, documents: Sequence[bytes], says: Callable[[bytes, Keyring], bytes]) -> None:
    """Hold that the reader and gitenv say the same of each document."""
    ours = [_of_gitenv(word, partial(says, data, RING)) for data in documents]
    _hold_no_difference(zip(documents, _asked(act, documents), ours, strict=True))


@_few
@given(st.lists(plain(), min_size=BATCH // 2, max_size=BATCH))
def test_fresh_documents(documents: list[bytes]) -> None:
    """Whatever people write, both encrypt it to the same bytes, and open those to what it was."""
    commits = [committed(data, RING) for data in documents]
    _hold_same("clean", "committed", documents, committed)
    _hold_same("smudge", "opened", commits, lambda data, _: documents[commits.index(data)])


def test_edges_of_the_grammar() -> None:
    """Both read the corner cases the same, and open them to what they were."""
    commits = [committed(data, RING) for data in EDGES]
    _hold_same("clean", "committed", EDGES, committed)
    _hold_same("smudge", "opened", commits, lambda data, _: EDGES[commits.index(data)])


def _made(name: bytes, raw: bytes) -> bytes:
    """A token that gitenv would not write: somebody with the key gave a record another name, or another place."""
    body = base64url.encode(RING.keys.encrypt(b"kv" if name else b"line", name or b"-", raw))
    shown = name + b"=" if name else b"#"
    return b"%bgitenv1:%d.%b:%b" % (shown, RING.current.number, token.hint(RING.current.commitment), body)


def test_tokens_made_by_hand() -> None:
    """A token opens only to a record that reads, where it stands, as what the token shows."""
    made = [
        *(
            (name, raw)
            for name in (b"", b"A")
            for raw in (b"A=1", b"B=1", b"# A", b"garbage", b" ", b"A=1\n", b"A='1", b"A=1\nB=2", b"## x")
        ),
        *((name, b"gitenv1:" + raw) for name in (b"", b"A") for raw in (b"", b"x")),
        *((b"A", b"A=gitenv%b:x" % version) for version in (b"1", b"2", b"1-sealed", b"-unverified", b"")),
        (b"A", RETIRED.splitlines()[0]),
    ]
    tokens = [_made(name, raw) for name, raw in made]
    commits = [
        before + one + after
        for one in tokens
        for before in (b"", committed(b"x\n", RING))
        for after in (b"", b"\n", b"\n" + tokens[0])
    ]
    _hold_same("smudge", "opened", commits, checked_out)
    _hold_same("clean", "committed", commits, committed)


@st.composite
def _tampered(draw: st.DrawFn) -> bytes:
    """A commit that somebody cut to lines and put together in another way, with lines of their own."""
    commit = b"".join(committed(data + b"\n", RING) for data in draw(st.lists(plain(), min_size=1, max_size=3)))
    lines = (commit + RETIRED).splitlines(keepends=True) + draw(st.lists(anything(), max_size=2))
    return b"".join(draw(st.lists(st.sampled_from(lines), max_size=8)))


@_few
@given(st.lists(st.one_of(_tampered(), anything()), min_size=BATCH // 2, max_size=BATCH))
def test_tampered_documents(commits: list[bytes]) -> None:
    """Whatever stands in a commit, both open the same, mark the same, and let the same back in."""
    _hold_same("smudge", "opened", commits, checked_out)
    _hold_same("clean", "committed", commits, committed)


_DEKS = st.binary(min_size=32, max_size=32).map(Dek)
_SCALARS = st.integers(1, 2**255)  # all below the order of the curve


@_few
@given(_DEKS, _DEKS, st.binary(min_size=16, max_size=16).map(EnvironmentId), _SCALARS, plain())
def test_fresh_keys(first: Dek, second: Dek, identity: EnvironmentId, scalar: int, data: bytes) -> None:
    """From nothing but a device key: the grant gives the DEK, the chain the one before, and both open the document."""
    ring, chain = _rotated(identity, first, second)
    alice = Person("alice", device_of(scalar))
    founded = Keyring(identity, first_generation(first, identity), first, [])
    founding = statement(founded, identity=identity, holders=[alice], by=alice)
    about = statement(ring, chain, before=founding, identity=identity, holders=[alice], by=alice)
    commit = committed(data, ring)
    keys = {"id": identity.hex(), "alice": f"{scalar:064x}"}
    files = [
        _file({"act": "environment", "before": "3.txt", "grant": "1.txt", "for": "alice"}, about.text),
        _file({"act": "grant", "for": "alice"}, grant_for(alice, alice, about, data_key=second).text),
        _file({"act": "smudge", "statement": "0.txt", "grant": "1.txt", "for": "alice"}, commit),
        _file({"act": "environment", "dek": "1"}, founding.text),
    ]
    assert _answers_to(files, {**keys, "dek-1": first.hex()}) == [
        {"read": {"dek-2": second.hex(), "dek-1": first.hex()}},
        {"read": {"dek-2": second.hex()}},
        {"read": {"opened": data.decode("latin-1")}},
        {"read": {"dek-1": first.hex()}},
    ]


@_few
@given(st.lists(_DEKS, min_size=4, max_size=4, unique=True), plain())
def test_fresh_sides(deks: list[Dek], data: bytes) -> None:
    """Where one of two rotations of one number was given up, both keys come out of the chain, and the one behind them.

    Of two that are named, only the one that a holder signed is gone back to.
    """
    first, ours, theirs, dek = deks
    alice = Person("alice", device_of(int(KEYS["alice"], 16)))
    before = Keyring(IDENTITY, first_generation(first, IDENTITY), first, [])
    founding = statement(before, identity=IDENTITY, holders=[alice], by=alice)
    parents = []
    for one in (ours, theirs):
        ring, chain = _rotated(IDENTITY, first, one)
        about = statement(ring, chain, before=founding, identity=IDENTITY, holders=[alice], by=alice)
        parents.append(Parent(about, ring))
    base, aside = (parent.environment for parent in parents)
    eve = Person("eve", device_of(2))
    stranger = statement(before, before=founding, identity=IDENTITY, holders=[alice, eve], by=eve)
    ring, older = chained(parents, dek)
    about = statement(ring, older, before=base, beside=[aside, stranger], identity=IDENTITY, holders=[alice], by=alice)
    by_commitment = sorted(parents, key=lambda parent: parent.ring.current.commitment)
    keys = {**KEYS, "dek-3": dek.hex()}
    files = [
        _file({"act": "environment", "before": "2.txt", "dek": "3"}, about.text),
        _file({"act": "smudge", "statement": "0.txt"}, committed(data, ring)),
        *(_file({"act": "environment"}, each.text) for each in (base, aside, founding, stranger)),
        _file({"act": "trusted", "folder": "production", "pinned": "4.txt 3.txt", "past": "2.txt 5.txt"}, about.text),
    ]
    names = zip(("dek-2", "dek-2-beside"), (parent.ring.dek.hex() for parent in by_commitment), strict=True)
    answers = _answers_to(files, keys)
    assert [answers[0], answers[1], answers[6]] == [
        {"read": {"dek-3": dek.hex(), **dict(names), "dek-1": first.hex()}},
        {"read": {"opened": data.decode("latin-1")}},
        {"read": {"is": "next", "goes-back-to": f"{founding.hash[:12]} {aside.hash[:12]} {base.hash[:12]}"}},
    ]


def _of_chain(pin: Pin | None, new: Environment, tree: MemoryTree, history: Sequence[Environment]) -> Answer:
    """What gitenv says of a statement in a small world, in the words of the reader."""
    try:
        verdict = Trusted("production", pin, tree).about(new)
        if history and verdict.answer is Answered.NEXT:
            forks.check_asides({each.hash: each for each in history}, verdict, pin.environment if pin else verdict.statement)
    except GitenvError as error:
        return {"refused": _word(error)}
    past = " ".join(each[:12] for each in verdict.past)
    return {"read": {"is": verdict.answer.value, **({"goes-back-to": past} if past else {})}}


def _histories(forged: Iterable[worlds.Forged]) -> list[list[Environment]]:
    """Beginnings of stories, each with something that he who was removed signed afterwards."""
    beginnings = worlds.histories()
    return [[*beginnings[number * 5 % len(beginnings)].values(), *each.chain.values()] for number, each in enumerate(forged)]


def test_small_worlds() -> None:
    """Of what honest people and somebody who was removed signed, both believe the same, with whatever lies in history."""
    world, honest = worlds.world(), worlds.HONEST
    without_dave = worlds.signed(worlds.DAVES_PATH_REDONE, ALICE, worlds.WITHOUT_BOB)
    apart = 1 if ALL else 2
    asides = [*world.good[:: 53 * apart], *world.on_top[:: 101 * apart]]
    forged = [each for one in asides for each in one.chain.values()]
    everything = [*honest, without_dave, *forged, *(each.statement for each in world.bad[:: 61 * apart])]
    name = {each.hash: f"{number}.txt" for number, each in enumerate(everything)}

    def named(statements: Iterable[Environment]) -> str:
        return " ".join(name[each.hash] for each in statements)

    pins = [None, *honest[::2]]
    asked = [
        *itertools.product(pins, everything, [[], everything]),
        *itertools.product(pins, honest[::3], _histories(asides)),
        (None, without_dave, [*honest[:2], worlds.DAVES_PATH, worlds.DAVES_PATH_REDONE, worlds.BY_DAVE]),
    ]
    past = named(everything)
    tree, by_hash = MemoryTree(None, past=everything), {each.hash: each for each in everything}
    files, ours = [_file({"act": "environment"}, each.text) for each in everything], []
    for pinned, new, history in asked:
        pin = pinned and worlds.pinned_at(pinned)
        words = {"act": "trusted", "folder": "production", "past": past}
        words["history"] = past if history is everything else named(history)
        if pin and pinned:
            words["pinned"] = named([*(by_hash[each] for each in pin.earlier), pinned])
        else:
            words["named"] = "yes"
        files.append(_file({word: value for word, value in words.items() if value}, new.text))
        ours.append(_of_chain(pin, new, tree, history))
    answers = _answers_to(files)[len(everything) :]
    assert {"forked", "not-a-holder", "bad-proof", None} <= {answer.get("refused") for answer in answers}
    _hold_no_difference((number, *both) for number, both in enumerate(zip(answers, ours, strict=True)))


@_few
@given(st.lists(plain(), min_size=BATCH // 2, max_size=BATCH), st.sampled_from(["alice", "bob", "eve"]), st.booleans())
def test_fresh_sealed_values(records: list[bytes], who: str, is_changed: bool) -> None:
    """Whatever somebody seals, a value or anything else: both open it to the same, or refuse it as the same kind of error."""
    about = _file({"act": "environment"}, STATEMENT.text)
    to = statement(RING, [], identity=IDENTITY)
    vectors = []
    for number, raw in enumerate(records):
        name = (document.parse(raw) or [document.Record(document.Kind.UNKNOWN, b"", b"", b"")])[0].name.decode() or "A"
        line = bytearray(sealed.seal(to, raw, name, who, PEOPLE[who]))
        if is_changed:
            line[(number * 37) % len(line)] ^= 1 << number % 7
        parts = b"-- sealed --\n%b\n-- record --\n%b\n" % (bytes(line).replace(b"\n", b""), raw)
        words = {"act": "sealed", "statement": "environment-second-generation.txt", "by": who}
        vectors.append(Vector(words, parts))
    files = [_file({**vector.words, "statement": "0.txt"}, vector.content) for vector in vectors]
    _hold_no_difference(
        (vector.content, answer.get("refused"), _refusal(vector))
        for vector, answer in zip(vectors, _answers_to([about, *files])[1:], strict=True)
    )


_STATEMENTS = [
    vector
    for vector in map(read_vector, _covered(VALID + MUST_FAIL))
    if vector.words["act"] in ("environment", "grant", "standing", "trusted", "public-key") and "repeat" not in vector.words
]


@st.composite
def _edited(draw: st.DrawFn) -> Vector:
    """A statement or key of the corpus in which somebody replaced, added or removed something."""
    vector = draw(st.sampled_from(_STATEMENTS))
    at = draw(st.integers(0, len(vector.content)))
    words = [b"", b"0", b"1", b"A", b"_", b"=", b" ", b"\n", b"/", b".", b"*", b"\r", b"-", b"com1", b"older 1 "]
    cut = draw(st.integers(0, 2))
    return vector._replace(content=vector.content[:at] + draw(st.sampled_from(words)) + vector.content[at + cut :])


def _refusal(vector: Vector) -> str | None:
    """As what kind of error gitenv refuses a vector."""
    try:
        ACTS[vector.words["act"]](vector)
    except tuple(ERRORS.values()) as error:
        return _word(error)
    except (AssertionError, KeyError):  # it was read, and says something else than before, or at all
        return None
    return None


@_few
@given(st.lists(_edited(), min_size=BATCH // 2, max_size=BATCH))
def test_edited_statements(vectors: list[Vector]) -> None:
    """Whatever is done to a statement, both refuse it as the same kind of error, or neither does."""
    answers = _answers_to([_file(vector.words, vector.content) for vector in vectors])
    _hold_no_difference(
        (vector, answer.get("refused"), _refusal(vector)) for vector, answer in zip(vectors, answers, strict=True)
    )
