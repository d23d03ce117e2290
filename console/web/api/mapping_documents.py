"""Mapping documents: read, saved, suggested, copied, and what one would change."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, StrictBool

from console.targets import check_names, organisation_named
from console.web.api.dependencies import Here, Mapper, Named, Reader, workspace_of
from console.web.api.journals import Amount
from console.web.api.problems import ASKS_A_PLATFORM
from console.web.api.requests import Day, Line, RequestBody, Slug, window_of
from console.workspace import chosen
from mappings.journal.config import AccountLine, MappingConfig
from mappings.model import BOOKS
from pipelines.stages.mapping import config_of
from pipelines.stages.mapping_changes import check_chart, save_mapping
from pipelines.stages.mapping_copies import copies, save_copies
from pipelines.stages.mapping_suggestions import (
    create_accounts,
    suggest_accounts,
    suggested_mapping,
)
from pipelines.stages.store import Store
from pipelines.stages.what_if import what_if
from pipelines.sync import ALWAYS

router = APIRouter(tags=["mappings"])
Owner = Annotated[Slug | None, Query(description="a store's own; the default one without it")]
AtTarget = Annotated[Slug, Query(description="books, or an organisation")]
ANY_CONNECTION = "{connection}"


class MappingResponse(BaseModel):
    """A mapping, and the account and tax code that it gives each category.

    `version` is 0 where none was saved; it is `after` of the next change.
    """

    connection: str | None
    target: str
    version: int
    effective_from: date | None
    mapping: dict[str, Any]
    categories: list[AccountLine]


class MappingChange(RequestBody):
    """A mapping to be saved; `after` is the version that it changes, 0 for none."""

    connection: Slug | None = None
    target: Slug = BOOKS
    mapping: MappingConfig
    effective_from: Day | None = None
    reason: Line | None = None
    after: Annotated[int, Field(ge=0, le=1_000_000, strict=True)] | None = None


class SavedResponse(BaseModel):
    """A mapping as it was saved; `days` are computed again."""

    version: int
    days: int


class VersionResponse(BaseModel):
    """A saved version."""

    connection: str | None
    version: int
    effective_from: date | None
    reason: str | None
    created_by: str
    created_at: datetime


class VersionPage(BaseModel):
    """Every version that can hold for a connection, its own first, the newest first."""

    versions: list[VersionResponse]


class NewAccountResponse(BaseModel):
    """An account to be made."""

    name: str
    code: str
    kind: str


class SuggestionResponse(BaseModel):
    """The account for a role: `number` of one that is there, else `new`; and why."""

    role: str
    number: str | None
    name: str
    reason: str
    new: NewAccountResponse | None


class SuggestionList(BaseModel):
    """Suggestions for all roles; `version` of the mapping where they were saved."""

    suggestions: list[SuggestionResponse]
    version: int | None = None


class SuggestionChoice(RequestBody):
    """The suggestions taken: accounts that are not there are made, and the mapping is saved."""

    target: Slug
    create: StrictBool = False
    save: StrictBool = False


class Proposal(RequestBody):
    """A mapping to be compared with what holds."""

    target: Slug = BOOKS
    mapping: MappingConfig
    first: Day | None = None
    last: Day | None = None


class ChangeResponse(BaseModel):
    """The sum of an account and tax code, debits positive, before and after."""

    currency: str
    account: str | None
    tax_code: str | None
    before: Amount
    after: Amount


class WhatIfResponse(BaseModel):
    """The effect of a mapping on computed days; nothing was saved."""

    days: int
    entries: int
    changed: int
    held_before: int
    held: int
    accounts: list[ChangeResponse]


class CopyRequest(RequestBody):
    """The stores that get a store's mapping; with `dry_run` only what it would change there."""

    target: Slug = BOOKS
    stores: Annotated[list[Slug], Field(min_length=1, max_length=1000)]
    dry_run: StrictBool = False


class FieldChange(BaseModel):
    """A field by its dotted name, before and after."""

    field: str
    before: str | None
    after: str | None


class CopyResponse(BaseModel):
    """A store that got a mapping; `version` is null where nothing was saved."""

    store: str
    changes: list[FieldChange]
    version: int | None


class CopyList(BaseModel):
    """One copy a store."""

    copies: list[CopyResponse]


