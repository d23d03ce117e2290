"""What was paid beyond the lines at hand: shown by a document before, or not."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from connectors.documents.manifest import Statement
from pipelines.stages.balances import brought_forward, shortfalls

START = datetime(2026, 3, 1, tzinfo=UTC)
Figures = tuple[str, str | None]
Balances = tuple[str | None, str | None]


def statement(
    number: int, total: str, payout: str | None, opening: str | None, closing: str | None, at: int
) -> Statement:
    start = START + timedelta(days=at)
    end = start + timedelta(days=7)
    return Statement(
        settlement_id=str(number),
        currency="USD",
        period_start=start,
        period_end=end,
        lines=1,
        total=Decimal(total),
        deposit_at=end,
        deposit_day=date(2026, 3, 8),
        payout=None if payout is None else Decimal(payout),
        row=0,
        opening_balance=None if opening is None else Decimal(opening),
        closing_balance=None if closing is None else Decimal(closing),
    )


@pytest.mark.parametrize(
    ("listed", "missing"),
    [
        # Left behind by the one before.
        ([("12", "10", "0", "2"), ("5", "7", "2", "0")], {}),
        # Nothing before it shows where 2 came from; later ones do not suffer from it.
        ([("5", "7", "0", "-2"), ("5", "5", "-2", "-2"), ("5", "3", "-2", "0")], {"0": 2}),
        ([("5", "7", "0", "-2"), ("5", "8", "-2", "-5")], {"0": 2, "1": 3}),
        # A balance that a ledger states is shown by it.
        ([("5", "7", "2", "0")], {}),
        # Channels that keep no opening balance go on from what was left.
        ([("12", "10", None, "2"), ("5", "7", None, "-2")], {}),
        ([("5", "7", None, "-2")], {"0": 2}),
        # Payouts that stand each for itself bring nothing forward.
        ([("12", "10", "0", "2"), ("5", "7", "0", "-2")], {"1": 2}),
        # A carried balance that is a line of the report: 5 and 2 of before make 7.
        ([("7", "7", "2", "0")], {"0": 2}),
        ([("7", "7", "-2", "0"), ("7", "7", "2", "0")], {}),
        # What the seller owes is paid out by nobody.
        ([("0", "0", "3", "0"), ("4", "4", "-3", "0")], {}),
        ([("-3", "-3", None, None), ("4", None, None, None)], {}),
    ],
)
def test_what_no_document_shows(
    listed: Sequence[tuple[str, str | None, str | None, str | None]], missing: dict[str, int]
) -> None:
    statements = [statement(n, *figures, at=7 * n) for n, figures in enumerate(listed)]
    assert shortfalls(statements) == missing


def test_what_was_left_before_a_gap_shows_nothing_after_it() -> None:
    before, after = ("12", "10", None, "2"), ("5", "7", None, "-2")
    statements = [statement(0, *before, at=0), statement(1, *after, at=30)]
    assert shortfalls(statements) == {"1": 2}


def test_a_row_adds_up() -> None:
    assert brought_forward(statement(0, "12", "10", "0", "2", at=0)) == -2
    assert brought_forward(statement(0, "5", "7", "2", "0", at=0)) == 2
    assert brought_forward(statement(0, "7", "7", "2", "0", at=0)) == 0
    assert brought_forward(statement(0, "7", None, "2", None, at=0)) == 2
