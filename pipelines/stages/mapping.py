"""The effective mapping configuration of a connection."""

from connectors.database.registry import MappingVersion, Registry
from connectors.errors import ConfigError, summary
from mappings.journal.config import MappingConfig


def mapping_of(registry: Registry, connection: str | None) -> MappingConfig:
    """Return the connection's own mapping, else the owner's default, else the shipped one."""
    return config_of(registry.mappings.get(connection))


def config_of(saved: MappingVersion | None) -> MappingConfig:
    """Parse a saved mapping; the shipped one for None. `ConfigError` for another release's."""
    if saved is None:
        return MappingConfig()
    try:
        return MappingConfig.model_validate(saved.document)
    except ValueError as error:
        raise ConfigError(
            f"mapping version {saved.version} is not one this release reads "
            f"({summary(error)}): correct it with `daybook mappings set`"
        ) from error
