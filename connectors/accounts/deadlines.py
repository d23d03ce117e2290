"""Deadlines of a connection: when its grant, its consent and its application's secret expire.

Platforms end grants without use, consents after a fixed time even if used, and applications'
secrets. Grants that use prolongs are kept alive; the rest needs the owner.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectors.accounts.platform import Platform
from connectors.accounts.tokens import Token

# How long before a deadline the owner is warned, each time once.
WARNINGS = (timedelta(days=30), timedelta(days=14), timedelta(days=3))
SECRET_SINCE = "client_secret_since"  # noqa: S105 - the name of a field
# Used this often, no platform's grant expires for lack of use; Square recommends it, too.
KEEP_ALIVE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Deadline:
    """`what` ends at the instant `expires_at`, and `remedy` says how to renew it."""

    expires_at: datetime
    what: str
    remedy: str

    def warning(self, now: datetime) -> timedelta | None:
        """Return the latest warning that is due; None if there is none."""
        due = [ahead for ahead in WARNINGS if now >= self.expires_at - ahead]
        return min(due, default=None)


def deadlines(platform: Platform, fields: Mapping[str, str], token: Token | None) -> list[Deadline]:
    """Return all deadlines of an account, the soonest first."""
    expiries = [*_of_grant(platform, token), *_of_secret(platform, fields)]
    return sorted(expiries, key=lambda deadline: deadline.expires_at)


def _of_grant(platform: Platform, token: Token | None) -> Iterator[Deadline]:
    reconnect = "connect the account again"
    # Without a refresh token there is no grant: tokens come from the account's own keys, or last.
    if token is None or token.refresh_token is None:
        return
    # What the platform states comes before what its pages say of all grants.
    unused = token.refresh_expires_at
    if unused is None and platform.inactivity_limit is not None and token.issued_at:
        unused = token.issued_at + platform.inactivity_limit
    if unused is not None:
        yield Deadline(unused, f"{platform.title}'s authorisation, if it is not used", reconnect)
    ends = token.consent_expires_at
    if ends is None and platform.consent_lifetime is not None and token.granted_at is not None:
        ends = token.granted_at + platform.consent_lifetime
    if ends is not None:
        yield Deadline(ends, f"the consent to {platform.title}", reconnect)


def _of_secret(platform: Platform, fields: Mapping[str, str]) -> Iterator[Deadline]:
    since = fields.get(SECRET_SINCE)
    if platform.secret_lifetime is not None and since is not None:
        yield Deadline(
            # Only the day is kept; its start is the earlier end, so the warning does not come late.
            datetime.fromisoformat(since).replace(tzinfo=UTC) + platform.secret_lifetime,
            f"the secret of the application at {platform.title}",
            f"make a new one there, then `daybook applications set {platform.name}`",
        )


def wants_use(token: Token | None, now: datetime) -> bool:
    """Return whether a grant has not been used for so long that it is kept alive."""
    if token is None or token.refresh_token is None or token.issued_at is None:
        return False
    return now - token.issued_at > KEEP_ALIVE
