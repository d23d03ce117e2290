"""Documents of an entry: whatever they are, they leave on every account what the entry does."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.journal.entry_parts import EntryPart, entry_parts
from mappings.model import JournalEntry, JournalLine

CLEARING, BANK = "51", "35"
ACCOUNTS = {
    **{"sales.principal": "79", "refund.principal": "79", "fee.referral": "90"},
    **{"tax.on_fees": "91", "reserve.held": "53", "transfer.payout_failed": BANK},
}


def line(category: str, amount: Any, part: str = "activity", **more: Any) -> JournalLine:
    account = {"clearing": CLEARING, "transfer.payout": BANK, **ACCOUNTS}.get(category, "95")
    return JournalLine(part, account, category, Decimal(amount), 1, **more)


def entry(lines: Iterable[JournalLine], document: str, payouts: str) -> JournalEntry:
    return JournalEntry(
        "je:store:2026-03-18:USD", "store", date(2026, 3, 18), "USD", "hash", 1, tuple(lines),
        document=document, payouts=payouts,
    )  # fmt: skip


def balances(lines: Iterable[JournalLine]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for each in lines:
        sums[each.account] += each.amount
    return {account: total for account, total in sums.items() if total}


def shape(parts: Iterable[EntryPart]) -> list[tuple[str, str, list[tuple[str, Decimal]]]]:
    """Kind and payout of each part, with accounts and amounts."""
    return [
        (
            part.kind,
            part.payout,
            sorted((each.account, each.amount) for each in part.entry.lines if each.amount),
        )
        for part in parts
    ]


amounts = st.integers(-5000, 5000).map(lambda cents: Decimal(cents).scaleb(-2))


@given(
    activity=st.lists(st.tuples(st.sampled_from(sorted(ACCOUNTS)), amounts, st.booleans())),
    payouts=st.lists(st.tuples(st.sampled_from("AB"), amounts, amounts), max_size=3),
    document=st.sampled_from(["journal", "sales_receipt"]),
    kind=st.sampled_from(["journal", "transfer", "deposit"]),
)
def test_parts_balance_and_leave_what_the_entry_leaves(
    activity: list[tuple[str, Decimal, bool]],
    payouts: list[tuple[str, Decimal, Decimal]],
    document: str,
    kind: str,
) -> None:
    lines = [
        line(category, amount, tax_rate=Decimal(20) if is_taxed else None)
        for category, amount, is_taxed in activity
    ]
    total = sum((each.amount for each in lines), Decimal(0))
    lines.append(line("clearing", -total, settlement_id="A"))
    for settlement, paid, difference in payouts:
        named = {"part": "payout", "settlement_id": settlement}
        lines += [
            line("transfer.payout", paid, **named),
            line("fx.conversion", difference, **named),
            line("clearing", -paid - difference, **named),
        ]
    whole = entry(lines, document, kind)
    parts = entry_parts(whole)
    assert balances(e for part in parts for e in part.entry.lines) == balances(lines)
    for part in parts:
        assert sum((e.amount for e in part.entry.lines), Decimal(0)) == 0
    slots = [part.slot for part in parts]
    assert len(set(slots)) == len(slots)
    if kind != "journal":
        journals = [part for part in parts if part.kind in {"journal", "sales_receipt"}]
        assert not any(e.account == BANK for part in journals for e in part.entry.lines if e.amount)
    assert all(len(part.others) == 1 for part in parts if part.payout)


DAY = (
    line("sales.principal", -20),
    line("fee.referral", 6, tax_rate=Decimal(20), tax_amount=Decimal(1)),
    line("clearing", 14, settlement_id="A"),
    line("transfer.payout", 30, "payout", settlement_id="A"),
    line("fx.conversion", -3, "payout", settlement_id="A"),
    line("clearing", -27, "payout", settlement_id="A"),
)


@pytest.mark.parametrize(
    ("document", "payouts", "expected"),
    [
        (
            "journal",
            "transfer",
            [
                # What the rates of two days differ by stays in clearing's own journal.
                ("journal", "", [("51", 3), ("51", 14), ("79", -20), ("90", 6), ("95", -3)]),
                ("transfer", "A", [("35", 30), ("51", -30)]),
            ],
        ),
        (
            "sales_receipt",
            "deposit",
            [
                ("sales_receipt", "", [("51", 20), ("79", -20)]),
                ("journal", "", [("51", -6), ("51", 3), ("90", 6), ("95", -3)]),
                ("deposit", "A", [("35", 30), ("51", -30)]),
            ],
        ),
        (
            "sales_receipt",
            "journal",
            [
                ("sales_receipt", "", [("51", 20), ("79", -20)]),
                (
                    "journal",
                    "",
                    [("35", 30), ("51", -27), ("51", -6), ("90", 6), ("95", -3)],
                ),
            ],
        ),
    ],
)
def test_a_day_is_parted_as_its_mapping_says(
    document: str, payouts: str, expected: list[Any]
) -> None:
    assert shape(entry_parts(entry(DAY, document, payouts))) == expected


def test_a_month_that_is_paid_out_later_is_deposited_to_what_is_carried_forward() -> None:
    month = (line("sales.principal", -20), line("carried_forward", 20))
    ((kind, _, lines),) = shape(entry_parts(entry(month, "sales_receipt", "transfer")))
    assert (kind, lines) == ("sales_receipt", [("79", -20), ("95", 20)])


def test_a_loss_is_a_refund_and_what_comes_back_a_transfer() -> None:
    turned = (
        line("refund.principal", 20),
        line("clearing", -20, settlement_id="A"),
        line("transfer.payout", -30, "payout", settlement_id="A"),
        line("clearing", 30, "payout", settlement_id="A"),
    )
    assert shape(entry_parts(entry(turned, "sales_receipt", "deposit"))) == [
        ("refund_receipt", "", [("51", -20), ("79", 20)]),
        ("transfer", "A", [("35", -30), ("51", 30)]),
    ]
