"""Mappings: the source types that no rule maps yet, and the category of each."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from connectors.accounts.platforms import has_settlements
from console.source_types import source_type_document
from console.web.api.dependencies import Here, Mapper, Named, Reader, connection_named, workspace_of
from console.web.api.problems import Problem, ProblemError
from console.web.api.requests import Day, Limit, Offset, Slug, SourceTypeRequest
from console.workspace import chosen
from pipelines.stages.mapping_changes import assign_category
from pipelines.stages.source_types import a_week_ago, new_source_types, source_types_of

router = APIRouter(tags=["mappings"])


class SourceTypeResponse(BaseModel):
    """A source type over the effective documents; `held` are the entries that wait for it.

    `category` is `unclassified` while it is unmapped. The days between which it stands are null
    before any is done. A category is `assumed` where the source type has no rule of its own
    and is booked where its family of fees is.
    """

    connection: str
    channel: str
    source_type: str
    category: str
    assumed: bool
    first_seen: datetime
    lines: int
    totals: dict[str, str]
    first_day: date | None
    last_day: date | None
    held: list[str]


class SourceTypePage(BaseModel):
    """One page of source types, those first that hold entries; `total` counts all of them."""

    since: date
    source_types: list[SourceTypeResponse]
    total: int


class MappedResponse(BaseModel):
    """The category of a source type from now on; `days` are then done again."""

    connection: str
    source_type: str
    category: str
    version: int
    days: int


@router.get("/mappings/source-types")
def list_source_types(
    _who: Reader,
    console: Here,
    connection: Annotated[
        Slug | None, Query(description="one connection's; all without it")
    ] = None,
    since: Annotated[Day | None, Query(description="a week ago without it")] = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> SourceTypePage:
    """List source types that are new since a day, and all that no rule maps."""
    opened, begins = workspace_of(console), since or a_week_ago()
    named = [connection_named(console, connection).slug] if connection is not None else []
    listed = new_source_types(opened, chosen(opened, named), begins)
    shown = [
        SourceTypeResponse.model_validate(source_type_document(w))
        for w in listed[offset : offset + limit]
    ]
    return SourceTypePage(since=begins, source_types=shown, total=len(listed))


@router.post("/connections/{slug}/source-types", status_code=202)
def map_source_type(
    who: Mapper, console: Here, connection: Named, body: SourceTypeRequest
) -> MappedResponse:
    """Map a source type in the connection's own mapping, and request its days again.

    Its own mapping begins as a copy of the default one, which then no longer applies to it.
    """
    opened = workspace_of(console)
    # A source type of another store would make a rule that never applies, and look done.
    if not has_settlements(connection) or body.source_type not in source_types_of(
        opened, connection
    ):
        line = f"no document of {connection.slug} has this source type"
        raise ProblemError(422, Problem(error=line, fields={"source_type": line}))
    saved = assign_category(opened, connection, body.source_type, body.category, who.name)
    return MappedResponse(
        connection=connection.slug,
        source_type=body.source_type,
        category=body.category,
        version=saved.version,
        days=saved.days,
    )
