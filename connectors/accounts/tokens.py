"""A stored OAuth token pair."""

from datetime import UTC, datetime, timedelta
from typing import Self

from pydantic import BaseModel, ConfigDict


class Token(BaseModel):
    """The answer of a token endpoint: `expires_at` is the access token's end, None if it has none.

    `previous_refresh_token` is the one before, for platforms that accept it a while longer.
    `issued_at` is when this pair was bought, `granted_at` when the first of its grant was.
    `consent_expires_at` is when the consent ends however it is used, where the platform says so.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    access_token: str
    expires_at: datetime | None
    refresh_token: str | None
    previous_refresh_token: str | None = None
    refresh_expires_at: datetime | None = None
    issued_at: datetime | None = None
    granted_at: datetime | None = None
    consent_expires_at: datetime | None = None

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the token as `to_json` wrote it."""
        return cls.model_validate_json(text)

    def to_json(self) -> str:
        """Return one JSON object; it is secret."""
        return self.model_dump_json()

    @classmethod
    def typed(cls, refresh_token: str | None, access_token: str | None) -> Self:
        """Return a typed token; an access token alone is taken not to expire.

        When it was granted is not known; it counts from now.
        """
        now = datetime.now(UTC)
        # Of the two only a refresh token says that the other one ends.
        lasting = bool(access_token and not refresh_token)
        return cls(
            access_token=access_token if lasting and access_token else "",
            # Ended at once, so that the first use refreshes and proves what was typed.
            expires_at=None if lasting else datetime.fromtimestamp(0, UTC),
            refresh_token=refresh_token,
            issued_at=now,
            granted_at=now,
        )

    def is_valid(self, now: datetime, margin: timedelta) -> bool:
        """Return whether the access token is good for `margin` longer."""
        return self.expires_at is None or now + margin < self.expires_at

    def followed_by(self, renewed: "Token") -> "Token":
        """Return the renewed pair, remembering this one's refresh token if it was replaced."""
        # A consent's life counts from its first pair; a refresh need not say when it ends.
        inherited: dict[str, object] = {
            "granted_at": self.granted_at or renewed.granted_at,
            "consent_expires_at": renewed.consent_expires_at or self.consent_expires_at,
        }
        # Without rotation there is no earlier one; the same one tried twice would tell nothing.
        if renewed.refresh_token != self.refresh_token:
            inherited["previous_refresh_token"] = self.refresh_token
        # The same refresh token ends when it would have; only a new one has a life of its own.
        if renewed.refresh_expires_at is None and renewed.refresh_token == self.refresh_token:
            inherited["refresh_expires_at"] = self.refresh_expires_at
        return renewed.model_copy(update=inherited)
