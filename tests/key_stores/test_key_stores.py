"""A key that gives a Diffie-Hellman and nothing else opens an ordinary grant: in SoftHSM, in a TPM, and in one made up here."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from gitenv.errors import Malformed
from gitenv.model import base64url, grant
from gitenv.model.grant import READER, Grant
from gitenv.model.kinds import Identity
from gitenv.model.kinds.p256 import P256Key
from tests.key_stores import softhsm, swtpm
from tests.model.builders import ALICE, AT, BOB, checked_out, committed, dek, grant_for, resigned, ring_of, statement

ENVIRONMENT = statement()


class OnlyDh:
    """Whatever else it is asked for, there is an error."""

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        self.public = P256Key.of(self._private.public_key())
        self.asked = 0

    def dh(self, point: bytes) -> bytes:
        self.asked += 1
        return self._private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point))


class Broken(OnlyDh):
    """What it answers, or raises, is what it was given."""

    def __init__(self, answer: bytes | BaseException) -> None:
        super().__init__()
        self._answer = answer

    def dh(self, point: bytes) -> bytes:
        if isinstance(self._answer, BaseException):
            raise self._answer
        return self._answer


@pytest.fixture
def hsm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[softhsm.SoftHsm]:
    if (library := softhsm.library()) is None:
        pytest.skip("SoftHSM is not installed (Debian: softhsm2)")
    (tmp_path / "tokens").mkdir()
    configuration = tmp_path / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {tmp_path / 'tokens'}\nlog.level = ERROR\n", encoding="utf-8")
    monkeypatch.setenv(softhsm.CONFIGURATION, str(configuration))
    store = softhsm.SoftHsm(library)
    yield store
    store.close()


@pytest.fixture
def tpm(tmp_path: Path) -> Iterator[swtpm.SwTpm]:
    if (program := shutil.which("swtpm")) is None:
        pytest.skip("swtpm is not installed (Debian: swtpm)")
    store = swtpm.SwTpm(program, tmp_path)
    yield store
    store.close()


@pytest.fixture(params=["made up", "hsm", "tpm"])
def identity(request: pytest.FixtureRequest) -> Identity:
    """Three places that a key may lie in."""
    found: Identity = OnlyDh() if request.param == "made up" else request.getfixturevalue(request.param)
    return found


def _granted(identity: Identity) -> Grant:
    return grant.write(ENVIRONMENT, dek(1), "carol", identity.public, READER, by=ALICE.holder, at=AT, signer=ALICE.device)


def test_an_ordinary_grant_opens_with_dh_alone(identity: Identity) -> None:
    """The grant that alice writes for its public key gives the data key, and that opens what she committed."""
    text = committed(b"HELLO=world\n", ring_of(1))
    opened = grant.unwrap(grant.read(_granted(identity).text, "here"), identity, "here")
    assert checked_out(text, ENVIRONMENT.keyring(opened)) == b"HELLO=world\n"


def test_somebody_elses_grant_stays_closed(identity: Identity) -> None:
    """One for bob, and one for bob that says it is for this key."""
    other = grant_for(BOB)
    for found in (other, other._replace(key=identity.public)):
        with pytest.raises(Malformed, match="was not wrapped for these words"):
            grant.unwrap(found, identity, "here")


def test_a_store_that_refuses_is_not_taken_for_a_foreign_grant(hsm: softhsm.SoftHsm) -> None:
    """Whose PIN is not there any more says so itself."""
    granted = _granted(hsm)
    hsm.log_out()
    with pytest.raises(softhsm.RefusedByHsm, match="C_DeriveKey"):
        grant.unwrap(granted, hsm, "here")


@pytest.mark.parametrize("failure", [OSError("pulled out"), ValueError("busy"), KeyboardInterrupt()])
def test_what_a_store_raises_is_what_is_raised(failure: BaseException) -> None:
    """Also where HPKE would make `InvalidTag` of it, and Ctrl-C while it waits for a finger."""
    broken = Broken(failure)
    with pytest.raises(type(failure)) as caught:
        grant.unwrap(_granted(broken), broken, "here")
    assert caught.value is failure


@pytest.mark.parametrize("size", [0, 31, 33, 65])
def test_a_secret_has_32_bytes(size: int) -> None:
    """A store that answers something else, such as the whole point, is broken, and the grant is not."""
    broken = Broken(bytes(size))
    with pytest.raises(ValueError, match=f"a shared secret of {size} bytes"):
        grant.unwrap(_granted(broken), broken, "here")


def test_a_wrong_secret_opens_nothing() -> None:
    """32 bytes that are not those."""
    broken = Broken(bytes(32))
    with pytest.raises(Malformed):
        grant.unwrap(_granted(broken), broken, "here")


def test_no_store_is_asked_about_a_point_off_the_curve() -> None:
    """Those are for getting a private key out of what does not look, bit by bit; whoever signs grants could make one up."""
    asked = OnlyDh()
    granted = _granted(asked)
    wraps = [bytes([4]) + bytes(64), bytes([4]) + b"\xff" * 64, granted.wrap[:64] + bytes([granted.wrap[64] ^ 1])]
    for point in wraps:
        wrap = point + granted.wrap[65:]
        text = resigned(granted.text, base64url.encode(granted.wrap), base64url.encode(wrap), ALICE)
        with pytest.raises(Malformed):
            grant.unwrap(grant.read(text, "here"), asked, "here")
    assert asked.asked == 0
    assert grant.unwrap(granted, asked, "here") == dek(1)
    assert asked.asked == 1
