"""The seam for kinds of keys: what each kind must agree with, and that another one is nothing but another module."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from gitenv.errors import Malformed, Usage
from gitenv.model import grant
from gitenv.model.cipher import Unopened
from gitenv.model.grant import READER, Grant
from gitenv.model.keys import read_public
from gitenv.model.kinds import Identity, PublicKey, registry
from gitenv.model.kinds.p256 import P256Identity, P256Key
from gitenv.model.membership import who_is_in
from gitenv.model.statements import Holder, is_signed_by
from tests.model.builders import ALICE, AT, BOB, TODAY, dek, resigned, statement

FORMAT = Path(__file__).parents[2] / "docs" / "format.md"


class X25519Key(PublicKey):
    """A kind that gitenv does not have, and whose keys sign nothing."""

    KIND = "x25519"
    SIZE = 32
    WRAP = "x25519-hkdf-sha256-aes256gcm"
    OVERHEAD = 32 + 16
    SSH = b"x25519"

    @classmethod
    def from_wire(cls, wire: bytes) -> X25519Key:
        return cls(wire[-32:])

    def wire(self) -> bytes:
        return b"\0\0\0\x06x25519\0\0\0\x20" + self

    def wrap(self, secret: bytes, info: bytes) -> bytes:
        return _suite().encrypt(secret, X25519PublicKey.from_public_bytes(self), info)

    def unwrap(self, wrapped: bytes, info: bytes, identity: Identity) -> bytes:
        assert isinstance(identity, X25519Identity)
        try:
            return _suite().decrypt(wrapped, identity.private, info)
        except InvalidTag:
            raise Unopened from None


class X25519Identity:
    def __init__(self) -> None:
        self.private = X25519PrivateKey.generate()
        self.public = X25519Key(self.private.public_key().public_bytes_raw())

    def dh(self, point: bytes) -> bytes:
        return self.private.exchange(X25519PublicKey.from_public_bytes(point))


def _suite() -> hpke.Suite:
    return hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


@pytest.fixture
def another_kind(monkeypatch: pytest.MonkeyPatch) -> X25519Identity:
    """As if its module stood in the list of kinds."""
    monkeypatch.setattr(registry, "every", lambda: (P256Key, X25519Key))
    return X25519Identity()


def _granted(key: PublicKey) -> Grant:
    return grant.write(statement(), dek(1), "carol", key, READER, by=ALICE.holder, at=AT, signer=ALICE.device)


def test_a_key_of_another_kind_is_let_in(another_kind: X25519Identity) -> None:
    """Its `.pub` file is read, its grant is written, read, counted and opened, and nothing but the kind knows how."""
    key = another_kind.public
    assert read_public(ALICE.key.line("alice") + key.line("carol"), "carol.pub") == [ALICE.key, key]
    found = grant.read(_granted(key).text, "here")
    assert found.key == key
    assert b"\nkey x25519 " in found.text
    assert b"\nwrap x25519-hkdf-sha256-aes256gcm " in found.text
    assert who_is_in(statement(), [found], TODAY).counted == {"carol": found}
    assert grant.unwrap(found, another_kind, "here") == dek(1)


def test_a_kind_that_signs_nothing_verifies_nothing(another_kind: X25519Identity) -> None:
    """Whatever stands under a text in the name of such a key."""
    by = Holder("carol", another_kind.public.fingerprint())
    text = resigned(statement().text, f"by {ALICE.holder}".encode(), f"by {by}".encode(), ALICE)
    assert not is_signed_by(text, another_kind.public)


def test_a_wrap_is_of_the_kind_of_its_key(another_kind: X25519Identity) -> None:
    """One that names another kind's is refused, for either key."""
    for key, other in ((another_kind.public, P256Key), (BOB.key, X25519Key)):
        text = _granted(key).text
        with pytest.raises(Malformed, match=f"not one of: {key.WRAP}"):
            grant.read(resigned(text, f"wrap {key.WRAP}".encode(), f"wrap {other.WRAP}".encode(), ALICE), "here")


def test_what_no_module_knows_is_refused(monkeypatch: pytest.MonkeyPatch, another_kind: X25519Identity) -> None:
    """A gitenv without that module reads neither the grant nor the `.pub` file."""
    text = _granted(another_kind.public).text
    monkeypatch.undo()
    with pytest.raises(Malformed, match="line 5: a key of a kind that this gitenv does not know"):
        grant.read(text, "here")
    with pytest.raises(Usage, match="not a key of a kind that gitenv can wrap for"):
        read_public(another_kind.public.line("carol"), "carol.pub")


def test_equal_bytes_of_two_kinds_are_two_keys() -> None:
    """Who is in by one of them is not in by the other."""
    key, other = P256Key(b"\x02" * 32), X25519Key(b"\x02" * 32)
    assert bytes(key) == bytes(other)
    assert key != other
    assert not key == other  # noqa: SIM201 - `bytes` answers the two by themselves
    assert len({key, other, P256Key(b"\x02" * 32)}) == 2


def test_each_kind_has_its_row_in_the_format() -> None:
    """Name, size, wrap, overhead, signature and `.pub` line are those of the table, and no two kinds share a name."""
    rows = [line for line in FORMAT.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    for kind in registry.every():
        (row,) = [row for row in rows if row.startswith(f"| `{kind.KIND}` |")]
        _, _, key, wrap, signature, ssh, _ = row.split("|")
        assert key.startswith(f" {kind.SIZE} bytes")
        assert wrap.startswith(f" `{kind.WRAP}`, {kind.OVERHEAD} bytes")
        assert signature == (f" {kind.SIGNATURE} bytes " if kind.SIGNATURE else " none ")
        assert ssh == f" `{kind.SSH.decode()}` "
    for names in ([each.KIND for each in registry.every()], [each.WRAP for each in registry.every()]):
        assert len(set(names)) == len(names)


def test_sizes_are_those_of_what_is_made() -> None:
    """A key, what is wrapped for it, and its signature."""
    identity = P256Identity.fresh()
    key = identity.public
    assert (len(key), len(key.wrap(bytes(32), b"")), len(identity.sign(b""))) == (key.SIZE, 32 + key.OVERHEAD, key.SIGNATURE)
    assert P256Key.from_wire(key.wire()) == key
