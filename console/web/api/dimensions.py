"""Tracking: what an organisation tracks lines by, and values made there for its mappings."""

from dataclasses import asdict

from fastapi import APIRouter
from pydantic import BaseModel

from console.targets import organisation_named
from console.web.api.dependencies import Here, Mapper, Named, workspace_of
from console.web.api.problems import ASKS_A_PLATFORM
from pipelines.stages.dimensions import Tracking, tracking_of

router = APIRouter(tags=["mappings"])


class TrackedValueResponse(BaseModel):
    """An option, class or location; `refusal` says why no line may have it."""

    name: str
    refusal: str | None


class DimensionResponse(BaseModel):
    """A dimension with its values, null where only the program that imports files knows them."""

    name: str
    values: list[TrackedValueResponse] | None
    refusal: str | None


class MissingValueResponse(BaseModel):
    """A value that a mapping names."""

    dimension: str
    value: str


class TrackingResponse(BaseModel):
    """An organisation's dimensions, null where only the program that imports files knows them.

    `missing` are values that mappings of its stores name and it lacks, `made` those just made.
    """

    dimensions: list[DimensionResponse] | None
    missing: list[MissingValueResponse]
    made: list[MissingValueResponse]


@router.get("/connections/{slug}/tracking", tags=[ASKS_A_PLATFORM])
def show_tracking(_who: Mapper, console: Here, connection: Named) -> TrackingResponse:
    """Return an organisation's dimensions, and what its stores' mappings lack there."""
    opened = workspace_of(console)
    tracking = tracking_of(opened, organisation_named(opened, connection.slug))
    return _response(tracking, missing=tracking.missing)


@router.post("/connections/{slug}/tracking", tags=[ASKS_A_PLATFORM])
def make_values(who: Mapper, console: Here, connection: Named) -> TrackingResponse:
    """Make the values that mappings of an organisation's stores lack there."""
    opened = workspace_of(console)
    organisation = organisation_named(opened, connection.slug)
    tracking = tracking_of(opened, organisation, create=True, actor=who.name)
    return _response(tracking, made=tracking.missing)


def _response(tracking: Tracking, **values: list[tuple[str, str]]) -> TrackingResponse:
    listed = {
        name: [{"dimension": dimension, "value": value} for dimension, value in pairs]
        for name, pairs in {"missing": [], "made": [], **values}.items()
    }
    dimensions = tracking.dimensions
    shown = None if dimensions is None else list(map(asdict, dimensions))
    return TrackingResponse.model_validate({"dimensions": shown, **listed})
