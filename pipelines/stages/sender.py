"""Journal entries to an accounting organisation: each revision once, whatever dies in between.

What is about to be sent is committed before the call. A call whose answer is lost leaves the
revision `unknown`: the organisation's books are asked for its marker before anything is sent again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.accounting.target import EditedThere, OrganisationBooks, PeriodClosed
from connectors.accounts.setup import Setup
from connectors.database.registry import Connection, Publication
from connectors.database.registry.publications import DUE, LIVE
from connectors.database.registry.records import PublicationState
from connectors.errors import DaybookError, RateLimited, Transient
from connectors.lake.windows import Window
from mappings.model import JournalEntry, JournalLine
from pipelines.stages.organisations import entries_for, open_organisation, organisation_of
from pipelines.stages.store import Store
from pipelines.stages.workspace import Workspace

LOCK_SECONDS = 120.0


@dataclass(slots=True)
class Sent:
    """The result of sending a window: what was posted, taken out, and what was not, with why."""

    posted: list[Publication] = field(default_factory=list)
    removed: list[Publication] = field(default_factory=list)
    failed: dict[date, str] = field(default_factory=dict)


def send(store: Store, organisation: Connection, window: Window) -> Sent:
    """Bring an organisation's books up to the plan for one store and window, oldest day first.

    Nothing is sent while posting is off. A day that fails stops alone; an organisation that cannot
    be reached stops the rest.
    """
    sent = Sent()
    since = Setup.model_validate(organisation.setup).posting.since
    if since is None:
        return sent
    registry = store.workspace.registry
    # One writer of a store's entries: two would ask for a marker at once, and both find nothing.
    # Another store's markers are others, so no store waits for another one's first thousand.
    with registry.lock(f"target {organisation.slug} {store.slug}", LOCK_SECONDS):
        listed = registry.publications.list(
            organisation.slug,
            [store.slug],
            max(since, window.start),
            window.end,
            # What the organisation holds may be an older revision than the one that is due.
            all_revisions=True,
        )
        work = _Work(store, organisation, sent)
        chains: dict[tuple[date, str], list[Publication]] = {}
        for publication in listed:
            key = publication.business_date, publication.currency
            chains.setdefault(key, []).append(publication)
        outstanding = [chain for _, chain in sorted(chains.items()) if _is_outstanding(chain)]
        if outstanding:
            work.do(outstanding)
    return sent


def _is_outstanding(chain: Sequence[Publication]) -> bool:
    live = [p for p in chain if p.state in LIVE]
    return chain[-1].state in DUE or any(p.withdrawn_at is not None for p in live)


def planned_for(
    workspace: Workspace,
    stores: Sequence[Connection],
    organisation: Connection,
    window: Window,
) -> list[Publication]:
    """Return the entries that an organisation should have of some stores, and has not yet.

    Held ones are among them. None while posting is off.
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
        if p.state in DUE or p.state == "held"
    ]


def due_days(workspace: Workspace, connection: Connection, window: Window) -> list[date]:
    """Return the days on which a store's organisation lacks an entry, or holds one too many."""
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
        if p.state in DUE or (p.state in LIVE and p.withdrawn_at is not None)
    ]


