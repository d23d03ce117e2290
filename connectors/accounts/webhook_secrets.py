"""Secrets that webhooks are signed with: the one in use, and for a while the one before.

A platform goes on with the old secret for up to an hour after another was set, and sends again what
failed; so both are good for a day.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from connectors.accounts.vault import OPEN, WEBHOOKS, Vault

OVERLAP: Final = timedelta(days=1)
_SECRET: Final = "secret"  # noqa: S105 - the name of a field
_BEFORE: Final = "secret_before"
_UNTIL: Final = f"{OPEN}secret_before_until"


@dataclass(frozen=True, slots=True)
class WebhookSecrets:
    """The signing secrets of one home, by their owner: a connection or an application."""

    vault: Vault

    def current(self, owner: str) -> str | None:
        """Return the secret in use; None where the owner has none of its own."""
        return self.vault.read(WEBHOOKS + owner).get(_SECRET)

    def valid(self, owner: str, now: datetime) -> list[str]:
        """Return every secret that a delivery may be signed with now, the newest first."""
        fields = self.vault.read(WEBHOOKS + owner)
        secrets = [fields[_SECRET]] if _SECRET in fields else []
        if _BEFORE in fields and now < datetime.fromisoformat(fields[_UNTIL]):
            secrets.append(fields[_BEFORE])
        return secrets

    def set(self, owner: str, secret: str, now: datetime | None = None) -> None:
        """Use a secret from now on; the one before stays good for a day."""
        before = self.current(owner)
        if before == secret:
            return
        self.vault.save(WEBHOOKS + owner, {_SECRET: secret})
        if before is not None:
            self.supersede(owner, before, now)

    def supersede(self, owner: str, secret: str, now: datetime | None = None) -> None:
        """Take a secret that was replaced elsewhere for a day yet."""
        until = (now or datetime.now(UTC)) + OVERLAP
        self.vault.save(WEBHOOKS + owner, {_BEFORE: secret, _UNTIL: until.isoformat()})

    def forget(self, owner: str) -> None:
        """Delete an owner's secrets."""
        self.vault.forget(WEBHOOKS + owner)
