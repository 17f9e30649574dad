"""Public keys: which spellings are read, which fingerprints they have, and what is refused."""

from __future__ import annotations

import shutil
import subprocess
from binascii import b2a_base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from gitenv.errors import Usage
from gitenv.model import keys
from gitenv.model.keys import read_public
from gitenv.model.kinds.p256 import ORDER, P256Key
from tests.model.builders import ALICE, BOB

ANY_PUBLIC = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey | dsa.DSAPublicKey | x25519.X25519PublicKey
P384 = ec.derive_private_key(1001, ec.SECP384R1()).public_key()
K256 = ec.derive_private_key(1001, ec.SECP256K1()).public_key()
ED25519 = ed25519.Ed25519PrivateKey.from_private_bytes(b"\x01" * 32).public_key()
X25519 = x25519.X25519PrivateKey.from_private_bytes(b"\x01" * 32).public_key()
RSA = rsa.generate_private_key(65537, 2048).public_key()


def _pem(key: ANY_PUBLIC) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _ssh(key: ANY_PUBLIC) -> bytes:
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)


PEM, SSH = _pem(ALICE.key.point()), _ssh(ALICE.key.point())
SK = b"sk-ecdsa-sha2-nistp256@openssh.com " + SSH.split(b" ")[1] + b" alice"

SPELLINGS = {
    "pem": PEM,
    "pem with blanks around": b"\n  " + PEM + b"\n\n",
    "pem with carriage returns": PEM.replace(b"\n", b"\r\n"),
    "openssh": SSH,
    "openssh with a comment": SSH + b" alice@laptop at home\n",
    "openssh with blanks around": b"\n  " + SSH + b"  \n",
    "openssh with a carriage return": SSH + b" alice\r\n",
    "openssh after a remark": b"# my laptop\n\n" + SSH,
    "as we write it": ALICE.key.line("alice"),
}


@pytest.mark.parametrize("data", SPELLINGS.values(), ids=SPELLINGS)
def test_spellings_of_one_key(data: bytes) -> None:
    """PEM or OpenSSH: it is the same key."""
    assert read_public(data, "alice.pub") == [ALICE.key]


def test_further_keys_stand_on_further_lines() -> None:
    """Somebody with two devices has two lines."""
    assert read_public(ALICE.key.line("a") + BOB.key.line("b"), "alice.pub") == [ALICE.key, BOB.key]


REFUSED = {
    "another curve": (_pem(P384), "secp384r1"),
    "a curve of the same size": (_pem(K256), "secp256k1"),
    "ed25519": (_pem(ED25519), "not an elliptic-curve key"),
    "x25519": (_pem(X25519), "not an elliptic-curve key"),
    "rsa": (_pem(RSA), "not an elliptic-curve key"),
    "another curve, openssh": (_ssh(P384), "not a key of a kind"),
    "ed25519, openssh": (_ssh(ED25519), "not a key of a kind"),
    "rsa, openssh": (_ssh(RSA), "not a key of a kind"),
    "a security key": (SK, "security key"),
    "a security key, ed25519": (b"sk-ssh-ed25519@openssh.com AAAA", "security key"),
    "nothing": (b"", "holds no key"),
    "remarks only": (b"# nothing\n\n", "holds no key"),
    "text": (b"hello", "not a key of a kind"),
    "bytes": (b"\0\xff" * 40, "not a key of a kind"),
    "a certificate": (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "not a public key"),
    "half a pem": (PEM[:80], "not a public key"),
    "a damaged pem": (PEM.replace(b"MF", b"AA"), "not a public key"),
    "a line without a key": (b"ecdsa-sha2-nistp256", "damaged"),
    "half a line": (SSH[:-20], "damaged"),
    "a line with a damaged point": (SSH[:-4] + b"AAAA", "damaged"),
    "a line of another kind inside": (b"ecdsa-sha2-nistp256 " + _ssh(ED25519).split(b" ")[1], "damaged"),
    "a line with more inside": (
        b"ecdsa-sha2-nistp256 " + b2a_base64(ALICE.key.wire() + b"\0", newline=False),
        "damaged",
    ),
    "two keys in pem": (PEM + _pem(BOB.key.point()), "more than one key"),
    "a good line and a bad one": (SSH + b"\n" + SK, "security key"),
    "options of authorized_keys": (b"no-pty " + SSH, "not a key of a kind"),
    "too large": (SSH + b" " * keys.MAX_BYTES, "too large"),
}


@pytest.mark.parametrize(("data", "reason"), REFUSED.values(), ids=REFUSED)
def test_other_keys_are_refused(data: bytes, reason: str) -> None:
    """Each with its reason and what to give instead; never half of a file's keys."""
    with pytest.raises(Usage, match=reason) as caught:
        read_public(data, "eve.pub")
    assert "eve.pub" in caught.value.message
    assert "P-256" in caught.value.hint


PRIVATE = ec.derive_private_key(1001, ec.SECP256R1())
PRIVATE_FORMS = {
    "pkcs8": PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    "sec1": PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
    "openssh": PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()),
}


