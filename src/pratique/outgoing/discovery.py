"""The keys of an OpenID Connect provider, found by its own metadata (Discovery 1.0 section 4)."""

from __future__ import annotations

from pratique.identity.federation import (
    KeysUnavailable,
    Publication,
    discovery_url,
    json_object,
)
from pratique.naming.errors import printable
from pratique.outgoing.addresses import AddressPolicy, NotPermitted
from pratique.outgoing.fetching import Fetched, Fetcher, FetchFailed, Resolve


class DiscoveredKeys:
    """Asks issuers for their keys; keeps nothing.

    Args:
        allow_private: whether issuers may be in one's own networks.
        resolve: looks a host up; the system's way when None.
    """

    def __init__(self, *, allow_private: bool, resolve: Resolve | None = None) -> None:
        self._fetcher = Fetcher(AddressPolicy(allow_private), resolve)

    async def fetch(self, issuer: str) -> Publication:
        """What `issuer` publishes now.

        Raises:
            KeysUnavailable: it may not be asked, does not answer, or publishes no keys.
        """
        metadata_url = discovery_url(issuer)
        found = await self._get(metadata_url)
        try:
            metadata = json_object(found.content)
        except ValueError as error:
            raise KeysUnavailable(f"`{metadata_url}` is of no use: {error}") from error
        named = metadata.get("issuer")
        if named != issuer:
            raise KeysUnavailable(
                f"`{metadata_url}` speaks for the issuer `{printable(str(named), 200)}`, not for "
                f"`{issuer}`"
            )
        keys_url = metadata.get("jwks_uri")
        if not isinstance(keys_url, str):
            raise KeysUnavailable(f"`{metadata_url}` does not say where the keys are (`jwks_uri`)")
        keys = await self._get(keys_url)
        try:
            text = keys.content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise KeysUnavailable(f"`{keys_url}` is of no use: it is not UTF-8") from error
        return Publication(metadata_url, keys_url, text, inside=found.inside or keys.inside)

    async def _get(self, url: str) -> Fetched:
        try:
            return await self._fetcher.get(url)
        except (NotPermitted, FetchFailed) as error:
            raise KeysUnavailable(str(error)) from error
