"""Payouts in the bank: lines of bank accounts matched with what channels say they paid out.

A line is a payout of its sum and currency, of the days around the deposit. Its text decides between
several: the settlement's id first, then the channel's name, then the nearest day.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from operator import itemgetter
from pathlib import Path
from typing import Final

from connectors.accounts.platforms import platform_named
from connectors.bank import BankLine, CsvColumns, read_statement
from connectors.database.registry import Connection, StoredBankLine
from connectors.documents.control_totals import business_day
from connectors.documents.manifest import Statement
from connectors.documents.owner_files import read_owner_file
from pipelines.stages.payouts import payout_status
from pipelines.stages.provisional import booked_documents
from pipelines.stages.store import linked_settlements
from pipelines.stages.workspace import Workspace

# Deposits arrive up to five business days after they were initiated; a bank may date one early.
EARLY: Final = timedelta(days=2)
_LATE: Final = timedelta(days=9)


@dataclass(frozen=True, slots=True)
class Payout:
    """Money that a channel says it paid out, or collected: then it is negative."""

    connection: str
    settlement_id: str
    channel: str
    day: date
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class BankImport:
    """The result of importing a statement: its lines, those new, and payouts found among all."""

    lines: int
    new: int
    matched: int


@dataclass(frozen=True, slots=True)
class UnmatchedPayout:
    """A payout that no bank line is, how many days ago it was due, and whether that is late."""

    payout: Payout
    days: int
    is_overdue: bool


def import_statement(
    workspace: Workspace,
    path: Path,
    account: str,
    actor: str,
    columns: CsvColumns,
    currency: str | None = None,
) -> BankImport:
    """Store the lines of a bank's file and match payouts; `BadInput` for what cannot be read."""
    content = read_owner_file(path, "download fewer months at a time")
    lines = read_statement(path.name, content, columns, currency)
    return store_lines(workspace, lines, account, actor)


def store_lines(
    workspace: Workspace, lines: Sequence[BankLine], account: str, actor: str
) -> BankImport:
    """Store lines of a bank account, each once, and match payouts with all that are stored."""
    new = workspace.registry.bank_lines.add(account, [asdict(line) for line in lines], actor)
    return BankImport(len(lines), new, match_payouts(workspace))


def match_payouts(workspace: Workspace) -> int:
    """Match bank lines that are no payout yet with payouts that no line is; return how many."""
    bank = workspace.registry.bank_lines
    lines = [line for line in bank.list() if line.settlement_id is None]
    matches = _matches(lines, awaited_payouts(workspace))
    bank.match(matches)
    return len(matches)


def awaited_payouts(workspace: Workspace) -> list[Payout]:
    """Return the payouts of all stores that no bank line is, the oldest first."""
    lines = workspace.registry.bank_lines.list()
    taken = {(each.connection, each.settlement_id) for each in lines if each.settlement_id}
    return [
        payout
        for payout in payouts_of(workspace, workspace.registry.connections.list())
        if (payout.connection, payout.settlement_id) not in taken
    ]


def payouts_of(workspace: Workspace, connections: Iterable[Connection]) -> list[Payout]:
    """Return what channels paid out or collected, by the day on which it was to arrive."""
    payouts = [
        Payout(
            connection.slug,
            statement.settlement_id,
            platform_named(connection.channel).title,
            arrival,
            statement.payout,
            statement.currency,
        )
        for connection in connections
        for statement in linked_settlements(connection, booked_documents(workspace, connection))
        if statement.payout
        and (arrival := arrival_day(statement, connection)) is not None
        and payout_status(connection, statement) in {"paid", "charged"}
    ]
    return sorted(payouts, key=lambda payout: (payout.day, payout.connection, payout.settlement_id))


def arrival_day(statement: Statement, connection: Connection) -> date | None:
    """Return the day on which a settlement's payout is to arrive; None where none is stated."""
    if statement.deposit_day is not None or statement.deposit_at is None:
        return statement.deposit_day
    return business_day(statement.deposit_at, connection.timezone)


def _matches(
    lines: Sequence[StoredBankLine], payouts: Sequence[Payout]
) -> dict[tuple[str, str], tuple[str, str]]:
    """Return the payout of each line, one to one, the surest first."""
    by_sum: dict[tuple[Decimal, str], list[StoredBankLine]] = {}
    for line in lines:
        by_sum.setdefault((line.amount, line.currency), []).append(line)
    candidates = sorted(
        (
            (
                (
                    _rank(line, payout),
                    payout.day,
                    line.booked_on,
                    payout.settlement_id,
                    line.line_id,
                ),
                line,
                payout,
            )
            for payout in payouts
            for line in by_sum.get((payout.amount, payout.currency), ())
            if payout.day - EARLY <= line.booked_on <= payout.day + _LATE
        ),
        key=itemgetter(0),
    )
    matches: dict[tuple[str, str], tuple[str, str]] = {}
    matched: set[tuple[str, str]] = set()
    for _, line, payout in candidates:
        key, settlement = (line.account, line.line_id), (payout.connection, payout.settlement_id)
        if key not in matches and settlement not in matched:
            matches[key] = settlement
            matched.add(settlement)
    return matches


def _rank(line: StoredBankLine, payout: Payout) -> tuple[int, int]:
    text = line.text.lower()
    distance = abs((line.booked_on - payout.day).days)
    if payout.settlement_id.lower() in text:
        return 0, distance
    return (1 if payout.channel.split()[0].lower() in text else 2), distance


def unmatched_payouts(
    workspace: Workspace, connections: Sequence[Connection], today: date | None = None
) -> list[UnmatchedPayout]:
    """Return payouts that are in no bank statement, the oldest first.

    Those of before the first line of any account are left out: no statement could have them.
    """
    match_payouts(workspace)
    lines = workspace.registry.bank_lines.list()
    if not lines:
        return []
    first = min(line.booked_on for line in lines)
    arrived = {(line.connection, line.settlement_id) for line in lines if line.settlement_id}
    now = today or datetime.now(UTC).date()
    latest = workspace.settings.late_deposit_days
    return [
        UnmatchedPayout(payout, days := (now - payout.day).days, days > latest)
        for payout in payouts_of(workspace, connections)
        if (payout.connection, payout.settlement_id) not in arrived and first <= payout.day <= now
    ]
