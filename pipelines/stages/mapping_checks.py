"""Mappings held against the organisation's chart, as that changes without Daybook."""

from connectors.accounts.setup import Setup
from connectors.database.registry import Connection
from connectors.database.registry.findings import MAPPING
from pipelines.stages.mapping import mapping_of
from pipelines.stages.organisations import account_problems, open_organisation
from pipelines.stages.workspace import Workspace


def check_mappings(workspace: Workspace, organisation: Connection) -> dict[str, list[str]]:
    """Note on every store's card what is wrong with its accounts at an organisation, and return it.

    The chart is read once for all stores. Raises as the organisation's calls do.
    """
    registry = workspace.registry
    stores = [
        each
        for each in registry.connections.list()
        if Setup.model_validate(each.setup).target == organisation.slug
    ]
    if not stores:
        return {}
    chart = open_organisation(workspace, organisation).accounts()
    problems: dict[str, list[str]] = {}
    for store in stores:
        config = mapping_of(registry, store.slug, organisation.slug)
        problems[store.slug] = account_problems(config, chart) if chart is not None else []
        registry.findings.set(
            store.slug,
            MAPPING,
            [
                f"{problem}: choose another, `daybook mappings set --target {organisation.slug}`"
                for problem in problems[store.slug]
            ],
        )
    return problems
