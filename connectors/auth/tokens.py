"""An OAuth token pair as it is kept between runs."""

from datetime import datetime, timedelta
from typing import Self

from pydantic import BaseModel, ConfigDict


class Token(BaseModel):
    """What a token endpoint gave: `expires_at` is the access token's end, an instant.

    `previous_refresh_token` is the one before, for platforms that accept it a while longer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    access_token: str
    expires_at: datetime
    refresh_token: str
    previous_refresh_token: str | None = None
    refresh_expires_at: datetime | None = None

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The token as `to_json` wrote it."""
        return cls.model_validate_json(text)

    def to_json(self) -> str:
        """One JSON object; it is secret."""
        return self.model_dump_json()

    def lasts(self, now: datetime, margin: timedelta) -> bool:
        """Whether the access token is good for `margin` longer."""
        return now + margin < self.expires_at

    def followed_by(self, renewed: "Token") -> "Token":
        """The renewed pair, remembering this one's refresh token if it was replaced."""
        if renewed.refresh_token == self.refresh_token:
            return renewed
        return renewed.model_copy(update={"previous_refresh_token": self.refresh_token})
