"""Responses about publications: their states, and what became of decisions."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel

from connectors.database.registry.records import PublicationState, Wait


class PublicationResponse(BaseModel):
    """The newest revision of an entry at a target.

    `waits_for` is what it needs of its owner, `standing` what became of it there.
    """

    target: str
    entry_id: str
    connection: str
    business_date: date
    currency: str
    revision: int
    state: PublicationState
    waits_for: Wait | None
    standing: str | None
    reference: str | None
    message: str | None
    updated_at: datetime


class PublicationPage(BaseModel):
    """One page of publications, by target, store and day; `total` counts all of them."""

    publications: list[PublicationResponse]
    total: int


class OtherEntryResponse(BaseModel):
    """An entry of another connector in an organisation."""

    reference: str
    kind: str
    day: date
    text: str


class ApprovalResponse(BaseModel):
    """Approved entries, or the `others` that stand in the way of approving any."""

    approved: list[str]
    others: list[OtherEntryResponse]


class ChosenResponse(BaseModel):
    """The ids of entries that a choice is about."""

    entries: list[str]


class ReleasedResponse(BaseModel):
    """Entries that are posted again by the next run."""

    released: list[str]


class RolledBackResponse(BaseModel):
    """Entries that are out of the target, those left by day, and what a bank account loses."""

    removed: list[str]
    failed: dict[date, str]
    warnings: list[str]


class DriftResponse(BaseModel):
    """An entry that is not as it was posted: `edited`, `gone` or `reconciled`."""

    target: str
    entry_id: str
    connection: str
    day: date
    currency: str
    state: str
    reference: str | None
    why: str


class DriftPage(BaseModel):
    """Every entry of an organisation that is not as it was posted."""

    entries: list[DriftResponse]


class TargetSettlementPage(BaseModel):
    """Settlements with the posted figure read from an organisation, as `reconcile --target`."""

    ok: bool
    settlements: list[dict[str, Any]]
    total: int
