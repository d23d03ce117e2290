"""Costs of goods: unit costs and movements of stock from files, and SKUs without a cost."""

from dataclasses import asdict
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel

from connectors.database.registry import Connection
from console.web.api.dependencies import Here, Poster, Reader, connection_named, workspace_of
from console.web.api.requests import Limit, Line, Offset, Slug
from console.web.context import Console
from console.workspace import chosen
from pipelines.stages.stock import (
    StockImport,
    import_costs,
    import_movements,
    missing_costs,
    pull_costs,
)

router = APIRouter(tags=["costs"])
File = Annotated[bytes, Body(media_type="application/octet-stream")]
FileName = Annotated[Line, Query(description="its name, for messages")]
StoreName = Annotated[Slug, Query(alias="connection", description="the store")]
ShopName = Annotated[Slug | None, Query(description="the shop that names costs")]


class StockResponse(BaseModel):
    """The result of an import: rows in the file, those new or changed, and days to compute again.

    The days are computed as soon as a sensor sees them. `waiting` are rows of days that no
    settlement covers yet.
    """

    connection: str
    rows: int
    changed: int
    days: int
    waiting: int


class CostPullResponse(BaseModel):
    """The result of a pull: SKUs with a cost, those new or changed, and days to compute again.

    `ambiguous` are SKUs of several items with different costs, which are left out.
    """

    connection: str
    rows: int
    changed: int
    days: int
    ambiguous: list[str]


class MissingCostResponse(BaseModel):
    """A SKU that was sold and has no cost on the first of the days that it was sold on."""

    sku: str
    location: str
    first_day: date
    units: int


class MissingCostPage(BaseModel):
    """One page of SKUs without a cost; `ok` says whether there is none."""

    ok: bool
    missing: list[MissingCostResponse]
    total: int


@router.post("/costs", status_code=202)
def import_unit_costs(
    who: Poster, console: Here, store: StoreName, body: File, file: FileName = "costs.csv"
) -> StockResponse:
    """Import unit costs, each from a day on, the file's bytes as the body."""
    connection = _store(console, store)
    outcome = import_costs(workspace_of(console), connection, file, body, who.name)
    return _response(connection, outcome)


@router.post("/costs/pull")
def pull_unit_costs(
    who: Poster, console: Here, store: StoreName, shop: ShopName = None
) -> CostPullResponse:
    """Take unit costs from a connected shop, the store itself unless another is named."""
    source = _store(console, shop or store)
    outcome = pull_costs(workspace_of(console), source, _store(console, store), who.name)
    return CostPullResponse(connection=store, **asdict(outcome))


@router.post("/costs/movements", status_code=202)
def import_stock_movements(
    who: Poster, console: Here, store: StoreName, body: File, file: FileName = "movements.csv"
) -> StockResponse:
    """Import units that came back, were lost, disposed of or found, the bytes as the body."""
    connection = _store(console, store)
    outcome = import_movements(workspace_of(console), connection, file, body, who.name)
    return _response(connection, outcome)


@router.get("/costs/missing")
def list_missing_costs(
    _who: Reader, console: Here, store: StoreName, limit: Limit = 100, offset: Offset = 0
) -> MissingCostPage:
    """List SKUs that were sold without a unit cost, those sold most first."""
    listed = missing_costs(workspace_of(console), _store(console, store))
    shown = [
        MissingCostResponse.model_validate(asdict(each)) for each in listed[offset : offset + limit]
    ]
    return MissingCostPage(ok=not listed, missing=shown, total=len(listed))


def _store(console: Console, slug: str) -> Connection:
    (store,) = chosen(workspace_of(console), [connection_named(console, slug).slug])
    return store


def _response(connection: Connection, outcome: StockImport) -> StockResponse:
    return StockResponse(connection=connection.slug, **asdict(outcome))
