"""The mapping configuration of a connection, and which version of it is in effect on a day."""

from collections.abc import Sequence
from datetime import date

from connectors.database.registry import MappingVersion, Registry
from connectors.errors import ConfigError, summary
from mappings.journal.config import MappingConfig
from mappings.model import BOOKS


def mapping_of(registry: Registry, connection: str | None, target: str = BOOKS) -> MappingConfig:
    """Return the connection's newest mapping, else the owner's default, else the shipped one."""
    return config_of(registry.mappings.get(connection, target), target)


def mappings_in_effect(
    registry: Registry, connection: str, days: Sequence[date], target: str = BOOKS
) -> list[tuple[MappingConfig, list[date]]]:
    """Return the mappings in effect over some days, each with its own of them, in their order.

    On a day the newest version holds that is not of a later day: of the connection's own where it
    has one by then, else of the default. `ConfigError` where this release cannot read one.
    """
    versions = registry.mappings.history(connection, target)
    groups: dict[int | None, tuple[MappingVersion | None, list[date]]] = {}
    for day in days:
        saved = next((v for v in versions if v.is_in_effect(day)), None)
        groups.setdefault(saved.id if saved else None, (saved, []))[1].append(day)
    return [(config_of(saved, target), chosen) for saved, chosen in groups.values()]


def config_of(saved: MappingVersion | None, target: str = BOOKS) -> MappingConfig:
    """Parse a saved mapping; the shipped one for None. `ConfigError` for another release's."""
    if saved is None:
        return MappingConfig(chart="books" if target == BOOKS else "organisation")
    try:
        return MappingConfig.model_validate(saved.document)
    except ValueError as error:
        raise ConfigError(
            f"mapping version {saved.version} is not one this release reads "
            f"({summary(error)}): correct it with `daybook mappings set`"
        ) from error