@pytest.mark.parametrize("pem", PRIVATE_FORMS.values(), ids=PRIVATE_FORMS)
@pytest.mark.parametrize("before", [b"", SSH + b"\n", PEM])
def test_private_keys_are_refused_and_not_repeated(pem: bytes, before: bytes) -> None:
    """A private key given by mistake is named as one, and none of it is in the message."""
    with pytest.raises(Usage, match="private key") as caught:
        read_public(before + pem, "alice.pub")
    said = caught.value.message + caught.value.hint
    assert not any(line.decode() in said for line in pem.splitlines())
    assert caught.value.__cause__ is None


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="ssh-keygen is not installed")
@pytest.mark.parametrize("person", [ALICE, BOB])
def test_fingerprints_are_what_ssh_keygen_prints(person: object, tmp_path: Path) -> None:
    """People compare them over the phone: ours and ssh-keygen's are the same text."""
    key = getattr(person, "key")  # noqa: B009
    (tmp_path / "key.pub").write_bytes(key.line("x"))
    printed = subprocess.run(["ssh-keygen", "-lf", tmp_path / "key.pub"], capture_output=True, text=True, check=True)
    assert printed.stdout.split()[1] == key.fingerprint()


def test_a_fingerprint_has_its_form() -> None:
    """`SHA256:` and 43 characters, and one for each key."""
    assert len(ALICE.key.fingerprint()) == 50
    assert ALICE.key.fingerprint().startswith("SHA256:")
    assert ALICE.key.fingerprint() != BOB.key.fingerprint()


@pytest.mark.parametrize(
    "data", [b"", b"\x02" * 32, b"\x02" + b"\xff" * 32, b"\x05" + b"\x01" * 32, b"\x04" + b"\x01" * 64, bytes(33)]
)
def test_bytes_that_are_no_point_are_no_key(data: bytes) -> None:
    """Other sizes and forms, and numbers beyond the field, have neither a point nor a fingerprint."""
    with pytest.raises(ValueError, match=r".*"):
        P256Key(data).point()
    with pytest.raises(ValueError, match=r".*"):
        P256Key(data).fingerprint()


def test_points_are_compressed_as_sec_1_says() -> None:
    """The y coordinate's last bit decides between 2 and 3."""
    for person in (ALICE, BOB):
        uncompressed = person.key.point().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        assert P256Key.compressed(uncompressed) == person.key
        assert bytes(person.key) == person.key.point().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


# Signatures.


def test_a_signature_verifies_for_its_key_and_text() -> None:
    """And for nothing else, not a bit changed, not a byte more."""
    signature = ALICE.device.sign(b"text")
    assert len(signature) == 64
    assert ALICE.key.verifies(signature, b"text")
    assert ALICE.device.sign(b"text") == signature
    assert not ALICE.key.verifies(signature, b"texu")
    assert not BOB.key.verifies(signature, b"text")
    for position in range(64):
        changed = bytearray(signature)
        changed[position] ^= 1
        assert not ALICE.key.verifies(bytes(changed), b"text")


@pytest.mark.parametrize("form", [b"", bytes(64), b"\xff" * 64, bytes(63), bytes(65)])
def test_signatures_of_other_forms_do_not_verify(form: bytes) -> None:
    """Zeros, numbers beyond the order, other sizes: False and no exception."""
    assert not ALICE.key.verifies(form, b"text")


def test_a_signature_has_one_form() -> None:
    """Of r and s, and r and n - s, both of which are right by the book, only the smaller s is taken and made."""
    signature = ALICE.device.sign(b"text")
    s = int.from_bytes(signature[32:], "big")
    assert s <= ORDER // 2
    assert not ALICE.key.verifies(signature[:32] + (ORDER - s).to_bytes(32, "big"), b"text")


def test_longer_signatures_do_not_verify() -> None:
    """A right signature with something before or after it is none."""
    signature = ALICE.device.sign(b"text")
    assert not ALICE.key.verifies(signature + b"\0", b"text")
    assert not ALICE.key.verifies(b"\0" + signature, b"text")
    assert not ALICE.key.verifies(signature[:63], b"text")


def _is_point(point: bytes) -> bool:
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        return False
    return True


def _points() -> list[bytes]:
    """Good ones, and what is like one: each byte changed, the other y, coordinates beyond the field, other forms and sizes."""
    prime = 2**256 - 2**224 + 2**192 + 2**96 - 1
    good = ALICE.key.wire()[-65:]
    other = good[:33] + (prime - int.from_bytes(good[33:], "big")).to_bytes(32, "big")
    found = [good, other, bytes(65), b"\x04" + bytes(64), good[:64], good + b"\0"]
    found += [good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :] for at in range(65)]
    root = 0x66485C780E2F83D72433BD5D84A06BB6541C2AF31DAE871728BF856A174F93F4  # of b: the y where x is 0
    pairs = ((x, y) for x in (0, prime) for y in (root, prime - root))
    return found + [b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big") for x, y in pairs]


def test_a_key_that_is_given_whole_is_the_one_it_says() -> None:
    """A point that the library takes keeps its wire form; every other has another one, or none."""
    points = _points()
    assert [_is_point(point) for point in points].count(True) == 4
    for point in points:
        wire = ALICE.key.wire()[:-65] + point
        try:
            is_same = P256Key.from_wire(wire).wire() == wire
        except (ValueError, IndexError):
            is_same = False
        assert is_same is (len(point) == 65 and _is_point(point))
