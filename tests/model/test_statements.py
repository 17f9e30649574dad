"""Environments and grants: what is written is read, and one text has one reading."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gitenv.errors import FirstEdition, Malformed, NotTrusted
from gitenv.model import base64url, environment, grant
from gitenv.model.cipher import Commitment, Generation
from gitenv.model.environment import Draft, Environment, Left
from gitenv.model.grant import HOLDER, READER, Grant
from gitenv.model.keyring import Older
from gitenv.model.kinds.p256 import P256Key
from gitenv.model.statements import MAX_BYTES, Holder, is_signed_by, key_text
from tests.model.builders import (
    ALICE,
    AT,
    BOB,
    CAROL,
    EVE,
    IDENTITY,
    OTHER_IDENTITY,
    TODAY,
    dek,
    grant_for,
    resigned,
    ring_of,
    rotated,
    statement,
)

RING, CHAIN = rotated(ring_of(), 2)
SIX = statement(revision=6, holders=(BOB, ALICE, EVE))
GIVEN_UP = statement(before=SIX, holders=(BOB, ALICE, EVE), by=BOB)
LEFT = Left("eve", EVE.key, 1)
RIGHT_BEFORE = grant_for(BOB, about=SIX)
ENVIRONMENT = environment.following(
    SIX,
    Draft(
        *(RING, CHAIN, [BOB.keyholder, ALICE.keyholder], (".env.production", "apps/*/.env.production")),
        beside=[GIVEN_UP.hash],
        known="41" * 32,
        left=[LEFT],
        reissue_within=30,
        proof=[RIGHT_BEFORE.text],
    ),
    by=ALICE.holder,
    at=AT,
    signer=ALICE.device,
)
GRANT = grant_for(BOB, about=ENVIRONMENT, data_key=dek(2))
Read = Callable[[bytes, str], Environment | Grant]
BOTH = pytest.mark.parametrize(("text", "read"), [(ENVIRONMENT.text, environment.read), (GRANT.text, grant.read)])


def test_a_chain_is_read_in_as_many_steps_as_it_has_new_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each statement lists all keys before its own: read anew in each, a chain would cost the square of its length."""
    counted: list[bytes] = []
    inner = base64url.decode

    def counting(text: bytes) -> bytes:
        counted.append(text)
        return inner(text)

    monkeypatch.setattr(base64url, "decode", counting)
    ring, older, chain = ring_of(), list[Older](), list[Environment]()
    for number in range(2, 42):
        ring, older = rotated(ring, number, older)
        chain.append(statement(ring, older, revision=number))
    counted.clear()
    assert [environment.read(each.text, "here") for each in chain] == chain
    assert len(counted) < 10 * len(chain)


def test_an_environment_comes_back() -> None:
    """All that was written is read, holders by name."""
    assert environment.read(ENVIRONMENT.text, "here") == ENVIRONMENT
    assert (ENVIRONMENT.name, ENVIRONMENT.id, ENVIRONMENT.revision) == ("production", IDENTITY, 7)
    assert (ENVIRONMENT.previous, ENVIRONMENT.beside) == (SIX.hash, (GIVEN_UP.hash,))
    assert (ENVIRONMENT.known, ENVIRONMENT.left, ENVIRONMENT.reissue_within) == ("41" * 32, (LEFT,), 30)
    assert ENVIRONMENT.proof == (RIGHT_BEFORE.text,)
    assert ENVIRONMENT.paths == (".env.production", "apps/*/.env.production")
    assert (ENVIRONMENT.generation, ENVIRONMENT.older) == (RING.current, tuple(CHAIN))
    assert ENVIRONMENT.keyholders == (ALICE.keyholder, BOB.keyholder)
    assert ENVIRONMENT.holders == (ALICE.holder, BOB.holder)
    assert (ENVIRONMENT.key_of(BOB.holder), ENVIRONMENT.key_of(EVE.holder)) == (BOB.key, None)
    assert (ENVIRONMENT.by, ENVIRONMENT.at) == (ALICE.holder, AT)
    assert ENVIRONMENT.keyring(dek(2)).at(ring_of().current)


