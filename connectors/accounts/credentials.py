"""Credentials of accounts: an application's, a connection's, and those that are not verified yet.

New credentials are staged under an owner of their own; `connectors.accounts.accounts` makes them
the connection's once the platform has said whom they reach.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.accounts.broker import STAGED, TOKEN, Broker, GrantRefused
from connectors.accounts.deadlines import SECRET_SINCE
from connectors.accounts.endpoints import endpoints
from connectors.accounts.fields import read_values, secret_names
from connectors.accounts.platform import Access, Platform
from connectors.accounts.platforms import platform_named
from connectors.accounts.setup import Setup
from connectors.accounts.tokens import Token
from connectors.accounts.vault import OPEN, Vault
from connectors.accounts.webhook_secrets import WebhookSecrets
from connectors.database.registry import Registry
from connectors.home.settings import Settings
from connectors.http import Remembered


@dataclass(frozen=True, slots=True)
class Credentials:
    """The credentials of one home's accounts, and calls that are signed with them."""

    settings: Settings
    registry: Registry

    @property
    def vault(self) -> Vault:
        """Return the vault of their credentials."""
        return Vault(self.settings, self.registry)

    def platform_of(self, slug: str) -> Platform:
        """Return the platform that a connection is on."""
        return platform_named(self.registry.connections.get(slug).channel)

    def access(self, slug: str) -> Access:
        """Return the access to a connection's account, with a token that is refreshed as needed."""
        connection = self.registry.connections.get(slug)
        return self._access(platform_named(connection.channel), slug, connection.fields)

    def application_id(self, slug: str) -> str:
        """Return an identifier of the application that calls for a connection; it is no secret."""
        stored = {**self.registry.connections.get(slug).fields, **self._kept(slug)}
        shared = self.registered(self.platform_of(slug))
        # Part of the key of a rate limit's bucket: platforms count by application.
        return (stored.get("client_id") or shared.get("client_id") or "keys")[:40]

    def _token(self, slug: str) -> Token | None:
        stored = self.vault.read(slug).get(TOKEN)
        return Token.from_json(stored) if stored is not None else None

    def _access(self, platform: Platform, owner: str, chosen: Mapping[str, str]) -> Access:
        stored = self._kept(owner)
        # The broker alone hands tokens out: it knows whether another process renewed them.
        stored.pop(TOKEN, None)
        own = {**chosen, **stored}
        fields = {**self.shared(platform, own), **own}

        def token(refused: str | None = None) -> str:
            broker = Broker(self.vault, self.registry)
            return broker.access_token(owner, refresh, refused)

        def refresh(refresh_token: str | None) -> Token:
            # Without one, only a platform that issues tokens for keys alone gives another.
            if platform.tokens is None or (refresh_token is None and not platform.own_grant):
                raise GrantRefused(f"{platform.title}: this token cannot be refreshed")
            return platform.tokens(access).refresh(refresh_token)

        where = endpoints(self.settings, platform, fields)
        access = Access(where, fields, Remembered(token), self.settings.private_hosts)
        return access

    def stage(self, slug: str, fields: Mapping[str, str], token: Token | None) -> None:
        """Store new credentials of a connection separately until they are verified."""
        stored = {**fields, **({TOKEN: token.to_json()} if token is not None else {})}
        self._keep(STAGED + slug, self.platform_of(slug), stored)

    def own_fields(self, slug: str, *, staged: bool = False) -> dict[str, str]:
        """Return what a reconnection keeps: the connection's own application and choices.

        With `staged`, also those of an unfinished authorisation.
        """
        platform = self.platform_of(slug)
        connection = self.registry.connections.get(slug)
        chosen = Setup.model_validate(connection.setup).fields
        stored = {n: chosen[n] for n in (f.name for f in platform.account) if n in chosen}
        stored |= {**connection.fields, **self._kept(slug)}
        if staged:
            stored |= self._kept(STAGED + slug)
        names = {field.name for field in (*platform.application, *platform.account)} | {
            SECRET_SINCE
        }
        return {name: value for name, value in stored.items() if name in names}

    def staged_fields(self, slug: str) -> dict[str, str]:
        """Return a connection's credentials that are not verified yet, but for a token."""
        stored = self._kept(STAGED + slug)
        stored.pop(TOKEN, None)
        return stored

    def staged_access(self, slug: str) -> Access:
        """Return the access of a connection's staged credentials."""
        return self._access(self.platform_of(slug), STAGED + slug, {})

    def registered(self, platform: Platform) -> dict[str, str]:
        """Return the fields of the application that is registered with a platform."""
        return self._kept(application(platform))

    def shared(self, platform: Platform, own: Mapping[str, str]) -> dict[str, str]:
        """Return the registered application's fields, for a connection without one of its `own`.

        The two are never mixed: a secret or an environment belongs to one application.
        """
        return {} if "client_id" in own else self.registered(platform)

    def register(self, platform: Platform, fields: Mapping[str, str], actor: str) -> None:
        """Keep the application's fields; connections made by a consent use them."""
        needed = platform.application
        # What was registered before need not be typed again: an owner may change the secret alone.
        values = read_values(platform, fields, self.registered(platform), needed)
        self._keep(application(platform), platform, {**self.registered(platform), **values})
        self.registry.audit.record(
            actor, "application.set", platform.name, {"fields": sorted(fields)}
        )

    def _kept(self, owner: str) -> dict[str, str]:
        return {n.removeprefix(OPEN): value for n, value in self.vault.read(owner).items()}

    def _keep(self, owner: str, platform: Platform, fields: Mapping[str, str]) -> None:
        """Keep exactly these fields of an owner, in one step."""
        secrets = secret_names(platform) | {TOKEN}
        named = {n if n in secrets else OPEN + n: value for n, value in fields.items()}
        signed_by = platform.deliveries.signed_by if platform.deliveries else None
        with self.vault.hold(owner) as locked:
            before = locked.fields.get(signed_by or "")
            # Fields of the previous credentials must not mix with the new ones.
            gone = dict.fromkeys(set(locked.fields) - set(named))
            locked.save({**gone, **named})
        if before is not None and before != named.get(signed_by or ""):
            # Webhooks on their way are signed with the one that was just replaced.
            WebhookSecrets(self.vault).supersede(owner, before)


def application(platform: Platform) -> str:
    """Return the owner, in the vault, of the application registered with a platform."""
    return f"app:{platform.name}"
