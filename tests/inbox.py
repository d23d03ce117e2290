"""The inbox as a run that computed all its days leaves it."""

from connectors.database.registry import Registry


def finish_all(registry: Registry) -> None:
    """Take the days of every event that waits out of the inbox."""
    for event in registry.inbox.list():
        registry.inbox.finish_days(event.connection, event.days, event.id)
