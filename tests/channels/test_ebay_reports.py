"""eBay's transaction reports: orders of several items, payouts over month ends, what is refused."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.channels import CHANNELS
from connectors.database.registry import Registry
from connectors.errors import BadInput, TotalsMismatch
from mappings.channels import classify
from mappings.model import UNCLASSIFIED
from pipelines.stages.imports import import_file, open_connection
from tests.channels.ebay_files import (
    FIXED,
    NEW,
    VARIABLE,
    order,
    paid,
    preamble,
    report,
    roll_up,
    row,
)
from tests.channels.house import House

ORDER, PAYOUT = "05-00001-00001", "5000000001"
THIRD, FOURTH, END = date(2026, 3, 3), date(2026, 3, 4), date(2026, 3, 31)
ITEMS = [order("", THIRD, "20.00", "-2.60"), order("", THIRD, "10.00", "-1.30")]
WHOLE = {FIXED: "-0.40", VARIABLE: "-3.90", "Item subtotal": "30.00", "Payout ID": PAYOUT}


@pytest.fixture
def house(registry: Registry, tmp_path: Path) -> House:
    return House.build(registry, tmp_path / "home", channel="ebay")


def amounts(house: House) -> list[tuple[str, Decimal]]:
    return [(r["source_type"], r["amount"]) for r in house.rows() if r["payout_id"] is None]


def several(net: str = "25.70", **cells: str) -> list[dict[str, str]]:
    head, *items = roll_up(ORDER, THIRD, net, "30.00", ITEMS)
    return [{**head, **{k.replace("_", " "): v for k, v in cells.items()}}, *items]


@pytest.mark.parametrize("columns", [(FIXED, "Payout ID"), tuple(WHOLE)])
@pytest.mark.parametrize("turned", [False, True])
def test_an_order_of_several_items_counts_once(
    house: House, columns: tuple[str, ...], turned: bool
) -> None:
    rows = several(**{name: WHOLE[name] for name in columns})
    taken = house.take(report(list(reversed(rows)) if turned else rows)).manifest
    house.run()

    assert taken.total == Decimal("25.70")
    assert [s.settlement_id for s in taken.settlements] == [PAYOUT]
    assert sorted(amounts(house)) == [
        ("Order / Final Value Fee - fixed", Decimal("-0.40")),
        ("Order / Final Value Fee - variable", Decimal("-2.60")),
        ("Order / Final Value Fee - variable", Decimal("-1.30")),
        ("Order / Item subtotal", Decimal("10.00")),
        ("Order / Item subtotal", Decimal("20.00")),
    ]
    assert (taken.rows_without_amount, sum(t.units for t in taken.days.values())) == (0, 2)


def test_items_that_do_not_make_their_order_are_refused(house: House) -> None:
    with pytest.raises(TotalsMismatch, match="row 1: its 2 items make") as refused:
        house.take(report(several("24.70", **{FIXED: "-0.40"})))
    assert (refused.value.declared, refused.value.computed) == ("24.7000", "25.7000")


def test_an_item_without_its_order_is_refused(house: House) -> None:
    with pytest.raises(BadInput, match=f"row 2 is an item of order {ORDER}, whose own row"):
        house.take(report([order("05-9", THIRD, "5.00"), several()[1]]))


def test_a_second_refund_of_an_order_has_items_of_its_own(house: House) -> None:
    def back(number: int, day: date) -> list[dict[str, str]]:
        item = order("", day, f"-{number}.00", "0.10", kind="Refund")
        head, *items = roll_up(
            ORDER, day, f"-{number * 2 - 0.2:.2f}", f"-{number * 2}.00", [item] * 2
        )
        return [{**r, "Type": "Refund"} for r in (head, *items)]

    taken = house.take(report([*back(3, THIRD), *back(4, FOURTH)])).manifest
    assert {day: t.amount for day, t in taken.days.items()} == {
        THIRD: Decimal("-5.80"),
        FOURTH: Decimal("-7.80"),
    }


def test_a_payout_may_take_rows_of_the_month_before(house: House) -> None:
    house.take(report([order(ORDER, THIRD, "25.00", payout=PAYOUT)]))
    house.run()
    (waiting,) = house.prove()
    assert (waiting.state, waiting.settlement_id, waiting.raw) == ("open", PAYOUT, 25)

    label = row("Shipping label", date(2026, 4, 1), "-5.00", payout=PAYOUT)
    house.take(report([label, paid(date(2026, 4, 2), "20.00", PAYOUT)]))
    house.run()
    (whole,) = house.prove()
    assert (whole.state, whole.raw, whole.paid, whole.why) == ("tied", 20, 20, None)
    house.check_books()


def test_a_payout_of_more_than_the_files_hold_says_so(house: House) -> None:
    house.take(report([order(ORDER, THIRD, "25.00", payout=PAYOUT), paid(END, "1040.00", PAYOUT)]))
    house.run()
    (proof,) = house.prove()
    assert (proof.state, proof.raw, proof.paid, proof.difference) == ("incomplete", 25, 1040, 0)
    assert proof.brought_forward == 1015
    assert "paid out 1015.0000 USD more than the files hold" in (proof.why or "")


def test_a_payout_that_came_back_has_not_been_paid(house: House) -> None:
    returned = {**paid(FOURTH, "25.00", PAYOUT), "Net amount": "25.00"}
    sold = order(ORDER, THIRD, "25.00", payout=PAYOUT)
    house.take(report([sold, paid(THIRD, "25.00", PAYOUT)]))
    house.take(report([{**returned, "Gross transaction amount": "--"}]))
    house.run()
    (proof,) = house.prove()
    assert (proof.state, proof.raw, proof.paid) == ("open", 25, 0)
    assert proof.payout_status == "failed"
    house.check_books()


def test_a_fee_of_a_payout_is_a_line(house: House) -> None:
    left = {**paid(FOURTH, "25.00", PAYOUT), "Deposit processing fee": "-0.50"}
    left |= {"Gross transaction amount": "-24.50"}
    taken = house.take(report([order(ORDER, THIRD, "25.00", payout=PAYOUT), left])).manifest
    (settlement,) = taken.settlements
    assert (settlement.total, settlement.payout) == (Decimal("24.50"), Decimal("24.50"))


def test_an_amount_in_another_currency_comes_to_the_net_to_the_cent(house: House) -> None:
    sold = order(ORDER, THIRD, "33.33", "-4.44", payout=PAYOUT)
    foreign = {"Net amount": "38.09", "Transaction currency": "GBP", "Exchange rate": "1.31869"}
    house.take(report([{**sold, **foreign}]))
    house.run()
    assert amounts(house) == [
        ("Order / Item subtotal", Decimal("43.94")),
        ("Order / Final Value Fee - variable", Decimal("-5.85")),
    ]
    for wrong, message in (
        ({"Exchange rate": "1.4"}, "make 40.44"),
        ({"Exchange rate": "--"}, "no Ex"),
    ):
        with pytest.raises(BadInput, match=message):
            house.take(report([{**sold, **foreign, **wrong}]))


def test_a_new_fee_and_what_no_column_tells_are_lines(house: House) -> None:
    new = "Packaging levy"
    columns = [*NEW[:26], new, *NEW[26:]]
    sold = {**order(ORDER, THIRD, "25.00"), new: "-1.00", "Net amount": "26.00"}
    taken = house.take(report([{**sold, "Gross transaction amount": "27.00"}], columns)).manifest
    words = {w.name: w.amount for w in taken.source_types}
    assert words == {"Order": 2, "Order / Item subtotal": 25, f"Order / {new}": -1}
    unknown = [c.source_type for c in classify("ebay", words) if c.category == UNCLASSIFIED]
    assert unknown == [f"Order / {new}"]


def test_the_lines_above_the_header_say_which_days_are_covered(house: House) -> None:
    rows = [order(ORDER, THIRD, "25.00"), row("Order", FOURTH, "0.00")]
    first = house.take(report(rows, above=preamble(date(2026, 3, 1), END))).manifest
    assert first.statement == "report:2026-03-01..2026-03-31:USD"
    assert (first.first_day, first.last_day, first.rows_without_amount) == (
        date(2026, 3, 1),
        END,
        1,
    )
    later = [*rows, order("05-2", date(2026, 3, 30), "7.00")]
    again = house.take(report(later, above=preamble(date(2026, 3, 1), END)))
    assert again.supersedes == first.document
    plain = house.take(report(rows)).manifest
    assert plain.statement == "report:2026-03-03..2026-03-04:USD"


def test_the_name_says_which_days_are_covered_where_no_line_does(house: House) -> None:
    sold, name = [order(ORDER, THIRD, "25.00")], "Transaction_report_20260301_20260331 (1).csv"
    named = house.take(report(sold), name).manifest
    assert (named.statement, named.last_day) == ("report:2026-03-01..2026-03-31:USD", END)
    above = [["Start date", "not said"], ["End date", "3-Mar-2026"]]
    renamed = house.take(report(sold, above=above), "Transaction_report_20269999_20260331.csv")
    assert renamed.manifest.statement == "report:2026-03-03..2026-03-03:USD"


def test_a_refund_and_a_hold_are_what_they_take(house: House) -> None:
    """A hold states the order's items beside a sum of its own; a refund may state no item."""
    held = row("Hold", THIRD, "-152.00", order=ORDER, Item_ID="157", Item_subtotal="162.26")
    back = row("Refund", THIRD, "-85.57", order=ORDER, gross="-102.00", eBay_collected_tax="-7.14")
    house.take(
        report([held, {**back, FIXED: "0.44", VARIABLE: "14.96", "International fee": "1.03"}])
    )
    house.run()
    assert {(r["category"], r["amount"]) for r in house.rows()} == {
        ("reserve.held", Decimal(-152)),
        ("refund.principal", Decimal(-102)),
        ("fee.referral_refund", Decimal("14.96")),
        ("fee.closing_fixed", Decimal("0.44")),
        ("fee.international", Decimal("1.03")),
    }


