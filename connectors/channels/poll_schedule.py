"""The schedule of polls: every few minutes, each connection at its own moment of these.

An account without webhooks is asked for what is new. A poll reads what changed since the last one,
so a longer interval costs time and loses nothing.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Final

from connectors.accounts.setup import Setup
from connectors.channels import CHANNELS
from connectors.channels.history import is_syncable
from connectors.database.registry import Connection
from connectors.errors import BadInput

LONGEST_MINUTES: Final = 24 * 60
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def poll_minutes(connection: Connection) -> int | None:
    """Return the minutes between two polls of a connection; None where nothing is polled."""
    imports = Setup.model_validate(connection.setup).imports
    if not is_syncable(connection) or not imports.ongoing:
        return None
    return imports.poll_minutes or CHANNELS[connection.channel].poll_minutes


def next_poll_at(slug: str, minutes: int, now: datetime) -> datetime:
    """Return the instant (UTC) of a connection's next poll after `now`."""
    interval = timedelta(minutes=minutes)
    # Not `hash`, which differs from one process to the next.
    digest = hashlib.sha256(slug.encode()).digest()
    offset = interval * (int.from_bytes(digest[:4], "big") / (1 << 32))
    rounds = (now - _EPOCH - offset) // interval + 1
    return _EPOCH + offset + rounds * interval


def check_poll_minutes(connection: Connection, minutes: int | None) -> None:
    """Raise `BadInput` where a connection cannot be polled every so many minutes."""
    if minutes is None:
        return
    if not is_syncable(connection):
        raise BadInput(f"{connection.slug} has no account to poll: leave poll_minutes out")
    channel = CHANNELS[connection.channel]
    shortest = channel.shortest_poll_minutes
    if not shortest <= minutes <= LONGEST_MINUTES:
        raise BadInput(
            f"poll_minutes of {channel.title} must be {shortest} to {LONGEST_MINUTES}, "
            f"not {minutes}"
        )
