"""Journal entries to an accounting organisation: each revision once, whatever dies in between.

What is about to be sent is committed before the call. A call whose answer is lost leaves the
revision `unknown`: the organisation's books are asked for its marker before anything is sent again.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import date

from connectors.accounts.setup import Setup
from connectors.database.registry import Connection, Publication
from connectors.database.registry.publications import DUE, LIVE
from connectors.lake.windows import ONE_DAY, Window
from pipelines.stages.attached_documents import FIELD, TO_COME, attach_documents
from pipelines.stages.delivery import Delivery, Sent, is_due
from pipelines.stages.organisations import organisation_of
from pipelines.stages.store import Store
from pipelines.stages.workspace import Workspace

LOCK_SECONDS = 120.0


def send(store: Store, organisation: Connection, window: Window) -> Sent:
    """Bring an organisation's books up to the plan for one store and window, oldest day first.

    Nothing is sent while posting is off. A day that fails stops alone; an organisation that cannot
    be reached stops the rest.
    """
    since = Setup.model_validate(organisation.setup).posting.since
    if since is None:
        return Sent()
    workspace = store.workspace
    with target_lock(workspace, organisation.slug, store.slug):
        chains = _chains(
            workspace, organisation.slug, store.slug, max(since, window.start), window.end
        )
        outstanding = [chain for chain in chains if _is_outstanding(chain)]
        delivery = Delivery(workspace, store.slug, organisation, store)
        if outstanding:
            delivery.run(outstanding)
        delivery.sent.unattached += attach_documents(store, organisation)
    return delivery.sent


def take_out(
    workspace: Workspace, slug: str, organisation: Connection, entries: Sequence[Publication]
) -> Sent:
    """Take a store's entries that are to go out of an organisation.

    The store itself may be gone. What could not be taken out is tried again by the next call.
    """
    with target_lock(workspace, organisation.slug, slug):
        delivery = Delivery(workspace, slug, organisation)
        days = [entry.business_date for entry in entries]
        if not days:
            return delivery.sent
        chains = _chains(workspace, organisation.slug, slug, min(days), max(days) + ONE_DAY)
        chosen = {entry.entry_id for entry in entries}
        leaving = [chain for chain in chains if chain[-1].entry_id in chosen and _is_leaving(chain)]
        if leaving:
            delivery.run(leaving)
    return delivery.sent


def target_lock(workspace: Workspace, target: str, slug: str) -> AbstractContextManager[None]:
    """Return the lock under which a store's entries at an organisation change.

    One writer of a store's entries: two would ask for a marker at once, and both find nothing.
    Another store's markers are others, so no store waits for another one's first thousand.
    """
    return workspace.registry.lock(f"target {target} {slug}", LOCK_SECONDS)


def _chains(
    workspace: Workspace, target: str, slug: str, start: date, end: date
) -> list[list[Publication]]:
    """Return every revision of each entry, oldest day first."""
    # What the organisation holds may be an older revision than the one that is due.
    listed = workspace.registry.publications.list(target, [slug], start, end, all_revisions=True)
    chains: dict[str, list[Publication]] = {}
    for publication in listed:
        chains.setdefault(publication.entry_id, []).append(publication)
    return list(chains.values())


def _lacks_documents(newest: Publication) -> bool:
    return newest.state == "posted" and (newest.content or {}).get(FIELD) == TO_COME


def _is_leaving(chain: Sequence[Publication]) -> bool:
    return any(p.state in LIVE and p.withdrawn_at is not None for p in chain)


def _is_outstanding(chain: Sequence[Publication]) -> bool:
    return is_due(chain[-1]) or _is_leaving(chain)


def planned_for(
    workspace: Workspace,
    stores: Sequence[Connection],
    organisation: Connection,
    window: Window,
) -> list[Publication]:
    """Return the entries that an organisation should have of some stores, and has not yet.

    Held ones and drafts are among them. None while posting is off.
    """
    since = Setup.model_validate(organisation.setup).posting.since
    if since is None or not stores:
        return []
    return [
        p
        for p in workspace.registry.publications.list(
            organisation.slug,
            [store.slug for store in stores],
            max(since, window.start),
            window.end,
        )
        if p.state in DUE or p.state in {"held", "draft"}
    ]


def due_days(workspace: Workspace, connection: Connection, window: Window) -> list[date]:
    """Return the days on which a store's organisation lacks an entry, or holds one too many.

    Those of entries without their documents as well.
    """
    organisation = organisation_of(workspace, connection)
    if organisation is None:
        return []
    since = Setup.model_validate(organisation.setup).posting.since
    if since is None:
        return []
    listed = workspace.registry.publications.list(
        organisation.slug, [connection.slug], max(since, window.start), window.end
    )
    return [
        p.business_date
        for p in listed
        if is_due(p) or (p.state in LIVE and p.withdrawn_at is not None) or _lacks_documents(p)
    ]
