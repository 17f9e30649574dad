"""The Python API: values into `os.environ`, or as a dict. What is documented of it stands in docs/run.md."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from gitenv.errors import GitenvError, Locked, Missing, NotTrusted, Usage, printable
from gitenv.identity import device
from gitenv.sdk import dangerous, environment
from gitenv.sdk.environment import Selection, Values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from gitenv.model.grant import Grant

    Missing_ = Literal["error", "ignore"]
    Path = str | os.PathLike[str]
    Environments = str | Sequence[str] | None


def load(
    environment: Environments = None,
    *,
    path: Path | None = None,
    override: bool = False,
    private_key: str | bytes | None = None,
    interpolate: bool = False,
    missing: Missing_ = "error",
) -> None:
    """Set the values in `os.environ`. Variables that are set already stay, unless `override`.

    `environment` is a name or several, where later ones win: else `GITENV_ENVIRONMENT`, else development. `path` is a file, and
    then exactly that; or the folder to begin in, in place of the current one. `private_key` is a key in PEM, in place of the
    device key. `interpolate` replaces `${NAME}` and `${NAME:-default}`. With `missing="ignore"` nothing is done where there is
    no such file, or no key that opens it.

    Raises `Missing`, `Locked`, and `NotTrusted` for what nobody vouches for, whatever `missing` is. Then nothing was set.
    """
    set_in_environ(read(environment, path, override, private_key, interpolate, missing), override=override)


def values(
    environment: Environments = None,
    *,
    path: Path | None = None,
    override: bool = False,
    private_key: str | bytes | None = None,
    interpolate: bool = False,
    missing: Missing_ = "error",
) -> dict[str, str]:
    """The same values as a dict, and nothing is set. With `missing="ignore"` an empty one, where `load` would do nothing.

    `override` matters for `${NAME}` alone: whether it is the file's NAME or the variable's, where there are both.
    """
    found = read(environment, path, override, private_key, interpolate, missing)
    return found.values if found else {}


def read(
    names: Environments,
    path: Path | None,
    override: bool,
    private_key: str | bytes | None,
    interpolate: bool,
    missing: Missing_,
    on_grant: Callable[[Grant], object] | None = None,
) -> Values | None:
    """The values; None where they are missing, and that is no matter."""
    if missing not in ("error", "ignore"):
        raise Usage(f"missing={missing!r} is neither 'error' nor 'ignore'")
    try:
        where = os.fspath(path) if path is not None else ""
        is_folder = not where or os.path.isdir(where)
        return environment.values(
            Selection(
                (names,) if isinstance(names, str) else names or (),
                () if is_folder else (os.path.basename(where),),
                folder=where if is_folder else os.path.dirname(where),
                environ=os.environ if interpolate else None,
                override=override,
                key=_key(private_key),
                on_grant=on_grant,
            )
        )
    except (Missing, Locked) as error:
        if missing == "ignore":
            return None
        problem: GitenvError = error
    except GitenvError as error:
        problem = error
    # Without the frames in which values lie: what shows a traceback may show the variables of each.
    del private_key
    problem.__context__ = None
    raise problem.with_traceback(None)


def set_in_environ(found: Values | None, *, override: bool) -> None:
    """Set values. Raises `NotTrusted` for a name that changes how programs load, before any is set."""
    new = {name: value for name, value in (found.values if found else {}).items() if override or name not in os.environ}
    for name, value in new.items():
        where = found.places[name] if found else ""
        if why := dangerous.why(name):
            raise NotTrusted(
                f"{where}: {printable(name)} is not set unasked: {why}", "take it from gitenv.values() if it is meant"
            )
        if not name or "=" in name or "\0" in name + value:
            raise Usage(f"{where}: {printable(name)} or its value cannot be in an environment", "take it from gitenv.values()")
    os.environ.update(new)


def _key(pem: str | bytes | None) -> device.DeviceKey | None:
    return None if pem is None else device.parse(pem.encode("utf-8") if isinstance(pem, str) else pem, "private_key")