def test_a_grant_comes_back() -> None:
    """All that was written is read, and the wrap opens for whom it was made."""
    assert grant.read(GRANT.text, "here") == GRANT
    assert (GRANT.environment, GRANT.id, GRANT.generation) == ("production", IDENTITY, RING.current)
    assert (GRANT.to, GRANT.key, GRANT.role, GRANT.expires) == ("bob", BOB.key, HOLDER, "")
    assert (GRANT.by, GRANT.at) == (ALICE.holder, AT)
    assert grant.unwrap(GRANT, BOB.device, "here") == dek(2)


def test_words_stand_in_their_order() -> None:
    """The words of both statements, as the format lists them."""
    assert [line.split(b" ")[0].decode() for line in ENVIRONMENT.text.splitlines()] == (
        [
            *("gitenv-environment", "name", "id", "revision", "previous", "beside", "path", "path", "generation", "older"),
            *("known", "left", "policy", "seal", "holder", "holder", "by", "proof", "at", "signature"),
        ]
    )
    assert [line.split(b" ")[0].decode() for line in GRANT.text.splitlines()] == (
        ["gitenv-grant", "environment", "generation", "to", "key", "role", "by", "at", "wrap", "signature"]
    )


def test_signatures_are_deterministic() -> None:
    """The same words by the same key are the same bytes (RFC 6979); a wrap is fresh every time."""
    assert statement(RING, CHAIN, before=SIX).text == statement(RING, CHAIN, before=SIX).text
    assert grant_for(BOB, about=ENVIRONMENT, data_key=dek(2)).wrap != GRANT.wrap


@BOTH
def test_who_signed_is_known(text: bytes, read: Read) -> None:
    """The signer's key verifies, nobody else's does, and no key that is no point."""
    assert is_signed_by(text, ALICE.key)
    assert not is_signed_by(text, EVE.key)
    assert not is_signed_by(text, P256Key(b"\x02" + b"\xff" * 32))
    assert not is_signed_by(text, P256Key(b""))


@BOTH
def test_every_line_is_needed_once(text: bytes, read: Read) -> None:
    """A line left out, written twice, or put after the next one is no statement, or not a signed one."""
    lines = text.splitlines(keepends=True)
    for n, line in enumerate(lines):
        swapped = [*lines[:n], *lines[n + 1 : n + 2], line, *lines[n + 2 :]]
        for changed in (lines[:n] + lines[n + 1 :], [*lines[:n], line, *lines[n:]], swapped):
            if changed == lines:
                continue
            try:
                read(b"".join(changed), "here")
            except Malformed:
                continue
            assert not is_signed_by(b"".join(changed), ALICE.key)


SHAPES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda text: b"",
    "a line feed": lambda text: b"\n",
    "no line feed at its end": lambda text: text[:-1],
    "two line feeds at its end": lambda text: text + b"\n",
    "carriage returns": lambda text: text.replace(b"\n", b"\r\n"),
    "a byte order mark": lambda text: b"\xef\xbb\xbf" + text,
    "not ASCII": lambda text: text.replace(b"by alice", "by älice".encode()),
    "a control character": lambda text: text.replace(b"by alice", b"by al\x1b[ice"),
    "a NUL": lambda text: text.replace(b"by alice", b"by al\0ice"),
    "a tab": lambda text: text.replace(b"by alice", b"by\talice"),
    "an unknown word": lambda text: text.replace(b"\nby ", b"\nnote hello\nby "),
    "a word without a value": lambda text: text.replace(AT.encode(), b""),
    "a line after the signature": lambda text: text + b"holder eve SHA256:" + b"A" * 43 + b"\n",
    "a blank line": lambda text: text.replace(b"\nby ", b"\n\nby "),
    "a blank at the end of a line": lambda text: text.replace(b"Z\n", b"Z \n"),
    "two blanks": lambda text: text.replace(b"by alice ", b"by  alice "),
    "upper case": lambda text: text.replace(b"\nby ", b"\nBY "),
    "no signature": lambda text: text[: text.rindex(b"signature")],
    "a short signature": lambda text: text[:-2] + b"\n",
    "a padded signature": lambda text: text[:-1] + b"==\n",
    "another version": lambda text: text.replace(b" 1\n", b" 2\n", 1),
    "another file": lambda text: text.replace(b"gitenv-", b"gitenv-other-", 1),
    "too large": lambda text: text.replace(b"\nby ", b"\nby " + b"x" * MAX_BYTES),
    "a number with a zero": lambda text: text.replace(b"\ngeneration 2", b"\ngeneration 02"),
    "generation zero": lambda text: text.replace(b"\ngeneration 2", b"\ngeneration 0"),
    "a number with a sign": lambda text: text.replace(b"\ngeneration 2", b"\ngeneration +2"),
    "a number without end": lambda text: text.replace(b"\ngeneration 2", b"\ngeneration 1234567890"),
    "a name that is a path": lambda text: text.replace(b"by alice", b"by ../alice"),
    "an environment's name that is a path": lambda text: text.replace(b"production", b"../production", 1),
    "a short fingerprint": lambda text: text.replace(b"SHA256:", b"SHA256:="),
    "a fingerprint of another kind": lambda text: text.replace(b"SHA256:", b"MD5:"),
    "a moment that is none": lambda text: text.replace(AT.encode(), b"2026-11-21 10:00"),
    "a moment in another zone": lambda text: text.replace(AT.encode(), AT.encode()[:-1] + b"+01:00"),
    "a key of another kind": lambda text: text.replace(b" p256 ", b" p384 "),
}


