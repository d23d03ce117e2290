"""A store's first mapping for an organisation: accounts of its chart, suggested with a reason."""

from collections.abc import Sequence
from dataclasses import replace

from connectors.accounting.target import OrganisationBooks
from connectors.accounts.setup import Setup
from connectors.database.registry import Connection
from connectors.errors import BadInput, ConfigError
from mappings.journal.config import MappingConfig
from mappings.journal.suggestions import NewAccount, Suggestion, suggest
from mappings.model import TRANSFER
from pipelines.stages.mapping import mapping_of
from pipelines.stages.organisations import open_organisation
from pipelines.stages.workspace import Workspace


def suggest_accounts(
    workspace: Workspace, store: Connection, organisation: Connection
) -> list[Suggestion]:
    """Return a suggestion for every account role of a store, of the organisation's own chart.

    What the store's mapping names already is kept. `BadInput` for an organisation whose chart only
    its own program knows; otherwise raises as the organisation's calls do.
    """
    books = open_organisation(workspace, organisation)
    chart = books.accounts()
    if chart is None:
        raise BadInput(
            f"{organisation.slug} is files: the program that imports them knows its own accounts, "
            "so name them in a mapping file, then `daybook mappings set`"
        )
    return suggest(
        chart,
        organisation.channel,
        store=store.name,
        others=_others(workspace, store, organisation),
        country=organisation.account.get("country"),
        named=mapping_of(workspace.registry, store.slug, organisation.slug).accounts,
    )


def create_accounts(
    workspace: Workspace,
    organisation: Connection,
    suggestions: Sequence[Suggestion],
    actor: str,
) -> list[Suggestion]:
    """Make the accounts that are suggested and not there; return the suggestions with them.

    Each is made once, whatever number of roles goes to it, and is on record in the audit log.
    Raises as the organisation's calls do; what was made before that stays, and is found by its name
    the next time.
    """
    books = open_organisation(workspace, organisation)
    made: dict[NewAccount, Suggestion] = {}
    for suggestion in suggestions:
        if suggestion.new is not None and suggestion.new not in made:
            made[suggestion.new] = _create(workspace, organisation, books, suggestion, actor)
    return [
        replace(made[each.new], role=each.role) if each.new is not None else each
        for each in suggestions
    ]


def _create(
    workspace: Workspace,
    organisation: Connection,
    books: OrganisationBooks,
    suggestion: Suggestion,
    actor: str,
) -> Suggestion:
    assert suggestion.new is not None
    account = books.create_account(suggestion.new)
    if account.refusal is not None:
        raise ConfigError(f"{account.number} ({account.name}) was made, but {account.refusal}")
    detail = {"number": account.number, "name": account.name, "type": account.kind}
    workspace.registry.audit.record(actor, "account.created", organisation.slug, detail)
    return Suggestion("", account.number, account.name, "made for this")


def suggested_mapping(
    workspace: Workspace,
    store: Connection,
    organisation: Connection,
    suggestions: Sequence[Suggestion],
) -> MappingConfig:
    """Return a store's mapping with the accounts of suggestions that are there.

    A first mapping moves payouts by transfers where the organisation takes them; one that stands
    keeps what becomes of them.
    """
    registry = workspace.registry
    config = mapping_of(registry, store.slug, organisation.slug)
    suggested = {each.role: each.number for each in suggestions if each.number is not None}
    config = config.model_copy(update={"accounts": {**suggested, **config.accounts}})
    is_first = registry.mappings.get(store.slug, organisation.slug) is None
    if is_first and TRANSFER in open_organisation(workspace, organisation).takes:
        return config.model_copy(update={"payouts": TRANSFER})
    return config


def _others(workspace: Workspace, store: Connection, organisation: Connection) -> list[str]:
    return [
        each.name
        for each in workspace.registry.connections.list()
        if each.slug != store.slug and Setup.model_validate(each.setup).target == organisation.slug
    ]
