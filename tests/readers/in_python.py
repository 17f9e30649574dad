"""The names that a reader in Python takes from each file, as a list a line: `in_python.py READER FILE…`."""

from __future__ import annotations

import importlib
import json
import logging
import sys
from collections.abc import Callable, Iterable
from typing import Any

Names = Callable[[Any, str], Iterable[str]]


def _dotenv(dotenv: Any, file: str) -> Iterable[str]:
    return [name for name, value in dotenv.dotenv_values(file).items() if value is not None]


def _environ(environ: Any, file: str) -> Iterable[str]:
    environ.Env.ENVIRON = {}
    environ.Env.read_env(file)
    return list(environ.Env.ENVIRON)


def _environs(environs: Any, file: str) -> Iterable[str]:
    env = environs.Env()
    env.read_env(file, recurse=False)
    return list(env._environ)


def _decouple(decouple: Any, file: str) -> Iterable[str]:
    return list(decouple.RepositoryEnv(file).data)


def _honcho(environ: Any, file: str) -> Iterable[str]:
    with open(file, encoding="utf-8", newline="") as text:
        return list(environ.parse(text.read()))


READERS: dict[str, Names] = {
    "dotenv": _dotenv,
    "environ": _environ,
    "environs": _environs,
    "decouple": _decouple,
    "honcho.environ": _honcho,
}

if __name__ == "__main__":
    logging.disable()
    reader = importlib.import_module(sys.argv[1])
    for file in sys.argv[2:]:
        try:
            print(json.dumps(list(READERS[sys.argv[1]](reader, file))))
        except ValueError:  # a quote that never closes
            print("[]")
