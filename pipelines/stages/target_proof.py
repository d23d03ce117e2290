"""The proof of settlements in an accounting organisation: the posted figure, read from there.

What a settlement moved through clearing there is compared with what Daybook recorded as sent, and
that with the journals: what is still to be posted is no difference.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Literal

from connectors.accounting.target import BookedEntry, OrganisationBooks, line_text
from connectors.accounts.setup import Setup
from connectors.database.registry import Connection, Publication
from mappings.model import CLEARING, JournalLine
from pipelines.stages.listed_entries import listed_entries
from pipelines.stages.organisations import open_organisation
from pipelines.stages.partitions import scan
from pipelines.stages.posted_documents import PostedDocument, documents_of
from pipelines.stages.workspace import Workspace

_NOTHING = Decimal(0)
Amounts = dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class TargetProof:
    """One settlement at one organisation, in the currency of its lines.

    `posted` is read from there; None where a file was changed and cannot tell. `before_posting` is
    of days that the organisation never gets, `outstanding` of entries that are still to be posted.
    `difference` is posted less what was sent. `state` is `tied`, `waiting` or `differs`.
    """

    connection: str
    settlement_id: str
    currency: str
    target: str
    posted: Decimal | None
    before_posting: Decimal
    outstanding: Decimal
    difference: Decimal
    state: Literal["tied", "waiting", "differs"]
    why: str | None


def prove_at(
    workspace: Workspace, connection: Connection, organisation: Connection
) -> list[TargetProof]:
    """Return the proof of every settlement with days that an organisation gets, by its id."""
    target = organisation.slug
    since = Setup.model_validate(organisation.setup).posting.since or date.max
    posted = workspace.registry.publications.list(
        target, [connection.slug], states=["posted"], all_revisions=True
    )
    before, after, currencies = _earned(workspace, connection, since)
    # By the id: what was sent may have been converted.
    currencies |= {name: p.entry_id.split(":")[3] for p in posted for name in _sent([p])}
    sent, stated = _sent(posted), _sent(posted, as_stated=True)
    there, changed = _there(open_organisation(workspace, organisation), posted)
    return [
        _proof(
            connection.slug,
            settlement,
            currencies[settlement],
            target,
            _SettlementSums(
                *(sums.get(settlement, _NOTHING) for sums in (sent, stated, there, after, before))
            ),
            changed.get(settlement),
        )
        for settlement in sorted(after.keys() | sent.keys())
    ]


@dataclass(frozen=True, slots=True)
class _SettlementSums:
    """A settlement's sums: sent and as stated in the channel's currency, there, and in journals."""

    sent: Decimal
    stated: Decimal
    there: Decimal
    journalled: Decimal
    before: Decimal


def _proof(
    connection: str,
    settlement: str,
    currency: str,
    target: str,
    figures: _SettlementSums,
    changed: str | None,
) -> TargetProof:
    sent, stated, there = figures.sent, figures.stated, figures.there
    difference, outstanding = there - sent, figures.journalled - stated
    state: Literal["tied", "waiting", "differs"] = "tied"
    why = None
    if difference or changed is not None:
        entry = f": {changed} was changed or deleted there" if changed else ""
        state, why = "differs", f"{target} holds {there:f} and was sent {sent:f}{entry}"
    elif outstanding:
        state = "waiting"
        why = f"{outstanding:f} is still to be posted: `daybook publish --target {target}`"
    # A changed file tells no figure; an organisation tells what it holds.
    figure = None if changed is not None and not difference else there
    # What was converted is told in the channel's currency, where it is all there.
    if figure is not None and sent != stated:
        figure = None if difference else stated
    return TargetProof(
        connection,
        settlement,
        currency,
        target,
        figure,
        figures.before,
        outstanding,
        difference,
        state,
        why,
    )


def _earned(
    workspace: Workspace, connection: Connection, since: date
) -> tuple[Amounts, Amounts, dict[str, str]]:
    """Return what days move through clearing before and from the first posted day on.

    And each settlement's currency. Of the transactions, as the books may have other entries.
    """
    lake = workspace.lake
    files = lake.partitions(
        "transactions", connection.slug, lake.days("transactions", connection.slug)
    )
    if not files:
        return {}, {}, {}
    measure = "coalesce(sum(amount) FILTER (business_date {} $1), 0)::DECIMAL(38,4)"
    with workspace.engine() as con:
        rows = con.execute(
            f"SELECT settlement_id, {measure.format('<')}, {measure.format('>=')}, "
            f"max(business_date) >= $1, any_value(currency) FROM {scan(files)} "
            "WHERE settlement_id IS NOT NULL AND payout_id IS NULL GROUP BY 1",
            [since],
        ).fetchall()
    return (
        {name: before for name, before, _, _, _ in rows},
        {name: after for name, _, after, reaches, _ in rows if reaches},
        {name: currency for name, _, _, _, currency in rows},
    )


def _sent(posted: Iterable[Publication], *, as_stated: bool = False) -> Amounts:
    sums: Amounts = defaultdict(Decimal)
    for publication in posted:
        for document in documents_of(publication):
            lines = document.entry.lines
            if as_stated:
                lines = tuple(
                    replace(line, amount=line.amount if line.stated is None else line.stated)
                    for line in lines
                )
            for settlement, amount in _activity(lines).items():
                sums[settlement] += amount
    return dict(sums)


def _activity(lines: Iterable[JournalLine], part: str = "activity") -> Amounts:
    sums: Amounts = defaultdict(Decimal)
    for line in lines:
        if (line.category, line.part) == (CLEARING, part) and line.settlement_id is not None:
            sums[line.settlement_id] += line.amount
    return dict(sums)


def _there(
    books: OrganisationBooks, posted: Iterable[Publication]
) -> tuple[Amounts, dict[str, str]]:
    """Return what the organisation shows by settlement, and an entry there that is not as sent."""
    publications = list(posted)
    listed = listed_entries(books, publications)
    sums: Amounts = defaultdict(Decimal)
    changed: dict[str, str] = {}
    for publication in publications:
        for document in documents_of(publication):
            activity = _activity(document.entry.lines)
            figures, is_intact = _figures(books, document, listed, activity)
            for settlement, amount in figures.items():
                sums[settlement] += amount
                if not is_intact:
                    changed[settlement] = document.entry.entry_id
    return dict(sums), changed


def _figures(
    books: OrganisationBooks,
    document: PostedDocument,
    listed: Mapping[str, BookedEntry],
    activity: Amounts,
) -> tuple[Amounts, bool]:
    entry = listed.get(document.reference)
    if entry is not None:
        shown = _shown(entry, document)
        return {name: shown.get(name, _NOTHING) for name in activity}, shown == activity
    standing = books.inspect(document.reference, document.entry)
    if standing.state == "gone":
        return dict.fromkeys(activity, _NOTHING), False
    return activity, standing.state == "intact"


def _shown(entry: BookedEntry, document: PostedDocument) -> Amounts:
    """Return the clearing lines of a listed entry, less those of payouts, which read alike."""
    payouts = _activity(document.entry.lines, "payout")
    names = {
        line_text(line, document.entry.language): line.settlement_id
        for line in document.entry.lines
        if line.category == CLEARING and line.settlement_id is not None
    }
    accounts = {line.account for line in document.entry.lines if line.category == CLEARING}
    sums: Amounts = {name: _NOTHING for name in _activity(document.entry.lines)}
    for line in entry.lines:
        # Moved to another account, it no longer is in clearing, whatever its text says.
        settlement = names.get(line.description) if line.account in accounts else None
        if settlement is not None:
            sums[settlement] = sums.get(settlement, _NOTHING) + line.amount
    for settlement, amount in payouts.items():
        if settlement in sums:
            sums[settlement] -= amount
    return {
        name: amount for name, amount in sums.items() if name in _activity(document.entry.lines)
    }
