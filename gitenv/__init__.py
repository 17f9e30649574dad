"""gitenv: a team's .env files in git, encrypted value by value, with readable key names.

For programs: `gitenv.load()` sets the values in `os.environ`, `gitenv.values()` returns them, and `gitenv.Client` has a key of
its own. Errors are `gitenv.GitenvError` and its kin. Each is loaded when it is first asked for.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitenv.errors import GitenvError as GitenvError
    from gitenv.errors import Locked as Locked
    from gitenv.errors import Missing as Missing
    from gitenv.errors import NotInOrder as NotInOrder
    from gitenv.errors import NotTrusted as NotTrusted
    from gitenv.errors import Usage as Usage
    from gitenv.sdk.client import Client as Client
    from gitenv.sdk.load import load as load
    from gitenv.sdk.load import values as values

__version__ = "0.1.0"
__all__ = ["Client", "GitenvError", "Locked", "Missing", "NotInOrder", "NotTrusted", "Usage", "load", "values"]
_MODULES = {"Client": "client", "load": "load", "values": "load"}


if not TYPE_CHECKING:  # else it would find any name

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module 'gitenv' has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(f"gitenv.sdk.{_MODULES[name]}" if name in _MODULES else "gitenv.errors"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