@BOTH
@pytest.mark.parametrize("shape", SHAPES)
def test_other_forms_are_refused(text: bytes, read: Read, shape: str) -> None:
    """What is not exactly the form is not read at all, whoever signed it."""
    changed = SHAPES[shape](text)
    assert changed != text
    with pytest.raises(Malformed, match=r"^here: "):
        read(changed, "here")


_OWN_AS_OLDER = Older(RING.current, bytes(60)).line()
_SENSELESS: dict[str, tuple[bytes, bytes]] = {
    "no path": (b"path .env.production\n", b""),
    "a path outside": (b"path .env.production\n", b"path ../.env\n"),
    "too many paths": (b"path .env.production\n", b"path .env.production\n" * 101),
    "an older generation twice": (CHAIN[0].line() + b"\n", (CHAIN[0].line() + b"\n") * 2),
    "an older generation that is its own": (b"seal ", _OWN_AS_OLDER + b"\nseal "),
    "a holder twice": (b"holder bob", b"holder alice"),
    "a holder of another kind": (b"holder bob p256", b"holder bob p384"),
    "a holder without a key": (b"holder bob p256 ", b"holder bob p256"),
    "revision zero": (b"revision 7", b"revision 0"),
    "revision one with one before": (b"revision 7", b"revision 1"),
    "no one before": (b"previous " + SIX.hash.encode() + b"\n", b""),
    "two before": (b"previous ", b"previous " + b"0" * 64 + b"\nprevious "),
    "the one before in upper case": (b"previous " + SIX.hash.encode(), b"previous " + SIX.hash.upper().encode()),
    "the one before cut": (b"previous " + SIX.hash.encode(), b"previous " + SIX.hash[:-1].encode()),
    "the one before as a path": (b"previous " + SIX.hash.encode(), b"previous " + b"../" * 21 + b"."),
    "a side that is no hash": (b"path ", b"beside production\npath "),
    "a side after the paths": (b"generation 2", b"beside " + b"0" * 64 + b"\ngeneration 2"),
    "what is known as a number": (b"seal ", b"known 41\nseal "),
    "what is known twice": (b"seal ", b"known " + b"0" * 64 + b"\nknown " + b"1" * 64 + b"\nseal "),
    "who left without a key": (b"seal ", b"left carl 2\nseal "),
    "who left before the first generation": (b"seal ", b"left carl " + key_text(EVE.key).encode() + b" 0\nseal "),
    "who left after the policy": (
        b"seal ",
        b"policy reissue-within 30d\nleft carl " + key_text(EVE.key).encode() + b" 1\nseal ",
    ),
    "a policy that nobody knows": (b"seal ", b"policy post-quantum required\nseal "),
    "a policy in hours": (b"seal ", b"policy reissue-within 30h\nseal "),
    "a policy of no days": (b"seal ", b"policy reissue-within 0d\nseal "),
    "two policies": (b"seal ", b"policy reissue-within 30d\npolicy reissue-within 30d\nseal "),
    "a proof in standard base64": (b"at 2026", b"proof A+/=\nat 2026"),
    "a proof before who signed": (b"by alice", b"proof AAAA\nby alice"),
    "seventeen proofs": (b"at 2026", b"proof AAAA\n" * 17 + b"at 2026"),
    "a device for a name": (b"name production", b"name con"),
    "a name in upper case": (b"name production", b"name Production"),
}


