"""The reconciliation: per settlement, declared = raw = normalised = journalled = posted = paid.

Each figure is read where it lives: declared and raw from the manifest, normalised and journalled
from Parquet, posted and paid from the text of the books.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial

from connectors.accounting.beancount.books import Books
from connectors.channels import channel
from connectors.channels.history import can_sync, today_of
from connectors.database.registry import Connection
from connectors.documents.control_totals import business_day, last_business_day
from connectors.documents.manifest import Statement
from mappings.model import BOOKS, CLEARING, PROVISIONAL, PostedLine
from mappings.tables import JOURNAL_LINES, TRANSACTIONS
from pipelines.stages.balances import brought_forward, shortfalls, stated
from pipelines.stages.discrepancies import Discrepancies, discrepancies
from pipelines.stages.gaps import Gap, gaps
from pipelines.stages.partitions import scan
from pipelines.stages.payouts import (
    BOOKED_WHEN_PAID,
    ROLLED_ON,
    booked_when_paid,
    payout_status,
    returned_payouts,
)
from pipelines.stages.provisional import booked_documents
from pipelines.stages.settlements import NORMALISED, sums_by_settlement
from pipelines.stages.store import linked_settlements
from pipelines.stages.workspace import Workspace

_NOTHING = Decimal(0)
Figures = dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class _Figures:
    """The sums of each stage, by settlement; those `to_come` have none in the books yet."""

    normalised: Figures
    journalled: Figures
    posted: Figures
    paid: Figures
    to_come: Collection[str]

    def of(self, settlement: str) -> dict[str, Decimal | None]:
        return {
            "normalised": self.normalised.get(settlement),
            "journalled": self.journalled.get(settlement),
            "posted": self.posted.get(settlement),
            "paid": self.paid.get(settlement),
        }


@dataclass(frozen=True, slots=True)
class Proof:
    """One settlement's figures, in its currency; null where nothing is known or declared.

    `brought_forward` is what came from before less what stays: the lines and it make what was paid.
    `state` is `tied`, `open` (no payout yet, or one of a day that is not over), `held` (an entry
    waits for the owner), `waiting` (a stage has not run), `incomplete` (more was paid out than the
    documents show) or `differs`. `payout_status` is `paid`, `failed` (its money went on to a later
    payout), `carried` (negative, taken into the next settlement), `charged` (negative, collected
    from the seller), `zero` or `open`. `why` says what to do about the last four states, which day
    an open one waits for, and what the channel tells otherwise elsewhere. `bank_date` is when the
    payout was in the bank, as an imported statement shows; None where none does.
    """

    connection: str
    settlement_id: str
    currency: str
    period_start: date
    period_end: date
    declared: Decimal | None
    raw: Decimal
    normalised: Decimal | None
    journalled: Decimal | None
    posted: Decimal | None
    brought_forward: Decimal
    paid: Decimal | None
    difference: Decimal
    state: str
    payout_status: str
    why: str | None
    bank_date: date | None = None

    @property
    def ok(self) -> bool:
        """Return whether nothing is different, held or missing."""
        return self.state in {"tied", "open"}


def reconcile(
    workspace: Workspace, connections: Sequence[Connection], now: datetime | None = None
) -> list[Proof]:
    """Return one proof per settlement of the given connections, oldest first."""
    return [proof for c in connections for proof in _reconcile(workspace, c, now)]


def gaps_of(workspace: Workspace, connections: Sequence[Connection]) -> list[Gap]:
    """Return the gaps between the settlements of the given connections."""
    return [
        gap
        for c in connections
        for gap in gaps(c, linked_settlements(c, workspace.lake.effective_documents(c.slug)))
    ]


def _reconcile(workspace: Workspace, connection: Connection, now: datetime | None) -> list[Proof]:
    documents = booked_documents(workspace, connection)
    # Linked over all documents: the next settlement's file has the balance carried forward.
    statements = linked_settlements(connection, documents)
    lines = Books(workspace.settings.books_folder).posted([connection.slug])
    unlike = discrepancies(workspace, connection, lines)
    if not statements and not unlike.unsupported:
        return []
    normalised = sums_by_settlement(workspace, connection, TRANSACTIONS, NORMALISED)
    cleared = f"sum(amount) FILTER (category = '{CLEARING}' AND part = 'activity')"
    figures = _Figures(
        normalised,
        sums_by_settlement(workspace, connection, JOURNAL_LINES, cleared),
        _cleared(lines, "activity", 1),
        # A payout credits clearing, and debits are positive: turned around it is what was paid.
        _cleared(lines, "payout", -1),
        booked_when_paid(workspace, connection, statements),
    )
    proof = partial(
        _proof,
        connection,
        figures=figures,
        held=_held(workspace, connection),
        unlike=unlike,
        missing=shortfalls(statements, stated(documents)),
        returned=returned_payouts(workspace, connection, statements),
        arrived=workspace.registry.bank_lines.arrived(connection.slug),
        # An account's days are computed when they are over, those of files at once.
        today=today_of(connection, now) if can_sync(connection) else None,
    )
    documented = {statement.settlement_id for statement in statements}
    return [proof(statement) for statement in statements] + [
        _without_document(connection, name, figures, unlike)
        for name in sorted(unlike.unsupported.keys() - documented)
    ]


def _cleared(lines: Iterable[PostedLine], part: str, sign: int) -> Figures:
    cleared: Figures = defaultdict(Decimal)
    for line in lines:
        if (line.category, line.part) == (CLEARING, part) and line.settlement_id is not None:
            cleared[line.settlement_id] += sign * line.amount
    return dict(cleared)


def _held(workspace: Workspace, connection: Connection) -> dict[str, str]:
    """Return the reason of settlements that have a line in a held entry."""
    held = {
        p.business_date: p.message or "held"
        for p in workspace.registry.publications.list(BOOKS, [connection.slug], states=["held"])
    }
    files = workspace.lake.partitions("journal_lines", connection.slug, held)
    if not files:
        return {}
    with workspace.engine() as con:
        rows = con.execute(
            f"SELECT DISTINCT settlement_id, business_date FROM {scan(files)} "
            "WHERE settlement_id IS NOT NULL AND held_reason IS NOT NULL ORDER BY ALL"
        )
        # Of several days the earliest is left: it is the one to look at first.
        return {name: f"{day}: {held[day]}" for name, day in reversed(rows.fetchall())}


def _proof(
    connection: Connection,
    statement: Statement,
    *,
    figures: _Figures,
    held: dict[str, str],
    unlike: Discrepancies,
    missing: Figures,
    returned: Collection[str],
    arrived: Mapping[str, date],
    today: date | None,
) -> Proof:
    name = statement.settlement_id
    amounts = {"declared": statement.declared, "raw": statement.total, **figures.of(name)}
    difference = _difference(statement, amounts, is_booked=name not in figures.to_come)
    ends = last_business_day(statement.period_end, connection.timezone)
    state, why = _state(statement, amounts, difference, held.get(name))
    if name in figures.to_come and state == "open":
        why = why or BOOKED_WHEN_PAID
    last = max(ends, statement.deposit_day or ends)
    # An account's settlement is fetched whole, but its days are computed only when they are over.
    if difference and state != "held" and today is not None and last >= today:
        state, why = "open", f"it reaches to {last}: the rest is done when that day is over"
    if name in missing and state in {"open", "tied"} and not difference:
        state, why = "incomplete", _import_before(connection, statement, missing[name])
    if state != "held":
        state, why = unlike.explain(name, state, why, is_even=not difference)
    payout = "failed" if name in returned else payout_status(connection, statement)
    return Proof(
        connection=connection.slug,
        settlement_id=name,
        currency=statement.currency,
        period_start=business_day(statement.period_start, connection.timezone),
        period_end=ends,
        declared=statement.declared,
        raw=statement.total,
        **figures.of(name),
        brought_forward=brought_forward(statement),
        difference=difference,
        state=state,
        payout_status=payout,
        why=why or (ROLLED_ON if payout == "failed" else None),
        bank_date=arrived.get(name),
    )


def _without_document(
    connection: Connection, name: str, figures: _Figures, unlike: Discrepancies
) -> Proof:
    """Return the proof of a settlement that stands in the books alone."""
    lines = unlike.unsupported[name]
    days = [line.business_date for line in lines]
    amounts = figures.of(name)
    state, why = unlike.explain(name, "differs", None)
    return Proof(
        connection=connection.slug,
        settlement_id=name,
        currency=lines[0].currency,
        period_start=min(days),
        period_end=max(days),
        declared=None,
        raw=_NOTHING,
        **amounts,
        brought_forward=_NOTHING,
        difference=max((amount or _NOTHING for amount in amounts.values()), key=abs),
        state=state,
        payout_status="open",
        why=why,
        bank_date=None,
    )


def _import_before(connection: Connection, statement: Statement, missing: Decimal) -> str:
    start = business_day(statement.period_start, connection.timezone)
    return (
        f"paid out {missing:f} {statement.currency} more than the files hold: it was brought "
        f"forward from before {start}; import the {channel(connection.channel).file} of the days "
        "before"
    )


def _difference(
    statement: Statement, figures: dict[str, Decimal | None], *, is_booked: bool
) -> Decimal:
    """Return how far the figures are apart; a stage that has not run yet counts as nothing.

    Where a balance is kept, what was paid is compared with the lines less what stayed behind.
    """
    stages = ("journalled", "posted") if is_booked else ()
    expected = dict.fromkeys(("declared", "raw", "normalised", *stages), statement.total)
    expected["paid"] = statement.payout or _NOTHING
    gaps = [
        (figures[name] or _NOTHING) - expected[name]
        for name in expected
        if not (name == "declared" and statement.declared is None)
        and not (name == "paid" and statement.payout is None)
    ]
    if statement.payout is not None and statement.declared is not None:
        gaps.append(statement.payout - statement.total)
    return max(gaps, key=abs)


def _brought_in(statement: Statement) -> str | None:
    """Explain a balance that is a line of its own, all of it paid and none left."""
    brought = statement.opening_balance
    if not brought or statement.closing_balance or statement.payout != statement.total:
        return None
    return (
        f"{brought:f} {statement.currency} of it was carried from or to other payments: the lines "
        f"of the statement itself come to {statement.total - brought:f}"
    )


def _provisional(statement: Statement) -> str | None:
    if not statement.settlement_id.startswith(PROVISIONAL):
        return None
    return "provisional: no settlement covers the day yet; the one that does replaces it"


def _state(
    statement: Statement,
    figures: dict[str, Decimal | None],
    difference: Decimal,
    held: str | None,
) -> tuple[str, str | None]:
    if held is not None:
        return "held", held
    if not difference:
        why = _brought_in(statement) or _provisional(statement)
        return ("open" if statement.payout is None else "tied"), why or statement.remark
    # In the order of the chain: the first stage that has not run explains all after it.
    for name, mend in (
        ("normalised", "run `daybook sync`"),
        ("journalled", "run `daybook sync`"),
        ("posted", "run `daybook publish`"),
    ):
        if figures[name] is None:
            return "waiting", f"not {name} yet: {mend}"
    names = ("declared", "raw", "normalised", "journalled", "posted", "paid")
    shown = ", ".join(f"{n} {figures[n]:f}" for n in names if figures[n] is not None)
    return "differs", f"{shown}: run `daybook sync`, then `daybook publish`"
