"""Mappings held against the organisation's chart, as that changes without Daybook."""

from collections.abc import Sequence
from functools import cached_property

from connectors.accounting.dimensions import Dimension
from connectors.accounting.target import ChartAccount, OrganisationBooks, TaxCode
from connectors.database.registry import Connection
from connectors.database.registry.findings import MAPPING
from mappings.journal.config import MappingConfig
from pipelines.stages.chart_fields import account_problems, tax_problems
from pipelines.stages.dimensions import assigned_values, stores_of, tracking_problems
from pipelines.stages.mapping import mapping_of
from pipelines.stages.organisations import open_organisation
from pipelines.stages.workspace import Workspace


class OrganisationChart:
    """An organisation's accounts, codes and dimensions, read once for any number of mappings."""

    def __init__(self, workspace: Workspace, books: OrganisationBooks) -> None:
        """Read nothing yet."""
        self._workspace, self._books = workspace, books

    @cached_property
    def _accounts(self) -> list[ChartAccount] | None:
        return self._books.accounts()

    @cached_property
    def _codes(self) -> list[TaxCode] | None:
        return self._books.tax_codes()

    @cached_property
    def _dimensions(self) -> list[Dimension] | None:
        return self._books.dimensions()

    def problems(self, config: MappingConfig, stores: Sequence[Connection]) -> list[str]:
        """Return what is wrong with the accounts, tax codes and tracking of a mapping, by field.

        It is that of `stores`. Nothing where only the organisation's own program knows them. Raises
        as its calls do.
        """
        problems = account_problems(config, self._accounts) if self._accounts is not None else []
        problems += [
            f"{name}: the organisation takes no {kind.replace('_', ' ')}s: leave it out"
            for name, kind in (("document", config.document), ("payouts", config.payouts))
            if kind not in self._books.takes
        ]
        if config.tracking and self._dimensions is not None:
            values = assigned_values(self._workspace, config, stores)
            problems += tracking_problems(config, self._dimensions, values)
        has_codes = config.tax_codes or config.treatments
        # Most mappings name no code, and every call counts against the limits.
        if not has_codes and all(override.tax_code is None for override in config.overrides):
            return problems
        return problems + (tax_problems(config, self._codes) if self._codes is not None else [])


def check_mappings(workspace: Workspace, organisation: Connection) -> dict[str, list[str]]:
    """Note on every store's card what is wrong with its mapping at an organisation, and return it.

    Entries that were held for the chart, and whose mapping it takes by now, are due again.
    Raises as the organisation's calls do.
    """
    registry = workspace.registry
    stores = stores_of(workspace, organisation)
    if not stores:
        return {}
    chart = OrganisationChart(workspace, open_organisation(workspace, organisation))
    problems: dict[str, list[str]] = {}
    for store in stores:
        config = mapping_of(registry, store.slug, organisation.slug)
        problems[store.slug] = chart.problems(config, [store])
        registry.findings.set(
            store.slug,
            MAPPING,
            [
                f"{problem}: choose another, `daybook mappings set --target {organisation.slug}`"
                for problem in problems[store.slug]
            ],
        )
        if not problems[store.slug]:
            _free(workspace, store, organisation)
    return problems


def _free(workspace: Workspace, store: Connection, organisation: Connection) -> None:
    publications = workspace.registry.publications
    held = publications.list(organisation.slug, [store.slug], states=["held"])
    waiting = [publication for publication in held if publication.waits_for == "chart"]
    if waiting:
        publications.mark(organisation.slug, waiting, "planned")
