"""The switch for posting to an accounting organisation: off until its owner turns it on.

It applies from a business day on, so that imported history is never posted.
"""

from datetime import date, timedelta

from connectors.accounts.platforms import has_settlements, platform_named
from connectors.accounts.setup import Posting, Setup
from connectors.channels.history import today_of
from connectors.database.registry import Connection, Registry
from connectors.errors import BadInput

# The start of the next financial year is within it; a later day is a typing mistake.
AHEAD = timedelta(days=731)


def posting(organisation: Connection) -> Posting:
    """Return the switch of an accounting organisation; `BadInput` for a store, which has none."""
    if has_settlements(organisation):
        raise BadInput(
            f"{organisation.slug} is no accounting organisation: nothing is posted to "
            f"{platform_named(organisation.channel).title}"
        )
    return Setup.model_validate(organisation.setup).posting


def check_posting(organisation: Connection, since: date | None, books_begin: date) -> None:
    """Raise `BadInput` where `change_posting` would refuse."""
    posting(organisation)
    slug = organisation.slug
    match organisation.state:
        case "pending":
            raise BadInput(f"{slug} is not set up yet: finish its set-up")
        case "disconnected":
            raise BadInput(f"{slug} is disconnected: connect it again first")
    if since is None:
        return
    if since < books_begin:
        raise BadInput(f"{since} is before {books_begin}, the first day that Daybook keeps")
    latest = today_of(organisation) + AHEAD
    if since > latest:
        raise BadInput(f"{since} is more than two years ahead: choose a day up to {latest}")


def change_posting(
    registry: Registry, slug: str, since: date | None, books_begin: date, actor: str
) -> bool:
    """Post entries of this business day and later, or none; False when it is so already.

    `BadInput` for a store, for an account that is not connected, and for a day out of reason.
    """
    check_posting(registry.connections.get(slug), since, books_begin)
    return registry.connections.set_posting(slug, since, actor)
