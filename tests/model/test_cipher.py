"""What one DEK is made into, and how one record is encrypted."""

from __future__ import annotations

import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from hypothesis import given
from hypothesis import strategies as st

from gitenv.model import base64url, document, token
from gitenv.model.cipher import SIV_TAG, Commitment, Dek, EnvironmentId, Keys, Unopened, padded_size, sha256, sha256_each
from tests.model.builders import IDENTITY, OTHER_IDENTITY, committed, dek, ring_of

KEYS = Keys(dek(1), IDENTITY)

SIZES = [(0, 32), (1, 32), (31, 32), (32, 64), (63, 64), (64, 96), (191, 192), (223, 224), (224, 256), (255, 256), (256, 320)]
SIZES += [
    (319, 320),
    (320, 384),
    (383, 384),
    (384, 448),
    (447, 448),
    (448, 512),
    (511, 512),
    (512, 640),
    (639, 640),
    (640, 768),
]
SIZES += [(768, 896), (896, 1024), (1023, 1024), (1024, 1280), (2047, 2048), (2048, 2560), (1_000_000, 1_048_576)]


_WITHOUT = """
import sys, types
from cryptography.hazmat.primitives.ciphers import aead
from cryptography.hazmat.bindings import _rust
other = types.ModuleType("_rust")
if sys.argv[1] != "nothing":
    sys.modules["cryptography.hazmat.bindings._rust"] = other
if sys.argv[1] == "aead":
    other.openssl = types.ModuleType("openssl")
from gitenv.model import cipher
assert (cipher.AESSIV, cipher.AESGCM) == (aead.AESSIV, aead.AESGCM)
"""


@pytest.mark.parametrize("lacks", ["nothing", "openssl", "aead"])
def test_the_ciphers_are_the_public_ones(lacks: str) -> None:
    """They come from a private module, which has the public classes; another `cryptography` may not have it, or not there."""
    subprocess.run([sys.executable, "-E", "-P", "-c", _WITHOUT, lacks], check=True)


@pytest.mark.parametrize(("size", "padded"), SIZES)
def test_lengths_are_rounded(size: int, padded: int) -> None:
    """Multiples of 32 up to 256, then four steps an octave."""
    assert padded_size(size) == padded
    assert len(KEYS.encrypt(b"kv", b"A", b"x" * size)) == SIV_TAG + padded


@given(st.integers(0, 5_000_000))
def test_padding_is_little_and_never_nothing(size: int) -> None:
    """There is at least one byte of padding, and beyond 256 bytes at most a quarter."""
    padded = padded_size(size)
    assert size < padded <= max(size + 32, size * 5 // 4 + 1)
    assert padded_size(padded - 1) == padded


@given(st.binary(max_size=700))
def test_decrypt_undoes_encrypt(raw: bytes) -> None:
    """Whatever the bytes are, trailing zeros and 0x80 included."""
    for text in (raw, raw + b"\x80", raw + b"\0\0"):
        assert KEYS.decrypt(b"kv", b"A", KEYS.encrypt(b"kv", b"A", text)) == text


def _padded_by_hand(padded: bytes) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    key = HKDF(hashes.SHA256(), 64, salt=bytes(IDENTITY), info=b"gitenv/1/value").derive(bytes(dek(1)))
    return AESSIV(key).encrypt(padded, [b"gitenv/1/value", bytes(IDENTITY), b"kv", b"A"])


@given(st.lists(st.tuples(st.binary(max_size=300), st.sampled_from([b"", b"A", b"KEY_2"]))), st.integers(0))
def test_many_lines_are_the_same_as_one_by_one(lines: list[tuple[bytes, bytes]], other: int) -> None:
    """One without a name is hidden as a line; one body that is another one opens none."""
    bodies = [KEYS.encrypt(b"kv" if name else b"line", name or b"-", raw) for raw, name in lines]
    assert KEYS.encrypt_lines(lines) == bodies
    names = [name for _, name in lines]
    assert KEYS.decrypt_lines(zip(bodies, names, strict=True)) == [raw for raw, _ in lines]
    if lines:
        names[other % len(names)] += b"_"
        with pytest.raises(Unopened):
            KEYS.decrypt_lines(zip(bodies, names, strict=True))


def test_the_cipher_is_the_documented_one() -> None:
    """AES-SIV over the padded record, under HKDF's `value` key, with the four items of associated data."""
    assert KEYS.encrypt(b"kv", b"A", b"A=1") == _padded_by_hand(b"A=1\x80" + bytes(28))


@pytest.mark.parametrize(
    "padded",
    [b"A=1\x80" + bytes(60), b"A=1\x80", bytes(32), b"A=1" + bytes(29), b"A=1\x81" + bytes(28), b"x" * 32, b"\x80" + bytes(63)],
    ids=["too long", "too short", "zeros", "no end", "another end", "none", "nothing, too long"],
)
def test_padding_has_one_form(padded: bytes) -> None:
    """Who has the key cannot write one text in two ways either."""
    with pytest.raises(Unopened):
        KEYS.decrypt(b"kv", b"A", _padded_by_hand(padded))


def test_every_bit_of_a_body_counts() -> None:
    """One bit changed anywhere, tag or text, and nothing opens."""
    body = KEYS.encrypt(b"kv", b"A", b"A=1")
    for position in range(len(body) * 8):
        changed = bytearray(body)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises(Unopened):
            KEYS.decrypt(b"kv", b"A", bytes(changed))


@pytest.mark.parametrize(
    ("kind", "name", "keys"),
    [
        (b"kv", b"B", KEYS),
        (b"kv", b"a", KEYS),
        (b"kv", b"", KEYS),
        (b"line", b"A", KEYS),
        (b"line", b"-", KEYS),
        (b"kvA", b"", KEYS),
        (b"kv", b"A", Keys(dek(1), OTHER_IDENTITY)),
        (b"kv", b"A", Keys(dek(2), IDENTITY)),
    ],
)
def test_a_value_opens_in_its_place_only(kind: bytes, name: bytes, keys: Keys) -> None:
    """Not under another name, as another kind, in another environment, or with another generation's key."""
    body = KEYS.encrypt(b"kv", b"A", b"A=1")
    assert KEYS.decrypt(b"kv", b"A", body) == b"A=1"
    with pytest.raises(Unopened):
        keys.decrypt(kind, name, body)


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 47])
def test_short_bodies_are_refused(size: int) -> None:
    """Nothing that short was ever written; none of it reaches AES-SIV's empty input."""
    with pytest.raises(Unopened):
        KEYS.decrypt(b"kv", b"A", bytes(size))