@pytest.mark.parametrize(("old", "new"), _SENSELESS.values(), ids=_SENSELESS)
def test_environments_that_make_no_sense_are_refused(old: bytes, new: bytes) -> None:
    """Even rightly signed."""
    text = statement(RING, CHAIN, before=SIX, holders=(ALICE, BOB)).text
    environment.read(text, "here")
    with pytest.raises(Malformed):
        environment.read(resigned(text, old, new, ALICE), "here")


def test_generations_are_listed_newest_first() -> None:
    """Two may share a number, after a side was given up; none stands before a later one."""
    third, chain = rotated(RING, 3, CHAIN)
    lines = [link.line() + b"\n" for link in chain]
    text = statement(third, chain, before=SIX).text
    with pytest.raises(Malformed, match="newest first"):
        environment.read(resigned(text, b"".join(lines), b"".join(lines[::-1]), ALICE), "here")


def test_the_first_edition_is_named() -> None:
    """Its statements list fingerprints and no keys: there is no way over, the way out is named, and the exit code is 5."""
    text = statement(holders=(ALICE, BOB)).text.decode()
    for person in (ALICE, BOB):
        text = text.replace(f"holder {person.keyholder}", f"holder {person.holder}")
    with pytest.raises(FirstEdition) as caught:
        environment.read(text.encode(), "here")
    assert caught.value.exit_code == 5
    assert caught.value.message.startswith("here: ")
    assert "gitenv init" in caught.value.hint
    later = text.replace("revision 1\n", "revision 7\n")  # that edition had no `previous`
    with pytest.raises(FirstEdition):
        environment.read(later.encode(), "here")


def test_nobody_holds_nothing() -> None:
    """An environment without a holder is refused."""
    with pytest.raises(Malformed):
        environment.read(resigned(statement().text, f"holder {ALICE.keyholder}\n".encode(), b"", ALICE), "here")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"role holder", b"role owner"),
        (b"role holder", b"role Holder"),
        (b"role holder", b"role holder\nexpires 2027-1-31"),
        (b"role holder", b"role holder\nexpires 2027-13-01"),
        (b"role holder", b"role holder\nexpires tomorrow"),
        (b"role holder", b"role holder\nexpires "),
        (b"to bob", b"to Bob"),
        (b"to bob", b"to nul"),
        (b"p256-hkdf-sha256-aes256gcm", b"mlkem768x25519"),
        (b"environment production ", b"environment "),
    ],
)
def test_grants_that_make_no_sense_are_refused(old: bytes, new: bytes) -> None:
    """Even rightly signed: roles, dates, names and wraps that this version does not know."""
    with pytest.raises(Malformed):
        grant.read(resigned(GRANT.text, old, new, ALICE), "here")


def test_a_statement_has_a_size() -> None:
    """256 KiB, which is some 3,500 holders: one that is right in all else and larger is not read."""
    crowd = [ALICE, *(ALICE._replace(name=f"alice-{n}") for n in range(5000))]
    assert len(statement(holders=crowd[:3500]).text) < MAX_BYTES
    with pytest.raises(Malformed, match="at most 262,144"):
        statement(holders=crowd)


def test_a_newer_version_names_the_way_out() -> None:
    """Who meets a later version is told to update."""
    with pytest.raises(Malformed) as caught:
        grant.read(GRANT.text.replace(b"gitenv-grant 1", b"gitenv-grant 2"), "here")
    assert "update" in caught.value.hint


# Wraps.


def test_a_wrap_opens_for_one_key() -> None:
    """Somebody else's device key opens nothing."""
    for person in (ALICE, CAROL, EVE):
        with pytest.raises(Malformed, match=r"^here: "):
            grant.unwrap(GRANT, person.device, "here")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"role holder", b"role reader"),
        (b"to bob", b"to eve"),
        (b"role holder", b"role holder\nexpires 2027-01-31"),
        (b"environment production", b"environment staging"),
        (b"\ngeneration 2", b"\ngeneration 3"),
        (AT.encode(), b"2026-11-22T10:00:00Z"),
    ],
)
def test_a_wrap_is_bound_to_the_words_above_it(old: bytes, new: bytes) -> None:
    """A role, name, date or environment that was edited, and signed again by a holder, does not open."""
    edited = grant.read(resigned(GRANT.text, old, new, ALICE), "here")
    assert is_signed_by(edited.text, ALICE.key)
    with pytest.raises(Malformed):
        grant.unwrap(edited, BOB.device, "here")


