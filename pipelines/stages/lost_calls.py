"""Calls whose answer was lost: they may have been carried out, and may still be."""

from datetime import UTC, datetime, timedelta

from connectors.database.registry import Publication
from connectors.errors import Transient


class StillOpen(Transient):
    """A call whose answer was lost may still be carried out: nothing is sent in its place yet."""

    def __init__(self, publication: Publication) -> None:
        """Name the entry that the call was about."""
        super().__init__(
            f"the answer about {publication.entry_id} was lost a moment ago, and it may still "
            "arrive: publish again in a few minutes"
        )


def may_arrive(lost: Publication, seconds: float) -> bool:
    """Return whether a call about a revision may still arrive, that many seconds after it."""
    # A date of the future is a clock that was set back, and not a call that is under way.
    return timedelta(0) <= datetime.now(UTC) - lost.updated_at < timedelta(seconds=seconds)


def attempt_of(publication: Publication) -> int:
    """Return how often a revision was refused, which its marks at the target name."""
    return int((publication.content or {}).get("attempt", 0))
