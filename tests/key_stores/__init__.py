"""Places where private keys lie that nothing gets out: each gives an identity with `dh` and no `sign`."""