def test_days_are_told_once(house: House, tmp_path: Path) -> None:
    ebay = CHANNELS["ebay"]
    target = open_connection(house.workspace, ebay, house.slug, timezone=None, name=None)
    rows = [order(ORDER, THIRD, "25.00")]
    path = tmp_path / "report.csv"
    path.write_text(report(rows))
    (first,) = import_file(house.workspace, ebay, target, path)
    path.write_text(report([*rows, order("05-2", END, "1.00")]))
    with pytest.raises(BadInput, match=r"covers 2026-03-03 .* export the other days alone"):
        list(import_file(house.workspace, ebay, target, path))
    assert [m.document for m in house.workspace.lake.effective_documents(house.slug)] == [
        first.manifest.document
    ]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([row("Payout", THIRD, "-5.00")], "row 1 is a payout without its Payout ID"),
        ([{**row("Order", THIRD, "5.00"), "Payout currency": "--"}], "names its payout currency"),
        ([{**row("Order", THIRD, "5.00"), "Transaction creation date": "--"}], "cut off"),
        ([{**row("Order", THIRD, "5.00"), "Transaction creation date": "3. März 2026"}], "a date"),
    ],
)
def test_rows_that_cannot_be_read_are_refused(
    house: House, rows: list[dict[str, str]], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        house.take(report(rows))


def test_every_type_and_fee_that_is_known_has_a_place() -> None:
    types = ["Order", "Refund", "Hold", "Claim", "Payment dispute", "Shipping label", "Other fee"]
    fees = NEW[NEW.index("eBay collected tax") + 1 : NEW.index("Gross transaction amount")]
    parts = ["Item subtotal", "Shipping and handling", "Seller collected tax"]
    words = [*types, "Transfer", "Adjustment", *(f"Order / {fee}" for fee in fees)]
    words += [f"{kind} / {part}" for kind in ("Order", "Refund") for part in parts]
    placed = classify("ebay", words)
    assert [c.source_type for c in placed if c.category == UNCLASSIFIED] == []