class _Work:
    """The work that is due for one store at one organisation, while its lock is held."""

    def __init__(self, store: Store, organisation: Connection, sent: Sent) -> None:
        self._store, self._slug, self._sent = store, organisation.slug, sent
        self._organisation = organisation
        self._publications = store.workspace.registry.publications

    def do(self, chains: Sequence[Sequence[Publication]]) -> None:
        try:
            target = open_organisation(self._store.workspace, self._organisation)
            target.check()
            closed = target.closed_through()
        except DaybookError as error:
            # Nothing was sent, so the revisions stay as they are and are due at the next run.
            self._sent.failed |= {chain[-1].business_date: str(error) for chain in chains}
            return
        entries = self._entries(chain[-1] for chain in chains)
        for chain in chains:
            newest = chain[-1]
            try:
                # Lost answers first: posting while one is unknown may leave two entries there.
                before = self._settled(target, chain)
                if any(p.withdrawn_at is not None for p in chain if p.state in LIVE):
                    self._remove(target, chain, before, closed)
                    before = None
                if newest.withdrawn_at is None and newest.state in DUE:
                    self._post(target, newest, before, entries.get(newest.entry_id), closed)
            # The entries after it would meet the same, and every call counts against the limits.
            except (Transient, RateLimited) as error:
                self._sent.failed[newest.business_date] = str(error)
                return
            # Refused for what it is: as `failed` no sensor asks for it again, and its owner looks.
            except DaybookError as error:
                # What is to be taken out, and could not be, is still held there.
                if newest.state in DUE:
                    self._publications.mark(self._slug, [newest], "failed", str(error))
                self._sent.failed[newest.business_date] = str(error)

    def _entries(self, newest: Iterable[Publication]) -> dict[str, JournalEntry]:
        due = list(newest)
        revisions = {p.entry_id: p.revision for p in due}
        days = sorted({p.business_date for p in due})
        entries = entries_for(self._store, self._organisation, days, revisions)
        return {entry.entry_id: entry for entry in entries}

    def _settled(
        self, target: OrganisationBooks, chain: Sequence[Publication]
    ) -> Publication | None:
        """Return the revision that the books hold; one whose answer was lost is looked for."""
        held = next((p for p in reversed(chain) if p.state == "posted"), None)
        for lost in chain:
            if lost.state not in {"sending", "unknown"} or lost.content is None:
                continue
            if lost.reference is not None:
                # It was posted, and is being taken out: a second void finds it gone, or voids it.
                held = lost
                continue
            entry = entry_of(lost.content)
            holding = target.find(entry, entry_of(held.content) if held and held.content else None)
            if holding is None and lost.withdrawn_at is not None:
                # Taken out, or never there: that is recorded with the others of its entry.
                continue
            if holding is None:
                # It never arrived: it is due again, or a newer revision takes its place.
                is_due = lost is chain[-1]
                state: PublicationState = "planned" if is_due else "superseded"
                self._publications.mark(self._slug, [lost], state)
                continue
            # Replacing it would undo what somebody entered there.
            if not holding.is_intact:
                raise EditedThere(f"{lost.entry_id} was changed there after Daybook posted it")
            self._publications.mark_posted(self._slug, [lost], holding.reference)
            held = next(
                p
                for p in self._publications.list(
                    self._slug,
                    [lost.connection],
                    lost.business_date,
                    states=["posted"],
                    all_revisions=True,
                )
                if p.id == lost.id
            )
            self._sent.posted.append(held)
        return held

    def _post(
        self,
        target: OrganisationBooks,
        newest: Publication,
        held: Publication | None,
        entry: JournalEntry | None,
        closed: date | None,
    ) -> None:
        # It had arrived after all: `_settled` found it by its marker.
        if held is not None and held.id == newest.id:
            return
        if entry is None or entry.content_hash != newest.content_hash:
            self._sent.failed[newest.business_date] = (
                f"entry {newest.entry_id} is not the planned one: run the day's journal again"
            )
            return
        _check_open(newest.business_date, closed)
        attempt = int((newest.content or {}).get("attempt", 0))
        content = content_of(entry) | {"attempt": attempt}
        # Planned anew since it was listed: the next run sends what is planned now.
        if not self._publications.mark_sending(self._slug, newest, content):
            return
        try:
            if held is not None and held.content is not None and held.reference is not None:
                reference = target.replace(held.reference, entry_of(held.content), entry, attempt)
            else:
                reference = target.post(entry, attempt)
        except (Transient, RateLimited) as error:
            self._publications.mark(self._slug, [newest], "unknown", str(error))
            raise
        self._publications.mark_posted(self._slug, [newest], reference)
        self._sent.posted.append(newest)

    def _remove(
        self,
        target: OrganisationBooks,
        chain: Sequence[Publication],
        held: Publication | None,
        closed: date | None,
    ) -> None:
        _check_open(chain[-1].business_date, closed)
        if held is not None and held.reference is not None and held.content is not None:
            # Where the answer is lost it is asked for again, and not called back: it may be gone.
            self._publications.mark(self._slug, [held], "sending")
            try:
                target.void(held.reference, entry_of(held.content))
            except (Transient, RateLimited):
                raise
            except DaybookError:
                # Refused, so it stands there as it was.
                self._publications.mark(self._slug, [held], "posted")
                raise
            self._sent.removed.append(held)
        live = [p for p in chain if p.state in LIVE]
        self._publications.mark_voided(self._slug, live)


def _check_open(day: date, closed: date | None) -> None:
    if closed is not None and day <= closed:
        raise PeriodClosed(
            f"{day} lies in a period that is closed through {closed}: open it there, then publish "
            "again"
        )


def content_of(entry: JournalEntry) -> dict[str, Any]:
    """Return an entry as it is kept with its publication; amounts are text."""
    lines = [{**asdict(line), "amount": f"{line.amount:f}"} for line in entry.lines]
    return {**asdict(entry), "business_date": str(entry.business_date), "lines": lines}


def entry_of(content: Mapping[str, Any]) -> JournalEntry:
    """Return the entry that was kept with a publication."""
    lines = tuple(_lines(content["lines"]))
    day = date.fromisoformat(content["business_date"])
    fields = {name: value for name, value in content.items() if name != "attempt"}
    return JournalEntry(**{**fields, "business_date": day, "lines": lines})


def _lines(stored: Iterable[Mapping[str, Any]]) -> Iterator[JournalLine]:
    for line in stored:
        yield JournalLine(**{**line, "amount": Decimal(line["amount"])})