def test_purposes_have_keys_of_their_own() -> None:
    """The commitment and the seal tell nothing of each other, and differ by environment."""
    other = Keys(dek(1), OTHER_IDENTITY)
    assert len(KEYS.commitment()) == 32
    assert KEYS.commitment() == Keys(dek(1), IDENTITY).commitment() != other.commitment()
    assert KEYS.seal_seed() != other.seal_seed()


def test_older_keys_are_wrapped_with_their_line() -> None:
    """A wrapped DEK opens under its key and beside its own words only; every wrap has a nonce of its own."""
    wrapped = KEYS.wrap_older(dek(2), b"older 1")
    assert len(wrapped) == 60
    assert wrapped[:12] != KEYS.wrap_older(dek(2), b"older 1")[:12]
    assert KEYS.unwrap_older(wrapped, b"older 1") == dek(2)
    for keys, data, about in [
        (KEYS, wrapped, b"older 2"),
        (Keys(dek(2), IDENTITY), wrapped, b"older 1"),
        (KEYS, wrapped[:-1], b"older 1"),
        (KEYS, b"", b"older 1"),
    ]:
        with pytest.raises(Unopened):
            keys.unwrap_older(data, about)


def test_fresh_keys_are_fresh() -> None:
    """Two DEKs or ids are never the same, and have their size."""
    assert len(Dek.fresh()) == 32
    assert len(EnvironmentId.fresh()) == 16
    assert Dek.fresh() != Dek.fresh()
    assert EnvironmentId.fresh() != EnvironmentId.fresh()


@given(st.lists(st.binary(max_size=300)))
def test_hashes_of_many_are_the_same_as_one_by_one(each: list[bytes]) -> None:
    """Nothing of one is left in the next."""
    assert [*sha256_each(each)] == [sha256(data) for data in each]


