"""Lines of one account as one: to the cent, whatever is merged."""

from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mappings.journal.merged_lines import by_account, is_purchase
from mappings.model import CLEARING, JournalEntry, JournalLine

CENTS = st.integers(-300, 300).map(lambda cents: Decimal(cents) / 100)
CODES = st.sampled_from(["S20", None])
TRACKING = st.sampled_from([(), (("Region", "North"),), (("Region", "South"),)])
CATEGORIES = st.sampled_from(["sales.principal", "sales.shipping", "fee.referral", "tax.on_fees"])
ACTIVITY = st.builds(
    lambda account, category, amount, code, tracking, tax: JournalLine(
        *("activity", account, category, amount, 1, code, None),
        tax_treatment="uk.standard" if code else None,
        tax_amount=tax if code else None,
        tracking=tracking,
    ),
    st.sampled_from(["200", "404"]), CATEGORIES, CENTS, CODES, TRACKING, CENTS,
)  # fmt: skip
SETTLED = st.builds(
    lambda part, category, amount, settlement: JournalLine(
        part, "1100", category, amount, 1, None, settlement
    ),
    st.sampled_from(["activity", "payout"]),
    st.sampled_from([CLEARING, CLEARING, "transfer.payout"]),
    CENTS,
    st.sampled_from(["1", "2"]),
)
LINES = st.lists(st.one_of(ACTIVITY, SETTLED), max_size=12).map(tuple)


def entry(lines: tuple[JournalLine, ...]) -> JournalEntry:
    return JournalEntry("je:s:2026-03-02:GBP", "s", date(2026, 3, 2), "GBP", "h", 1, lines)


def sums(
    lines: tuple[JournalLine, ...], measure: Callable[[JournalLine], Decimal]
) -> dict[Any, Decimal]:
    totals: Counter[Any] = Counter()
    for line in lines:
        side = is_purchase(line.category) if line.tax_code else None
        key = (line.part, line.account, line.tax_code, side, line.tracking, line.settlement_id)
        totals[key] += measure(line)
    return {key: total for key, total in totals.items() if total}


@given(LINES)
def test_grouping_loses_nothing_and_leaves_one_line_of_each_kind(
    lines: tuple[JournalLine, ...],
) -> None:
    merged = by_account(entry(lines)).lines
    for measure in (
        lambda line: line.amount,
        lambda line: line.tax_amount or Decimal(0),
        lambda line: line.amount if line.category == CLEARING else Decimal(0),
    ):
        assert sums(merged, measure) == sums(lines, measure)
    kinds = Counter(
        (line.part, line.category == CLEARING, line.account, line.tax_code, line.tracking,
         line.settlement_id, is_purchase(line.category) if line.tax_code else None)
        for line in merged
    )  # fmt: skip
    # Where amounts come to nothing and their tax does not, lines stay as they are.
    untaxed = {kind for kind in kinds if kind[3] is None}
    assert all(kinds[kind] == 1 for kind in untaxed)
    assert by_account(entry(merged)).lines == merged


def test_one_line_names_all_its_categories_and_nothing_has_none() -> None:
    lines = (
        JournalLine("activity", "404", "fee.referral", Decimal("3.00"), 2),
        JournalLine("activity", "404", "fee.storage", Decimal("1.50"), 1),
        JournalLine("activity", "820", "tax.facilitator_in", Decimal("-2.00"), 1),
        JournalLine("activity", "820", "tax.facilitator_out", Decimal("2.00"), 1),
        JournalLine("activity", "1100", CLEARING, Decimal("-4.50"), 5, None, "7"),
    )
    fees, clearing = by_account(entry(lines)).lines
    assert (fees.category, fees.amount, fees.transactions) == (
        "fee.referral, fee.storage", Decimal("4.50"), 3
    )  # fmt: skip
    assert clearing == lines[-1]
