"""Attempts at a delivery: when one that failed is tried again, over three days."""

import random
from datetime import datetime, timedelta
from typing import Final

# As Standard Webhooks recommends: soon at first, then for days.
_DELAYS: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
MOST_ATTEMPTS: Final = len(_DELAYS) + 1
# A receiver may ask for a longer wait than ours, and no more than this.
_LONGEST: Final = timedelta(days=1)


def next_attempt(
    attempts: int, now: datetime, retry_after: timedelta | None = None
) -> datetime | None:
    """Return when to try again after so many attempts; None to give up.

    Not before the receiver's `retry_after`, and with jitter: a receiver that comes back is not
    called by everybody in the same second.
    """
    if attempts >= MOST_ATTEMPTS:
        return None
    delay = max(_DELAYS[attempts - 1], min(retry_after or timedelta(0), _LONGEST))
    return now + delay * random.uniform(1.0, 1.25)  # noqa: S311
