"""Dimensions of an organisation, compared with the values that mappings give lines of stores."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connectors.accounting.dimensions import Dimension, dimension_problem, value_problem
from connectors.accounts.setup import Setup
from connectors.database.registry import Connection
from mappings.journal.config import MappingConfig
from mappings.journal.dimensions import MARKETPLACE, Assignment, dimension_key
from pipelines.stages.mapping import mapping_of
from pipelines.stages.organisations import open_organisation
from pipelines.stages.partitions import scan
from pipelines.stages.workspace import Workspace


@dataclass(frozen=True, slots=True)
class AssignedValue:
    """A value that lines of a store may have; `number` is its assignment's place in the mapping."""

    number: int
    dimension: str
    value: str


@dataclass(frozen=True, slots=True)
class Tracking:
    """An organisation's dimensions, and the values of mappings that they lack.

    `dimensions` is None where only the program that imports files knows them.
    """

    dimensions: list[Dimension] | None
    missing: list[tuple[str, str]]


def stores_of(workspace: Workspace, organisation: Connection) -> list[Connection]:
    """Return the stores whose entries go to an organisation."""
    return [
        store
        for store in workspace.registry.connections.list()
        if Setup.model_validate(store.setup).target == organisation.slug
    ]


def assigned_values(
    workspace: Workspace, config: MappingConfig, stores: Sequence[Connection]
) -> list[AssignedValue]:
    """Return the values that a mapping may give lines of some stores, each once."""
    values = (
        AssignedValue(number, assignment.dimension, value)
        for store in stores
        for number, assignment in enumerate(config.tracking)
        for value in _values(workspace, config, assignment, store)
    )
    return list(dict.fromkeys(values))


def tracking_problems(
    config: MappingConfig,
    dimensions: Sequence[Dimension],
    values: Sequence[AssignedValue],
) -> list[str]:
    """Return what is wrong with the tracking of a mapping, each with the field that names it."""
    problems = []
    for number, assignment in enumerate(config.tracking):
        problem = dimension_problem(dimensions, assignment.dimension)
        if problem is not None:
            problems.append(f"tracking.{number}.dimension: {problem}")
            continue
        problems += [
            f"tracking.{number}.value: {refusal}"
            for each in values
            if each.number == number
            and (refusal := value_problem(dimensions, each.dimension, each.value)) is not None
        ]
    return problems


def tracking_of(
    workspace: Workspace, organisation: Connection, *, create: bool = False, actor: str = ""
) -> Tracking:
    """Return an organisation's dimensions and what its stores' mappings need beside.

    With `create` the missing values are made, each on record in the audit log; what was made before
    one is refused stays. Raises as the organisation's calls do.
    """
    books = open_organisation(workspace, organisation)
    dimensions = books.dimensions()
    if dimensions is None:
        return Tracking(None, [])
    missing = list(_missing(workspace, organisation, dimensions))
    if not create or not missing:
        return Tracking(dimensions, missing)
    for dimension, value in missing:
        made = books.create_value(dimension, value)
        detail = {"dimension": dimension, "value": made.name}
        workspace.registry.audit.record(actor, "tracking.created", organisation.slug, detail)
    return Tracking(books.dimensions(), missing)


def _missing(
    workspace: Workspace, organisation: Connection, dimensions: Sequence[Dimension]
) -> Iterator[tuple[str, str]]:
    """Yield the values that are not there, of dimensions that lines can be tracked by."""
    listed = {
        dimension_key(each.name): {dimension_key(value.name) for value in each.values}
        for each in dimensions
        if each.values is not None and each.refusal is None
    }
    for store in stores_of(workspace, organisation):
        config = mapping_of(workspace.registry, store.slug, organisation.slug)
        for each in assigned_values(workspace, config, [store]):
            values = listed.get(dimension_key(each.dimension))
            if values is not None and dimension_key(each.value) not in values:
                values.add(dimension_key(each.value))
                yield each.dimension, each.value


def _values(
    workspace: Workspace, config: MappingConfig, assignment: Assignment, store: Connection
) -> list[str]:
    value = config.tracked(assignment.value, store.slug, store.channel)
    if MARKETPLACE not in value:
        return [value]
    chosen = {name.lower() for name in assignment.when.marketplaces} if assignment.when else set()
    return [
        value.replace(MARKETPLACE, name)
        for name in _marketplaces(workspace, store)
        if not chosen or name.lower() in chosen
    ]


def _marketplaces(workspace: Workspace, store: Connection) -> list[str]:
    lake = workspace.lake
    days = lake.days("transactions", store.slug)
    if not days:
        return []
    source = scan(lake.partitions("transactions", store.slug, days))
    with workspace.engine() as con:
        rows = con.execute(
            f"SELECT DISTINCT marketplace FROM {source} WHERE marketplace IS NOT NULL ORDER BY 1"
        ).fetchall()
    return [name for (name,) in rows]
