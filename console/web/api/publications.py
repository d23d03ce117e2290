"""Publications: entries at their targets, and what owners decide about them."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Query

from connectors.database.registry import Connection, Publication
from connectors.database.registry.records import PublicationState
from console.proofs import drift_document, other_document, target_proof_document
from console.targets import organisation_for, organisation_named, target_named
from console.web.api.dependencies import Here, Named, Poster, Reader, Syncer, workspace_of
from console.web.api.journals import OfConnection, stores_of
from console.web.api.posting_responses import (
    ApprovalResponse,
    ChosenResponse,
    DriftPage,
    DriftResponse,
    OtherEntryResponse,
    PublicationPage,
    PublicationResponse,
    ReleasedResponse,
    RolledBackResponse,
    TargetSettlementPage,
)
from console.web.api.problems import Problem, ProblemError
from console.web.api.requests import (
    ApprovalRequest,
    EntryChoiceRequest,
    EntryRequest,
    From,
    Limit,
    Offset,
    ReleaseRequest,
    RollBackRequest,
    Slug,
    To,
    window_of,
)
from pipelines.stages.approvals import (
    EntrySelection,
    approve,
    approve_from,
    choose_for_closed,
    is_pattern,
    release,
)
from pipelines.stages.drift import check_organisation
from pipelines.stages.publisher import senders
from pipelines.stages.reconciliation import reconcile
from pipelines.stages.roll_back import bank_warnings, choose_entries, roll_back
from pipelines.stages.target_proof import prove_at

router = APIRouter(tags=["publications"])
OUT_OF_BOOKS = "this takes entries out of the books"


@router.get("/publications")
def list_publications(
    _who: Reader,
    console: Here,
    connection: OfConnection = None,
    target: Annotated[Slug | None, Query(description="one target's; all without it")] = None,
    state: Annotated[PublicationState | None, Query(description="in this state alone")] = None,
    first: From = None,
    last: To = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> PublicationPage:
    """List the newest revision of every entry at its targets."""
    window = window_of(first, last)
    slugs = [store.slug for store in stores_of(console, connection)]
    listed = console.registry.publications.list(
        target,
        slugs,
        window.start if window else None,
        window.end if window else None,
        [state] if state is not None else None,
    )
    shown = [_shown(publication) for publication in listed[offset : offset + limit]]
    return PublicationPage(publications=shown, total=len(listed))


def _shown(publication: Publication) -> PublicationResponse:
    return PublicationResponse.model_validate(publication, from_attributes=True)


def _selection(body: EntryRequest) -> EntrySelection:
    window = window_of(body.first, body.last)
    if body.entry is not None and not is_pattern(body.entry) and window is not None:
        line = "give an entry, or days, and not both"
        raise ProblemError(422, Problem(error=line, fields={"entry": line}))
    return EntrySelection(body.entry, window)


@router.post("/connections/{slug}/approvals")
def approve_entries(
    who: Poster, console: Here, connection: Named, body: ApprovalRequest
) -> ApprovalResponse:
    """Let drafts be posted, or post entries from a day on unasked; nothing where others are."""
    opened = workspace_of(console)
    organisation = organisation_for(opened, connection, body.target)
    who.check_confirmed("this decides what is posted")
    despite = body.despite_other_entries
    if "automatic_from" in body.model_fields_set:
        approval = approve_from(
            opened,
            connection,
            organisation,
            body.automatic_from,
            who.name,
            despite_other_entries=despite,
        )
    else:
        approval = approve(
            opened,
            connection,
            organisation,
            _selection(body),
            who.name,
            despite_other_entries=despite,
        )
    return ApprovalResponse(
        approved=_ids(approval.entries),
        others=[
            OtherEntryResponse.model_validate(other_document(other)) for other in approval.others
        ],
    )


def _ids(publications: Iterable[Publication]) -> list[str]:
    return [publication.entry_id for publication in publications]


@router.post("/connections/{slug}/entry-choices")
def choose_entries_place(
    who: Poster, console: Here, connection: Named, body: EntryChoiceRequest
) -> ChosenResponse:
    """Leave entries out of a target, or post those of closed days on the first open one."""
    opened = workspace_of(console)
    target = target_named(opened, connection, body.target)
    who.check_confirmed("this decides what is posted")
    chosen = choose_for_closed(
        opened, connection.slug, target, _selection(body), body.choice, body.reason, who.name
    )
    return ChosenResponse(entries=_ids(chosen))


@router.post("/connections/{slug}/roll-backs")
def roll_entries_back(
    who: Poster, console: Here, connection: Named, body: RollBackRequest
) -> RolledBackResponse:
    """Take posted entries out again; nothing of them is posted until they are released."""
    selection = _selection(body)
    if selection == EntrySelection() and body.settlement is None:
        line = "name an entry, a settlement, or days"
        raise ProblemError(422, Problem(error=line, fields={"entry": line}))
    opened = workspace_of(console)
    target = target_named(opened, connection, body.target)
    who.check_confirmed(OUT_OF_BOOKS)
    entries = choose_entries(opened, connection.slug, target, selection, body.settlement)
    warnings = bank_warnings(opened, target, entries)
    outcome = roll_back(opened, connection.slug, target, entries, body.reason, who.name)
    return RolledBackResponse(
        removed=_ids(outcome.removed), failed=outcome.failed, warnings=warnings
    )


@router.post("/connections/{slug}/releases")
def release_entries(
    who: Poster, console: Here, connection: Named, body: ReleaseRequest
) -> ReleasedResponse:
    """Let entries that were rolled back or left out be posted again."""
    opened = workspace_of(console)
    target = target_named(opened, connection, body.target)
    who.check_confirmed("this decides what is posted")
    released = release(opened, connection, target, _selection(body), who.name, body.reason)
    return ReleasedResponse(released=_ids(released))


@router.post("/connections/{slug}/drift-checks")
def check_drift(
    _who: Syncer,
    console: Here,
    connection: Named,
    whole: Annotated[
        bool, Query(description="every entry, not only what changed since the last check")
    ] = False,
) -> DriftPage:
    """Find posted entries that somebody edited, deleted or reconciled in an organisation."""
    opened = workspace_of(console)
    organisation = organisation_named(opened, connection.slug)
    drifts = check_organisation(opened, organisation, whole=whole)
    return DriftPage(
        entries=[DriftResponse.model_validate(drift_document(drift)) for drift in drifts]
    )


@router.get("/connections/{slug}/settlements")
def list_settlements_there(
    _who: Reader,
    console: Here,
    connection: Named,
    store: Annotated[Slug | None, Query(description="one store's; all without it")] = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> TargetSettlementPage:
    """List settlements with what an organisation, named by its slug, holds of each."""
    opened = workspace_of(console)
    organisation = organisation_named(opened, connection.slug)
    stores: list[Connection] = senders(stores_of(console, store), organisation.slug)
    proofs = {(p.connection, p.settlement_id): p for p in reconcile(opened, stores)}
    there = [proof for each in stores for proof in prove_at(opened, each, organisation)]
    shown = [
        target_proof_document(proofs.get((p.connection, p.settlement_id)), p)
        for p in there[offset : offset + limit]
    ]
    ok = all(proof.state == "tied" for proof in there)
    return TargetSettlementPage(ok=ok, settlements=shown, total=len(there))