def test_sha256_is_sha256() -> None:
    """The known answer for "abc" (FIPS 180-2)."""
    assert sha256(b"abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


# Tokens: how one encrypted record is spelled.

TOKEN = committed(b"KEY=hunter2", ring_of())


def _read(raw: bytes) -> token.Token | None:
    (record,) = document.parse(raw)
    return token.read(record) if record.kind is document.Kind.TOKEN else None


def test_a_token_says_its_name_generation_and_hint() -> None:
    """`NAME=gitenv1:NUMBER.HINT:BASE64URL`."""
    found = _read(TOKEN)
    assert found
    assert (found.name, found.number) == (b"KEY", 1)
    assert found.hint == base64url.encode(ring_of().current.commitment)[:6] == token.hint(ring_of().current.commitment)
    assert token.open_with(KEYS, found) == b"KEY=hunter2"


def test_hidden_lines_have_no_name() -> None:
    """`#gitenv1:…` for all that has none to show."""
    found = _read(committed(b"# hunter2", ring_of()))
    assert found
    assert found.name == b""
    assert token.open_with(KEYS, found) == b"# hunter2"


@pytest.mark.parametrize("position", range(len(TOKEN)))
def test_every_character_of_a_token_counts(position: int) -> None:
    """One bit changed anywhere in a token's text: it does not read, names another key, or does not open."""
    for bit in range(8):
        changed = bytearray(TOKEN)
        changed[position] ^= 1 << bit
        records = document.parse(bytes(changed))
        found = token.read(records[0]) if len(records) == 1 and records[0].kind is document.Kind.TOKEN else None
        keys = ring_of().find(found.number, found.hint) if found else None
        if found and keys:
            with pytest.raises(Unopened):
                token.open_with(keys, found)


@pytest.mark.parametrize(
    "spelling",
    [
        TOKEN + b"=",
        TOKEN + b"A",
        TOKEN[:-1],
        TOKEN.replace(b"gitenv1", b"Gitenv1"),
        TOKEN.replace(b":1.", b":01."),
        TOKEN.replace(b":1.", b":+1."),
        TOKEN.replace(b":1.", b":1234567890."),
        TOKEN.replace(b":1.", b": 1."),
        TOKEN.replace(b"KEY=", b"KEY ="),
        TOKEN.replace(b"KEY=", b"KEY:"),
        TOKEN.replace(b"KEY=", b" KEY="),
        TOKEN + b" ",
        TOKEN + b"\r",
        TOKEN.rpartition(b":")[0] + b":" + base64url.encode(bytes(47)),
    ],
)
def test_a_token_has_one_spelling(spelling: bytes) -> None:
    """Two spellings would be two blobs for one value."""
    assert spelling != TOKEN
    assert _read(spelling) is None


def test_an_empty_record_is_never_opened() -> None:
    """No record is empty; who has the key cannot make one vanish into nothing."""
    with pytest.raises(Unopened):
        token.open_with(KEYS, token.Token(b"KEY", 1, b"", KEYS.encrypt(b"kv", b"KEY", b"")))


@given(st.binary(max_size=50))
def test_base64url_reads_what_it_wrote(data: bytes) -> None:
    """The spelling is undone, and has no padding and no `+` or `/`."""
    text = base64url.encode(data)
    assert base64url.decode(text) == data
    assert not set(text) & set(b"=+/\n")


@given(st.one_of(st.binary(max_size=12), st.text("AQgwz-_+/=\n ", max_size=8).map(str.encode)))
def test_base64url_reads_nothing_else(text: bytes) -> None:
    """Every text is refused but the one that would have been written."""
    try:
        data = base64url.decode(text)
    except ValueError:
        return
    assert base64url.encode(data) == text


@given(st.text("AEIgQwz-_09", max_size=9).map(str.encode), st.integers(0, 7))
def test_base64url_knows_the_size_of_what_it_reads(text: bytes, size: int) -> None:
    """Without reading it: the same as of what is read, and nothing of what would be refused."""
    try:
        assert base64url.has(text, size) is (len(base64url.decode(text)) >= size)
    except ValueError:
        assert not base64url.has(text, size)


@given(
    st.lists(st.binary(max_size=50).map(base64url.encode)),
    st.lists(st.one_of(st.binary(max_size=12), st.text("AQgwz-_+/=\n ", max_size=8).map(str.encode)), max_size=2),
)
def test_base64url_of_many_is_the_same_as_one_by_one(texts: list[bytes], others: list[bytes]) -> None:
    """They are spelled in the same way, and read only if each of them is."""
    found = [base64url.decode(text) for text in texts]
    assert base64url.encode_each(found) == texts
    try:
        found += [base64url.decode(text) for text in others]
    except ValueError:
        with pytest.raises(ValueError, match="base64url"):
            base64url.decode_each(texts + others)
    else:
        assert base64url.decode_each(texts + others) == found


@pytest.mark.parametrize(
    "text", [b"QQ==", b"QQ=", b"QR", b"QUJ", b"Q", b"+/+/", b"QU I", b"QUI\n", b"QQ\0", b"QUJDR", b"=", b"Q\xff"]
)
def test_other_spellings_of_base64_are_refused(text: bytes) -> None:
    """Padding, bits that are left over, the other alphabet, blanks."""
    with pytest.raises(ValueError, match="base64url"):
        base64url.decode(text)


def test_a_commitment_is_of_one_key() -> None:
    """Changing one bit of the DEK changes the commitment."""
    assert isinstance(KEYS.commitment(), Commitment)
    assert Keys(Dek(b"\0" + dek(1)[1:]), IDENTITY).commitment() != KEYS.commitment()
