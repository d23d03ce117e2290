"""The tax profile of a store: read, and changed with the days that the change concerns."""

from connectors.accounts.platforms import has_settlements
from connectors.accounts.setup import Setup
from connectors.database.registry import Connection
from connectors.errors import BadInput
from mappings.journal.tax.profile import TaxProfile
from pipelines.stages.targets import request_days
from pipelines.stages.workspace import Workspace


def tax_profile_of(connection: Connection) -> TaxProfile | None:
    """Return a store's tax profile; None while it has none. `BadInput` for an organisation."""
    if not has_settlements(connection):
        raise BadInput(
            f"{connection.slug} is an accounting organisation: tax is decided by store, from what "
            "its lines are"
        )
    return Setup.model_validate(connection.setup).tax


def change_tax_profile(
    workspace: Workspace, slug: str, profile: TaxProfile | None, actor: str
) -> int:
    """Save a store's tax profile, or remove it, and request its days; return how many there are.

    0 where it is so already. `BadInput` as `tax_profile_of`.
    """
    registry = workspace.registry
    connection = registry.connections.get(slug)
    tax_profile_of(connection)
    document = None if profile is None else profile.document()
    if not registry.connections.set_tax(slug, document, actor):
        return 0
    # Registrations have days of their own, so any day may be another one under the profile.
    return request_days(workspace, connection, None, "tax profile changed", actor)