def test_a_copied_wrap_does_not_open() -> None:
    """The wrap of one grant under the words of another opens for neither."""
    other = grant_for(
        BOB, about=statement(name="staging", identity=OTHER_IDENTITY, ring=ring_of(2, OTHER_IDENTITY)), data_key=dek(2)
    )
    line = GRANT.text.splitlines()[-2]
    mixed = grant.read(resigned(other.text, other.text.splitlines()[-2], line, ALICE), "here")
    with pytest.raises(Malformed):
        grant.unwrap(mixed, BOB.device, "here")


@pytest.mark.parametrize("byte", [0, 1, 64, 65, 96, 97, 112])
def test_a_changed_wrap_does_not_open(byte: int) -> None:
    """Point, key and tag: each byte counts."""
    wrap = bytearray(GRANT.wrap)
    wrap[byte] ^= 1
    with pytest.raises(Malformed):
        grant.unwrap(GRANT._replace(wrap=bytes(wrap)), BOB.device, "here")


def test_another_key_in_a_grant_is_refused() -> None:
    """A holder cannot hand out another DEK than everybody else's: its commitment tells."""
    wrong = grant_for(BOB, about=ENVIRONMENT, data_key=dek(9))
    with pytest.raises(NotTrusted):
        ENVIRONMENT.keyring(grant.unwrap(wrong, BOB.device, "here"))


def test_the_seal_belongs_to_the_key() -> None:
    """Values sealed to a key that the DEK does not give would be somebody else's to read."""
    environment.check_seal(ENVIRONMENT, RING)
    with pytest.raises(NotTrusted):
        environment.check_seal(ENVIRONMENT._replace(seal=EVE.key), RING)


def test_a_new_environment_is_its_founders() -> None:
    """Revision 1, generation 1, a DEK of its own, and one holder."""
    new, key = environment.found("development", [".env"], ALICE.keyholder, AT, ALICE.device)
    assert (new.revision, new.generation.number, new.older, new.holders) == (1, 1, (), (ALICE.holder,))
    assert new.keyring(key).current == new.generation
    assert is_signed_by(new.text, ALICE.key)
    assert environment.found("development", [".env"], ALICE.keyholder, AT, ALICE.device)[1] != key


@pytest.mark.parametrize(
    ("expires", "today", "is_over"), [("", TODAY, False), (TODAY, TODAY, False), ("2026-11-20", TODAY, True)]
)
def test_the_last_day_counts(expires: str, today: str, is_over: bool) -> None:
    """`expires` is the last day on which a grant counts; without it, it always does."""
    assert GRANT._replace(expires=expires).expired(today) is is_over


def test_an_expiry_is_read() -> None:
    """The date stands after the role."""
    dated = grant.read(resigned(GRANT.text, b"role holder", b"role reader\nexpires 2027-01-31", ALICE), "here")
    assert (dated.role, dated.expires) == (READER, "2027-01-31")


def test_a_path_belongs_to_whoever_claims_it() -> None:
    """The patterns of the statement decide."""
    assert ENVIRONMENT.claims(".env.production")
    assert ENVIRONMENT.claims("deep/down/.env.production")
    assert not ENVIRONMENT.claims(".env")


@pytest.mark.parametrize(
    "path", [".gitattributes", "a/.gitignore", ".gitmodules", ".recipients/a.pub", ".recipients/x/a.grant", "a/.env.example"]
)
def test_nobody_claims_what_is_gits_or_ours(path: str) -> None:
    """Whatever a statement says: nobody could read any more who may read."""
    assert not statement(paths=["*a*", "*g*", "*.g?tignore", "*.example"]).claims(path)


def test_generations_of_one_number_may_stand_side_by_side() -> None:
    """Where a side was given up, its keys are listed as well: of an older number, of this one, or of a later one."""
    text, line = ENVIRONMENT.text, CHAIN[0].line() + b"\n"
    for number in (1, 2, 3):
        beside = Older(Generation(number, Commitment(bytes(32))), CHAIN[0].wrapped)
        listed = environment.read(resigned(text, line, beside.line() + b"\n" + line, ALICE), "here")
        assert [older.generation for older in listed.older] == [beside.generation, CHAIN[0].generation]


def test_a_holder_is_a_name_and_a_fingerprint() -> None:
    """As `holder` and `by` lines say it."""
    assert str(Holder("alice", "SHA256:x")) == "alice SHA256:x"
