"""The status of a settlement's payout: it was paid, failed, or was carried on."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from connectors.channels import channel
from connectors.database.registry import Connection
from connectors.documents.control_totals import last_business_day
from connectors.documents.manifest import Statement
from pipelines.stages.mapping import mappings_in_effect
from pipelines.stages.partitions import scan
from pipelines.stages.workspace import Workspace

BOOKED_WHEN_PAID = "it is booked once it is paid out"
ROLLED_ON = "the payout failed: its money is in a later one"
# The category of money that a bank sent back: the channel owes it again.
_RETURNED = "transfer.payout_failed"


def payout_status(connection: Connection, statement: Statement) -> str:
    """Return `paid`, `failed`, `carried`, `charged`, `zero` or `open`, as the documents say."""
    if statement.failed:
        return "failed"
    if statement.payout is None:
        return "open"
    if statement.payout < 0:
        return "carried" if channel(connection.channel).carries else "charged"
    return "paid" if statement.payout else "zero"


def returned_payouts(
    workspace: Workspace, connection: Connection, statements: Sequence[Statement]
) -> set[str]:
    """Return the settlements whose payout a later line gave back.

    No channel's line names its payout: it is the last one of that sum before it, and first of all
    one that is known to have failed.
    """
    returned: set[str] = set()
    for currency, amount, posted_at in _given_back(workspace, connection):
        paid = [
            s
            for s in statements
            if (s.currency, s.payout) == (currency, amount)
            and s.settlement_id not in returned
            and s.deposit_at is not None
            and s.deposit_at <= posted_at
        ]
        # `paid[-1:]` takes the last: one known to have failed, else the newest.
        paid.sort(key=lambda s: (s.failed, s.deposit_at))
        returned.update(s.settlement_id for s in paid[-1:])
    return returned


def _given_back(
    workspace: Workspace, connection: Connection
) -> list[tuple[str, Decimal, datetime]]:
    """Return currency, sum and moment of every payout that came back, oldest first."""
    lake = workspace.lake
    files = lake.partitions(
        "transactions", connection.slug, lake.days("transactions", connection.slug)
    )
    if not files:
        return []
    with workspace.engine() as con:
        rows = con.execute(
            f"SELECT currency, amount, posted_at FROM {scan(files)} "
            f"WHERE category = '{_RETURNED}' AND amount > 0 ORDER BY posted_at, transaction_id"
        )
        return rows.fetchall()


def booked_when_paid(
    workspace: Workspace, connection: Connection, statements: Sequence[Statement]
) -> set[str]:
    """Return the settlements that the books get an entry of only once they are paid out."""
    ends = {
        s.settlement_id: last_business_day(s.period_end, connection.timezone)
        for s in statements
        if s.payout is None
    }
    if not ends:
        return set()
    days = sorted(set(ends.values()))
    effective = mappings_in_effect(workspace.registry, connection.slug, days)
    by_settlement = {day for m, its_days in effective if m.mode == "settlement" for day in its_days}
    return {name for name, day in ends.items() if day in by_settlement}
