"""Personal data of buyers: reported, exported and erased."""

from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal

from fastapi import APIRouter
from pydantic import BaseModel

from console.web.api.dependencies import Administrator, Here, workspace_of
from console.web.api.requests import Line, RequestBody, Slug
from pipelines.stages import privacy
from pipelines.stages.privacy import erase_people, export_person, find_people

router = APIRouter(tags=["privacy"])


class BuyerRequest(RequestBody):
    """A buyer, by mail address, by the platform's id, or by pseudonym."""

    connection: Slug
    who: Line


class PrivacyStatusResponse(BaseModel):
    """The personal data of a connection: whether and how long it is held, of how many people."""

    connection: str
    held: bool
    days: int
    people: int
    expired: int
    erased: int
    next_expiry: datetime | None


class PrivacyReport(BaseModel):
    """Every connection with records; `ok` where nothing is held past its date."""

    ok: bool
    connections: list[PrivacyStatusResponse]


class BuyersOrder(BaseModel):
    """An order of a buyer."""

    order_id: str
    order_number: str | None
    placed_at: datetime
    status: str | None
    currency: str | None
    total: Decimal | None
    refunded: Decimal


class BuyerResponse(BaseModel):
    """Everything that is stored of a buyer."""

    connection: str
    customer_key: str
    personal_data: dict[str, str]
    expires_at: datetime | None
    erased_at: datetime | None
    orders: list[BuyersOrder]


class BuyersResponse(BaseModel):
    """The buyers that a request names: mostly one."""

    people: list[BuyerResponse]


class ErasureResponse(BaseModel):
    """The people whose personal data is erased."""

    connection: str
    erased: int


@router.get("/privacy")
def show_privacy(_who: Administrator, console: Here) -> PrivacyReport:
    """Return what is held of whom, and until when."""
    listed = privacy.report(workspace_of(console), datetime.now(UTC))
    shown = [PrivacyStatusResponse.model_validate(asdict(status)) for status in listed]
    return PrivacyReport(ok=not any(s.expired for s in shown), connections=shown)


@router.post("/privacy/export")
def export_buyer(_who: Administrator, console: Here, body: BuyerRequest) -> BuyersResponse:
    """Return everything that is stored of a buyer."""
    workspace = workspace_of(console)
    keys = find_people(workspace, body.connection, body.who)
    people = [export_person(workspace, body.connection, key) for key in keys]
    return BuyersResponse(people=[BuyerResponse.model_validate(person) for person in people])


@router.post("/privacy/erase")
def erase_buyer(who: Administrator, console: Here, body: BuyerRequest) -> ErasureResponse:
    """Erase a buyer's personal data for good; no later import brings it back."""
    workspace = workspace_of(console)
    keys = find_people(workspace, body.connection, body.who)
    erased = erase_people(workspace, body.connection, keys, who.name, "asked for by the API")
    return ErasureResponse(connection=body.connection, erased=erased)
