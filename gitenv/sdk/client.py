"""The same with a key and a callback of one's own: for a program that keeps its key elsewhere, or tells what it opened."""

from __future__ import annotations

from collections.abc import Callable

from gitenv.model import base64url
from gitenv.sdk import load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitenv.model.grant import Grant
    from gitenv.sdk.load import Environments, OrIgnore, Path

OnWrappedDek = Callable[[str, str, str, str | None], object]
"""`(project, environment, wrapped_dek, lease_expires)`; see `Client`."""


class Client:
    """Reads values with `private_key` (PEM; else this device's), and tells `on_wrapped_dek_received` what opened them.

    It is called once for each grant that was used, before any value is returned: with `project`, the environment's id as its
    statement has it, which stays for all its life and in all clones; `environment`, its name; `wrapped_dek`, the data key as it
    is wrapped for this key, in base64url; and `lease_expires`, the moment at which the grant is over (ISO 8601, UTC), or None.
    What it raises ends the call. Files that were open took no grant.
    """

    def __init__(self, private_key: str | bytes | None = None, on_wrapped_dek_received: OnWrappedDek | None = None) -> None:
        self._tell, key = on_wrapped_dek_received, load.key_of(private_key)
        del private_key
        self._key = load.need_key(key)

    def load(
        self,
        environment: Environments = None,
        *,
        path: Path | None = None,
        override: bool = False,
        interpolate: bool = False,
        missing: OrIgnore = "error",
    ) -> None:
        """As `gitenv.load`."""
        found = load.read(environment, path, override, self._key, interpolate, missing, self._used)
        load.set_in_environ(found, override=override)

    def values(
        self,
        environment: Environments = None,
        *,
        path: Path | None = None,
        override: bool = False,
        interpolate: bool = False,
        missing: OrIgnore = "error",
    ) -> dict[str, str]:
        """As `gitenv.values`."""
        found = load.read(environment, path, override, self._key, interpolate, missing, self._used)
        return found.values if found else {}

    def _used(self, grant: Grant) -> None:
        if self._tell:
            lease_expires = f"{grant.expires}T23:59:59Z" if grant.expires else None
            wrapped, project = base64url.encode(grant.wrap).decode("ascii"), base64url.encode(grant.id).decode("ascii")
            self._tell(project, grant.environment, wrapped, lease_expires)
