"""Deleting a connection: what was fetched for it and what was made of that.

Entries in the books stay: an accountant decides about those. Their record stays too.
"""

from connectors.auth import Vault
from connectors.auth.broker import STAGED
from connectors.auth.vault import QUEUE
from mappings.tables import TABLES
from pipelines.stages.workspace import Workspace


def remove_connection(workspace: Workspace, slug: str, actor: str) -> None:
    """Delete a connection with its credentials, documents and partitions."""
    vault = Vault(workspace.settings, workspace.registry)
    for owner in (slug, STAGED + slug, QUEUE + slug):
        vault.forget(owner)
    # The registry first: a lake without a connection is litter, the other way round a fault.
    workspace.registry.remove_connection(slug, actor)
    workspace.lake.forget(slug, TABLES)
