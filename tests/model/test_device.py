"""The device key: where it lies, which forms it is read in, and that it is never overwritten."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from base64 import encodebytes
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from gitenv.errors import Locked, NotInOrder, NotTrusted, Usage
from gitenv.identity import device
from gitenv.identity import home as homes
from gitenv.model.kinds import p256
from gitenv.trust.pins import Pins
from tests.model.builders import ALICE, BOB, device_of

PRIVATE = ec.derive_private_key(1001, ec.SECP256R1())
ANY_PRIVATE = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user with nothing yet; the folder that gitenv would use."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("APPDATA", str(tmp_path))
    monkeypatch.delenv(device.VARIABLE, raising=False)
    return tmp_path / "gitenv"


def _pem(key: ANY_PRIVATE, form: PrivateFormat = PrivateFormat.PKCS8, passphrase: bytes = b"") -> bytes:
    return key.private_bytes(Encoding.PEM, form, BestAvailableEncryption(passphrase) if passphrase else NoEncryption())


FORMS = {
    "our own": ALICE.device.pem(),
    "our own with carriage returns": ALICE.device.pem().replace(b"\n", b"\r\n"),
    "our own without a line end": ALICE.device.pem().strip(),
    "our own with its lines joined by blanks": ALICE.device.pem().replace(b"\n", b" "),
    "pkcs8": _pem(PRIVATE),
    "sec1": _pem(PRIVATE, PrivateFormat.TraditionalOpenSSL),
}


@pytest.mark.parametrize("pem", FORMS.values(), ids=FORMS)
def test_forms_of_one_key(pem: bytes) -> None:
    """gitenv's own form, read by hand, and those of others give the same key."""
    read = device.parse(pem, "here")
    assert read.public == ALICE.key
    assert ALICE.key.verifies(read.sign(b"text"), b"text")
    assert read.pem() == ALICE.device.pem()


def test_our_own_form_is_read_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """The filter never waits for `serialization`: no other reader is asked, with a leading zero in the scalar either."""

    monkeypatch.setattr(serialization, "load_pem_private_key", lambda *_: pytest.fail("that takes 16 ms to load"))
    for key in (ALICE.device, device_of(1), device_of(2**255)):
        assert device.parse(key.pem(), "here").public == key.public


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
@pytest.mark.parametrize(
    "command",
    [
        ["ecparam", "-name", "prime256v1", "-genkey", "-noout"],
        ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    ],
)
def test_keys_that_openssl_made(command: list[str]) -> None:
    """What our hint tells people to run is what we read."""
    pem = subprocess.run(["openssl", *command], capture_output=True, check=True).stdout
    read = device.parse(pem, "here")
    assert read.public.verifies(read.sign(b"text"), b"text")


REFUSED = {
    "a passphrase": (_pem(PRIVATE, passphrase=b"secret"), "passphrase"),
    "a passphrase, sec1": (_pem(PRIVATE, PrivateFormat.TraditionalOpenSSL, b"secret"), "passphrase"),
    "another curve": (_pem(ec.derive_private_key(1001, ec.SECP384R1())), "another kind or curve"),
    "a curve of the same size": (_pem(ec.derive_private_key(1001, ec.SECP256K1())), "another kind or curve"),
    "ed25519": (_pem(ed25519.Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)), "another kind or curve"),
    "rsa": (_pem(rsa.generate_private_key(65537, 2048)), "another kind or curve"),
    "a public key": (ALICE.key.line("alice"), "not a private key"),
    "text": (b"hello", "not a private key"),
    "bytes": (b"\xff\0", "not a private key"),
    "half a key": (ALICE.device.pem()[:100], "not a private key"),
    "no key inside": (b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n", "not a private key"),
    "no base64 inside": (b"-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----\n", "not a private key"),
}


@pytest.mark.parametrize(("pem", "reason"), REFUSED.values(), ids=REFUSED)
def test_other_keys_are_refused_and_not_repeated(pem: bytes, reason: str) -> None:
    """Each with its reason; none of the key is in the message or behind it."""
    with pytest.raises(Usage, match=reason) as caught:
        device.parse(pem, "here")
    said = caught.value.message + caught.value.hint
    assert not any(line.decode("latin-1") in said for line in pem.splitlines() if len(line) > 9 and b"---" not in line)
    assert caught.value.__cause__ is None


def _own_form(scalar: bytes, point: bytes) -> bytes:
    der = p256.DER_HEAD + scalar + p256.DER_MIDDLE + point
    return b"-----BEGIN PRIVATE KEY-----\n" + encodebytes(der) + b"-----END PRIVATE KEY-----\n"


