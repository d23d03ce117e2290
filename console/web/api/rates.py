"""Rates of exchange, by which entries of other currencies are converted."""

from typing import Annotated

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel

from console.targets import organisation_named
from console.web.api.dependencies import Here, Poster, workspace_of
from console.web.api.requests import Line, Slug
from pipelines.stages.exchange_rates import import_rates, pull_rates

router = APIRouter(tags=["rates"])
File = Annotated[bytes, Body(media_type="application/octet-stream")]


class RatesResponse(BaseModel):
    """The result of importing rates: how many a file has, and how many are new or changed."""

    rates: int
    changed: int


@router.post("/rates")
def import_exchange_rates(
    who: Poster,
    console: Here,
    body: File,
    file: Annotated[Line, Query(description="its name, for messages")] = "rates",
    source: Annotated[Slug, Query(description="the name that mappings know them by")] = "ecb",
) -> RatesResponse:
    """Import rates, the European Central Bank's file or one of your own, its bytes as the body."""
    outcome = import_rates(workspace_of(console), source, file, body, who.name)
    return RatesResponse(rates=outcome.rates, changed=outcome.changed)


@router.post("/rates/pull")
def pull_exchange_rates(
    who: Poster,
    console: Here,
    organisation: Annotated[Slug, Query(description="the accounting organisation")],
) -> RatesResponse:
    """Take the rates that an accounting organisation keeps, for the days of its stores."""
    workspace = workspace_of(console)
    outcome = pull_rates(workspace, organisation_named(workspace, organisation), who.name)
    return RatesResponse(rates=outcome.rates, changed=outcome.changed)
