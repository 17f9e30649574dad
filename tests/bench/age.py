"""A key as `age-keygen` makes it, for sops: X25519 in Bech32 (BIP 173), which nobody here has a program for."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

_LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def key() -> tuple[str, str]:
    """A new private key, and its recipient."""
    private = X25519PrivateKey.generate()
    recipient = _bech32("age", private.public_key().public_bytes_raw())
    return _bech32("age-secret-key-", private.private_bytes_raw()).upper(), recipient


def _bech32(prefix: str, data: bytes) -> str:
    bits = "".join(f"{byte:08b}" for byte in data)
    fives = [int(bits[start : start + 5].ljust(5, "0"), 2) for start in range(0, len(bits), 5)]
    expanded = [*(ord(letter) >> 5 for letter in prefix), 0, *(ord(letter) & 31 for letter in prefix)]
    check = _polymod([*expanded, *fives, *[0] * 6]) ^ 1
    return f"{prefix}1{''.join(_LETTERS[five] for five in [*fives, *(check >> 5 * (5 - at) & 31 for at in range(6))])}"


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATORS):
            check ^= generator if top >> bit & 1 else 0
    return check