def test_halves_of_two_keys_are_refused() -> None:
    """A private key with somebody else's public one would be asked for wraps that it cannot open."""
    points = [person.key.point().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint) for person in (ALICE, BOB)]
    assert device.parse(_own_form((1001).to_bytes(32, "big"), points[0]), "here").public == ALICE.key
    with pytest.raises(Usage, match="not a private key"):
        device.parse(_own_form((1001).to_bytes(32, "big"), points[1]), "here")


@pytest.mark.parametrize("scalar", [0, 2**256 - 1])
def test_scalars_beyond_the_order_are_refused(scalar: int) -> None:
    """A key in our own form whose number is none is refused by every reader."""
    with pytest.raises(Usage):
        device.parse(_own_form(scalar.to_bytes(32, "big"), b"\x04" + bytes(64)), "here")


def test_there_is_none_at_first() -> None:
    """Without a key, `load` says None and `need` says what to run."""
    assert device.load() is None
    with pytest.raises(Locked) as caught:
        device.need()
    assert "gitenv init" in caught.value.hint


def test_a_new_key_is_kept(home: Path) -> None:
    """It is written once, for its owner's eyes only, and read from there."""
    made = device.make()
    assert device.path() == str(home / "device.pem")
    read = device.need()
    assert (read.public, read.pem()) == (made.public, made.pem())
    assert sorted(os.listdir(home)) == [".gitignore", "device.pem"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_nobody_else_reads_the_key(home: Path, mask: int) -> None:
    """0600 in a folder with 0700, whatever the umask."""
    before = os.umask(mask)
    try:
        device.make()
    finally:
        os.umask(before)
    assert stat.S_IMODE((home / "device.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_a_key_is_never_overwritten(home: Path) -> None:
    """A lost key cannot be made again: neither a new one nor another one takes its place."""
    first = device.make()
    for write in (device.make, lambda: device.save(BOB.device), lambda: device.save(first)):
        with pytest.raises(Usage, match="already"):
            write()
    assert (home / "device.pem").read_bytes() == first.pem()


def test_a_link_in_its_place_is_left_alone(home: Path) -> None:
    """A link that leads nowhere is something, too: no key is written through it."""
    home.mkdir()
    try:
        (home / "device.pem").symlink_to(home / "elsewhere")
    except OSError:
        if os.name != "nt":
            raise
        pytest.skip("this user may not make links")
    with pytest.raises(Usage, match="already"):
        device.make()
    assert not (home / "elsewhere").exists()
    with pytest.raises(NotTrusted, match="is a link"):
        device.load()


def test_of_several_that_ask_at_once_one_makes_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who finds another one's key in its place when it writes its own goes on with that one: the device key and the next."""
    fresh = p256.P256Identity.fresh

    def late() -> device.DeviceKey:
        for path, first in ((device.path(), BOB), (device.next_path(), ALICE)):
            Path(path).parent.mkdir(exist_ok=True)
            Path(path).write_bytes(first.device.pem())
        return fresh()

    monkeypatch.setattr(p256.P256Identity, "fresh", late)
    key, was_made = device.load_or_make()
    assert (key.public, was_made) == (BOB.key, False)
    Path(device.next_path()).unlink()
    assert device.need_next().public == ALICE.key
    assert device.load_or_make()[1] is False


@pytest.mark.parametrize("step", [1, 2])
def test_a_key_is_exchanged_and_never_missing(home: Path, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut off before any of its writes: the old key is in place. What was in place is kept beside, byte for byte."""
    first, steps, replace = device.make(), 0, os.replace

    def cut_off(source: str, target: str) -> None:
        nonlocal steps
        steps += 1
        if steps == step:
            raise KeyboardInterrupt
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", cut_off)
        with pytest.raises(KeyboardInterrupt):
            device.exchange(BOB.device)
    assert device.need().pem() == first.pem()
    aside = Path(device.exchange(BOB.device))
    assert device.need().pem() == BOB.device.pem()
    assert (aside.parent, aside.read_bytes()) == (home, first.pem())
    if os.name != "nt":
        assert stat.S_IMODE(aside.stat().st_mode) == 0o600


def test_a_key_that_is_exchanged_is_the_one_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the variable says: a former key is looked for by its own fingerprint."""
    first = device.make()
    with monkeypatch.context() as patch:
        patch.setenv(device.VARIABLE, BOB.device.pem().decode())
        device.exchange(ALICE.device)
    found = device.former(first.public)
    assert found is not None
    assert found.pem() == first.pem()


def test_the_variable_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """CI gives its key in the environment; no file is read or written for it."""
    device.make()
    monkeypatch.setenv(device.VARIABLE, BOB.device.pem().decode())
    assert device.need().public == BOB.key


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """CI without the secret sets it to nothing."""
    monkeypatch.setenv(device.VARIABLE, "")
    assert device.load() is None


def test_a_wrong_variable_is_named_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the variable, not its value."""
    monkeypatch.setenv(device.VARIABLE, "hunter2")
    with pytest.raises(Usage) as caught:
        device.load()
    assert caught.value.message.startswith(device.VARIABLE)
    assert "hunter2" not in caught.value.message + caught.value.hint


def test_a_file_that_is_no_key_is_an_error(home: Path) -> None:
    """A damaged file is not taken for none, or the next init would ask for a new key."""
    home.mkdir()
    (home / "device.pem").write_bytes(b"hunter2")
    with pytest.raises(Usage, match=r"device\.pem"):
        device.load()


def test_a_folder_that_cannot_be_made_is_an_error(home: Path) -> None:
    """A file stands where the folder belongs."""
    home.write_bytes(b"")
    with pytest.raises(NotInOrder):
        device.make()


def test_a_former_key_is_found_by_its_public_half(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was set aside is still there for the grants that are for it, and for no others; with the variable there is none."""
    first = device.make()
    assert device.former(first.public) is None
    device.exchange(ALICE.device)
    found = device.former(first.public)
    assert found is not None
    assert found.pem() == first.pem()
    assert device.former(BOB.key) is None
    assert device.former(p256.P256Key(b"\xff" * 33)) is None
    monkeypatch.setenv(device.VARIABLE, BOB.device.pem().decode())
    assert device.former(first.public) is None


def test_a_former_key_under_a_wrong_name_is_none(home: Path) -> None:
    """The file's name says where to look, and its contents what it is."""
    first = device.make()
    aside = Path(device.exchange(ALICE.device))
    for data in (BOB.device.pem(), b"hunter2"):
        aside.write_bytes(data)
        assert device.former(first.public) is None


def test_the_next_key_takes_over(home: Path) -> None:
    """It is made once, for its owner's eyes only, opens what is for it meanwhile, and leaves the old one beside it."""
    first = device.make()
    assert not device.has_next()
    following = device.need_next()
    assert device.has_next()
    assert device.need_next().pem() == following.pem()
    assert device.need().pem() == first.pem()
    former = device.former(following.public)
    assert former is not None
    if os.name != "nt":
        assert stat.S_IMODE((home / "device.pem.next").stat().st_mode) == 0o600
    aside = Path(device.take_over())
    assert device.need().pem() == following.pem()
    assert aside.read_bytes() == first.pem()
    if os.name != "nt":
        assert stat.S_IMODE(aside.stat().st_mode) == 0o600
    assert sorted(os.listdir(home)) == [".gitignore", "device.pem", aside.name]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has %APPDATA%")
@pytest.mark.parametrize("place", ["relative", "", None])
def test_without_a_home_nothing_is_written(place: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """HOME is no full path, empty, or missing for a user whom nobody knows: an error says what to set; no file is made."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", "also-relative")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path if place is None else os.path.join(place, path[2:]))
    with pytest.raises(NotInOrder) as raised:
        device.make()
    assert "XDG_CONFIG_HOME" in raised.value.hint
    assert not list(tmp_path.iterdir())
    assert not Pins("0" * 32).all()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no /dev/null as a folder")
@pytest.mark.parametrize("place", ["/dev/null", "/proc/self", "closed"])
def test_a_home_that_cannot_be_written_is_named(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home that is no folder, takes nothing, or is closed to its user: the error says so, with a way out."""
    (tmp_path / "closed" / ".config" / "gitenv").mkdir(parents=True)
    (tmp_path / "closed" / ".config" / "gitenv").chmod(0o500)
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / place))
    monkeypatch.setattr(os, "access", lambda path, mode: bool(os.stat(path).st_mode & 0o200 and mode))  # root may all
    with pytest.raises(NotInOrder) as raised:
        device.make()
    assert str(tmp_path / place) in raised.value.message
    assert "XDG_CONFIG_HOME" in raised.value.hint


def test_the_key_is_kept_out_of_git_wherever_it_lies(home: Path, tmp_path: Path) -> None:
    """git add -A takes nothing of gitenv's folder, in a home that is a work tree; and which one that is can be said."""
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    device.make()
    subprocess.run([*git, "add", "-A"], check=True)
    assert (home / "device.pem").exists()
    assert not subprocess.run([*git, "ls-files"], capture_output=True, check=True).stdout
    assert homes.work_tree_around() == os.path.realpath(tmp_path)