@router.get("/mappings")
def get_mapping(
    _who: Reader, console: Here, connection: Owner = None, target: AtTarget = BOOKS
) -> MappingResponse:
    """Return the newest mapping of a store for a target, else the default one."""
    opened = workspace_of(console)
    check_names(opened, connection, target)
    saved = opened.registry.mappings.get(connection, target)
    config = config_of(saved, target)
    return MappingResponse(
        connection=saved.connection if saved else None,
        target=target,
        version=saved.version if saved else 0,
        effective_from=saved.effective_from if saved else None,
        mapping=config.model_dump(mode="json"),
        categories=config.account_lines(connection or ANY_CONNECTION),
    )


@router.put("/mappings")
def put_mapping(who: Mapper, console: Here, body: MappingChange) -> SavedResponse:
    """Save a mapping; entries that it changes are planned again."""
    opened = workspace_of(console)
    check_names(opened, body.connection, body.target)
    saved = save_mapping(
        opened,
        body.mapping,
        body.connection,
        who.name,
        body.after,
        target=body.target,
        effective_from=body.effective_from,
        reason=body.reason,
    )
    return SavedResponse(version=saved.version, days=saved.days)


@router.get("/mappings/versions")
def list_versions(
    _who: Reader, console: Here, connection: Owner = None, target: AtTarget = BOOKS
) -> VersionPage:
    """List every saved version: since when it holds, who saved it, when and why."""
    opened = workspace_of(console)
    check_names(opened, connection, target)
    versions = opened.registry.mappings.history(connection, target)
    fields = VersionResponse.model_fields
    return VersionPage(
        versions=[
            VersionResponse.model_validate({name: getattr(each, name) for name in fields})
            for each in versions
        ]
    )


@router.get("/connections/{slug}/suggestions", tags=[ASKS_A_PLATFORM])
def list_suggestions(
    _who: Mapper, console: Here, connection: Named, target: Annotated[Slug, Query()]
) -> SuggestionList:
    """Suggest an account for each role, of the organisation's own chart, with the reason."""
    opened = workspace_of(console)
    (store,) = chosen(opened, [connection.slug])
    suggestions = suggest_accounts(opened, store, organisation_named(opened, target))
    return SuggestionList.model_validate({"suggestions": list(map(asdict, suggestions))})


@router.post("/connections/{slug}/suggestions", tags=[ASKS_A_PLATFORM])
def take_suggestions(
    who: Mapper, console: Here, connection: Named, body: SuggestionChoice
) -> SuggestionList:
    """Make the accounts that the organisation lacks, save the suggestions, or both."""
    opened = workspace_of(console)
    (store,) = chosen(opened, [connection.slug])
    organisation = organisation_named(opened, body.target)
    suggestions = suggest_accounts(opened, store, organisation)
    if body.create:
        suggestions = create_accounts(opened, organisation, suggestions, who.name)
    version = None
    if body.save:
        config = suggested_mapping(opened, store, organisation, suggestions)
        reason = f"suggested from the chart of {organisation.name}"
        saved = save_mapping(
            opened, config, store.slug, who.name, target=body.target, reason=reason
        )
        version = saved.version
    return SuggestionList.model_validate(
        {"suggestions": list(map(asdict, suggestions)), "version": version}
    )


@router.post("/connections/{slug}/what-if")
def compare(_who: Reader, console: Here, connection: Named, body: Proposal) -> WhatIfResponse:
    """Say what a mapping would change on a store's past days; nothing is saved."""
    opened = workspace_of(console)
    check_names(opened, None, body.target)
    check_chart(body.mapping, body.target)
    (store,) = chosen(opened, [connection.slug])
    window = window_of(body.first, body.last) or ALWAYS
    changes = what_if(Store.read(opened, store), body.target, body.mapping, window)
    return WhatIfResponse.model_validate(asdict(changes))


@router.post("/connections/{slug}/mapping-copies")
def copy_mapping(who: Mapper, console: Here, connection: Named, body: CopyRequest) -> CopyList:
    """Copy a store's mapping to others; each keeps its own clearing account."""
    opened = workspace_of(console)
    check_names(opened, None, body.target)
    (origin, *others) = chosen(opened, [connection.slug, *dict.fromkeys(body.stores)])
    others = [store for store in others if store.slug != origin.slug]
    made = copies(opened, origin, others, body.target)
    saved = {} if body.dry_run else save_copies(opened, origin, made, body.target, who.name)
    return CopyList(
        copies=[
            CopyResponse(
                store=each.store,
                changes=[FieldChange.model_validate(asdict(change)) for change in each.changes],
                version=saved[each.store].version if each.store in saved else None,
            )
            for each in made
        ]
    )
