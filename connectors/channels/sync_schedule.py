"""The schedule of syncs: every day, early in the account's own morning, spread over some hours.

Each connection keeps to its own minute, so that a thousand of them do not call at once.
"""

import hashlib
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

# Platforms have told yesterday by then; people look at their books after it.
FROM_HOUR, HOURS = 2, 4
# Days that are read again by the daily sync: what came to light late in a month is found.
LOOKBACK = timedelta(days=30)


def next_sync_at(slug: str, time_zone: str, now: datetime) -> datetime:
    """Return the instant (UTC) of the next daily sync after `now`."""
    zone = ZoneInfo(time_zone)
    day = now.astimezone(zone).date()
    while True:
        at = datetime.combine(day, time(FROM_HOUR), zone) + _own_offset(slug)
        if at.astimezone(UTC) > now:
            return at.astimezone(UTC)
        day += timedelta(days=1)


def _own_offset(slug: str) -> timedelta:
    # Not `hash`, which differs from one process to the next.
    digest = hashlib.sha256(slug.encode()).digest()
    return timedelta(seconds=int.from_bytes(digest[:4], "big") % (HOURS * 3600))
