"""The Python API: values into `os.environ`, or as a dict. What is documented of it stands in docs/run.md."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from gitenv.errors import GitenvError, Locked, Missing, NotTrusted, Usage, printable, shell_word
from gitenv.identity import device
from gitenv.sdk import child, dangerous, environment
from gitenv.sdk.environment import Selection, Values, as_variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from gitenv.model.grant import Grant

    OrIgnore = Literal["error", "ignore"]
    Path = str | os.PathLike[str]
    Key = device.DeviceKey | GitenvError | None
    Environments = str | Sequence[str] | None


def load(
    environment: Environments = None,
    *,
    path: Path | None = None,
    override: bool = False,
    private_key: str | bytes | None = None,
    interpolate: bool = False,
    missing: OrIgnore = "error",
) -> None:
    """Set the values in `os.environ`. Variables that are set already stay, unless `override`.

    `environment` is a name or several, where later ones win: else `GITENV_ENVIRONMENT`, else development. `path` is a file, and
    then exactly that; or the folder to begin in, in place of the current one. `private_key` is a key in PEM, in place of the
    device key. `interpolate` replaces `${NAME}` and `${NAME:-default}`. With `missing="ignore"` nothing is done where there is
    no such file, or no key that opens it.

    Raises `Missing`, `Locked`, and `NotTrusted` for what nobody vouches for, whatever `missing` is. Then nothing was set.
    """
    key = key_of(private_key)
    del private_key  # what shows a traceback may show the variables of each frame
    set_in_environ(read(environment, path, override, key, interpolate, missing), override=override)


def values(
    environment: Environments = None,
    *,
    path: Path | None = None,
    override: bool = False,
    private_key: str | bytes | None = None,
    interpolate: bool = False,
    missing: OrIgnore = "error",
) -> dict[str, str]:
    """The same values as a dict, and nothing is set. With `missing="ignore"` an empty one, where `load` would do nothing.

    `override` matters for `${NAME}` alone: whether it is the file's NAME or the variable's, where there are both.
    """
    key = key_of(private_key)
    del private_key
    found = read(environment, path, override, key, interpolate, missing)
    return found.values if found else {}


def read(
    names: Environments,
    path: Path | None,
    override: bool,
    key: Key,
    interpolate: bool,
    missing: OrIgnore,
    on_grant: Callable[[Grant], object] | None = None,
) -> Values | None:
    """The values; None where they are missing, and that is no matter."""
    if missing not in ("error", "ignore"):
        raise Usage(f"missing={missing!r} is neither 'error' nor 'ignore'")
    where = os.fspath(path) if path is not None else ""
    is_folder = not where or os.path.isdir(where)
    wanted = Selection(
        (names,) if isinstance(names, str) else tuple(names or ()),
        () if is_folder else (os.path.basename(where),),
        folder=where if is_folder else os.path.dirname(where),
        environ=child.inheritable(os.environ) if interpolate else None,
        override=override,
        key=need_key(key),
    )
    found, problem = _values(wanted)
    if isinstance(problem, (Missing, Locked)) and missing == "ignore":
        return None
    if problem is None and found and on_grant:
        problem = _tell(on_grant, found.grants)
    if problem is None:
        return found
    del found, wanted
    raise problem


def _values(wanted: Selection) -> tuple[Values | None, BaseException | None]:
    """The values, or why there are none."""
    try:
        return environment.values(wanted), None
    except GitenvError as error:
        return None, _bare(error)
    except Exception as error:  # it has come through the same frames, and may quote what it was working on
        return None, _bare(_unforeseen(error))


def _unforeseen(error: Exception) -> GitenvError:
    from gitenv.system import refusal

    return refusal.lacking(error) or refusal.bug(error)


def _tell(on_grant: Callable[[Grant], object], grants: Sequence[Grant]) -> BaseException | None:
    """What ended the call of somebody's own function, with its own frames and no others that have values."""
    try:
        for grant in grants:
            on_grant(grant)
    except BaseException as error:
        return error
    return None


def set_in_environ(found: Values | None, *, override: bool) -> None:
    """Set values. Raises `NotTrusted` for a name that changes how programs load, before any is set."""
    values = found.values if found else {}
    new = {name: value for name, value in values.items() if override or not child.is_set(os.environ, name)}
    problem = next(filter(None, (_why_not(found, name) for name in new)), None) if found else None
    if problem is None:
        try:
            os.environ.update({as_variable(name): as_variable(value) for name, value in new.items()})
            return
        except (OSError, ValueError) as error:  # Windows has a largest value
            problem = _bare(_unforeseen(error))
    del found, values, new
    raise problem


def _why_not(found: Values, name: str) -> GitenvError | None:
    try:
        child.check_meant(found, name, (), f"if that is meant: {dangerous.VARIABLE}={shell_word(name)}")
    except NotTrusted as error:
        return _bare(error)
    if not name or "=" in name or "\0" in name + found.values[name]:
        where = found.places[name]
        return Usage(f"{where}: {printable(name)} or its value cannot be in an environment", "take it from gitenv.values()")
    return None


def key_of(pem: str | bytes | None) -> Key:
    """The key that somebody gave, or what is wrong with it: that is raised when nobody has `pem` in a variable any more."""
    if pem is None:
        return None
    try:
        return device.parse(pem.encode("utf-8", "surrogateescape") if isinstance(pem, str) else pem, "private_key")
    except GitenvError as error:
        return _bare(error)


def need_key(key: Key) -> device.DeviceKey | None:
    """The key. Raises `Usage` where that is no key."""
    if isinstance(key, GitenvError):
        raise key
    return key


def _bare(problem: GitenvError) -> GitenvError:
    """An error without the frames that it came through: values lie in them, and keys. A traceback shows its hint, too."""
    problem.__context__ = problem.__cause__ = None
    if problem.hint:
        problem.add_note(f"hint: {problem.hint}")
    return problem.with_traceback(None)
