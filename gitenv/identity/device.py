"""The device key: one P-256 key a device, which opens wraps and signs statements. It never leaves its file.

It lies in the user's configuration folder as PKCS#8 PEM, or in `GITENV_PRIVATE_KEY` for CI.
"""

from __future__ import annotations

import contextlib
import os

from gitenv.errors import GitenvError, Locked, Usage, printable
from gitenv.identity import home
from gitenv.model.kinds import PublicKey
from gitenv.model.kinds.p256 import P256Identity
from gitenv.system import files

VARIABLE = "GITENV_PRIVATE_KEY"
_MAX_BYTES = 64 * 1024

DeviceKey = P256Identity
"""Of which kinds a device key may be. `parse` reads them all, and what is made here is the first."""


def path() -> str:
    """Where the device key lies, whether or not there is one."""
    return os.path.join(home.folder(), "device.pem")


def load() -> DeviceKey | None:
    """The device key, or None if there is none. Raises `Usage` if what is there is no P-256 key."""
    if text := os.environ.get(VARIABLE):
        return parse(text.encode("utf-8", "surrogateescape"), VARIABLE)
    data = files.read(path(), _MAX_BYTES)
    return parse(data, printable(path())) if data is not None else None


def need() -> DeviceKey:
    """The device key. Raises `Locked` if there is none."""
    if (key := load()) is None:
        raise missing()
    return key


def missing() -> Locked:
    """The error for a machine without a key."""
    return Locked("there is no device key here", f"gitenv init, or gitenv key import FILE, or in CI the variable {VARIABLE}")


def make() -> DeviceKey:
    """A new key, written to its file (0600). Raises `Usage` if there is one."""
    key = P256Identity.fresh()
    save(key)
    return key


def load_or_make() -> tuple[DeviceKey, bool]:
    """The device key, and whether it was made just now. Of several that ask at once one makes it, for all of them."""
    if key := load():
        return key, False
    key = P256Identity.fresh()
    return (key, True) if _create(path(), key) else (need(), False)


def _create(place: str, key: DeviceKey) -> bool:
    """Write a key where none is yet; False, and nothing is done, where something is."""
    home.make()
    return files.create(place, key.pem(), 0o600)


def save(key: DeviceKey) -> None:
    """Write a key to where the device key lies. Raises `Usage` if another one is there: a lost key cannot be made again."""
    if not _create(path(), key):
        raise Usage("there is a device key already", "see it with: gitenv key show")


def exchange(key: DeviceKey) -> str:
    """Put a key in the place of the device key and return where that one is kept. At every moment one of them is in place."""
    aside = _keep()
    files.replace(path(), key.pem(), 0o600)
    return aside


def _keep() -> str:
    """Copy the device key to where `former` looks for it; nothing is ever deleted."""
    data = files.read(path(), _MAX_BYTES) or b""
    aside = _aside(parse(data, printable(path())).public.fingerprint())
    files.replace(aside, data, 0o600)
    return aside


def former(public: PublicKey) -> DeviceKey | None:
    """The private half of a key that is not the device key any more (or not yet), if it is kept here.

    Clones on this machine may have grants for it. With the variable set there is none: that names the one key to use.
    """
    if os.environ.get(VARIABLE):
        return None
    for place in (*_asides(public), next_path()):
        with contextlib.suppress(GitenvError):  # what somebody put there need not be a key
            data = files.read(place, _MAX_BYTES)
            if data is not None and (key := parse(data, printable(place))).public == public:
                return key
    return None


def is_mine(fingerprint: str) -> bool:
    """Whether a key is the device key, or one that it took over from on this machine."""
    from gitenv.model.statements import is_fingerprint

    key = load()
    if key is None or not is_fingerprint(fingerprint):
        return False
    if key.public.fingerprint() == fingerprint:
        return True
    with contextlib.suppress(GitenvError):
        data = None if os.environ.get(VARIABLE) else files.read(_aside(fingerprint), _MAX_BYTES)
        return data is not None and parse(data, VARIABLE).public.fingerprint() == fingerprint
    return False


def next_path() -> str:
    """Where the key lies that takes over as soon as all is wrapped for it."""
    return f"{path()}.next"


def has_next() -> bool:
    """Whether an exchange of the device key was begun and not finished."""
    return not os.environ.get(VARIABLE) and os.path.lexists(next_path())


def need_next() -> DeviceKey:
    """The key that is to take over. It is on the disk before anything is wrapped for it, and made once, for all runs."""
    data = files.read(next_path(), _MAX_BYTES)
    if data is not None:
        return parse(data, printable(next_path()))
    key = P256Identity.fresh()
    return key if _create(next_path(), key) else need_next()


def take_over() -> str:
    """Make the next key the device key and return where the old one is kept. At every moment one of them is in place."""
    aside = _keep()
    try:
        os.replace(next_path(), path())
    except OSError as error:
        from gitenv.system import refusal

        raise refusal.refused(error, "replaced", path()) from None
    return aside


def _aside(fingerprint: str) -> str:
    return f"{path()}.{fingerprint[7:15].translate({43: 45, 47: 95})}"


def _asides(public: PublicKey) -> list[str]:
    try:
        return [_aside(public.fingerprint())]
    except ValueError:  # a grant may hold a key that is no point
        return []


def parse(pem: bytes, where: str) -> DeviceKey:
    """Read a private key. Raises `Usage` for every kind that is no device key's."""
    return P256Identity.from_pem(pem, where)
