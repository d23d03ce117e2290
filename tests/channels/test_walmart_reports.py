"""Walmart's reports: what is carried between payments, what counts as whole, and both layouts."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.database.registry import Registry
from connectors.errors import BadInput, TotalsMismatch
from mappings.channels import classify
from tests.channels.examples import workbook
from tests.channels.house import House
from tests.channels.walmart_files import V1, line, order, report, summary, wide

END, NEXT_END = date(2026, 3, 14), date(2026, 3, 28)
MARCH_20 = date(2026, 3, 20)
NAMED = "shop_MP_03172026_reconciliationreport.csv"


@pytest.fixture
def house(registry: Registry, tmp_path: Path) -> House:
    return House.build(registry, tmp_path / "home", channel="walmart")


def test_what_a_seller_owes_is_carried_into_the_next_payment(house: House) -> None:
    fee = line("Service Fee", "WFS Inbound Fee", "-50.00", at=date(2026, 3, 4))
    owed = [*order(), fee]
    earned = order("200014533145450", at=MARCH_20, price="100.00", fee="-15.00")
    house.take(report(owed))
    house.take(report(earned, end=NEXT_END, payable="52.00"))
    house.run()

    first, second = house.prove()
    assert (first.state, first.paid, first.why) == ("tied", Decimal("-33.00"), None)
    assert (second.state, second.declared, second.paid) == ("tied", 52, 52)
    assert second.why == (
        "-33.0000 USD of it was carried from or to other payments: the lines of the statement "
        "itself come to 85.0000"
    )
    assert "Assets:CarriedForward:Store                             33.00 USD" in house.books()
    (later,) = (
        m for m in house.workspace.lake.effective_documents(house.slug) if m.statement == "20260331"
    )
    assert later.settlements[0].opening_balance == Decimal("-33.00")
    house.check_books()


@pytest.mark.parametrize("counted", [5, 4, 3])
def test_a_report_is_whole_with_as_many_lines_as_it_states(house: House, counted: int) -> None:
    manifest = house.take(report(order(), payable="10.00", counted=counted)).manifest
    assert (manifest.lines, manifest.declared, manifest.total) == (3, 10, 10)


@pytest.mark.parametrize("counted", [6, 50, 2])
def test_a_report_that_is_not_whole_must_add_up(house: House, counted: int) -> None:
    with pytest.raises(TotalsMismatch, match="not as many lines as it states") as refused:
        house.take(report(order(), payable="10.00", counted=counted))
    assert (refused.value.declared, refused.value.computed) == ("10.0000", "17.0000")
    assert house.take(report(order(), counted=counted)).manifest.total == 17


def test_a_report_without_the_line_that_counts_must_add_up(house: House) -> None:
    header, _counting, rest = report(order()).split("\n", 2)
    assert house.take(f"{header}\n{rest}").manifest.lines == 2
    with pytest.raises(TotalsMismatch):
        house.take(f"{header}\n{rest.replace('17.00', '18.00')}")


def test_two_weeks_without_sales_are_covered_and_empty(house: House) -> None:
    manifest = house.take(report([], payable="0.00")).manifest
    assert (manifest.lines, manifest.total, manifest.declared) == (0, 0, 0)
    normalised, unpaid = house.run(), [date(2026, 3, day) for day in (14, 15, 16)]
    assert (normalised.open, normalised.failed, house.rows()) == (unpaid, {}, [])
    assert [(proof.state, proof.paid) for proof in house.prove()] == [("tied", None)]


def test_a_line_without_a_day_is_of_the_period_s_end(house: House) -> None:
    silent = {**order()[0], "Transaction Posted Timestamp": ""}
    house.take(report([*order(), silent]))
    assert not house.run().failed
    assert date(2026, 3, 14) in {row["business_date"] for row in house.rows()}


def test_periods_meet_whichever_day_they_name_last(house: House) -> None:
    for end, days in ((END, 14), (NEXT_END, 14), (date(2026, 4, 10), 13), (date(2026, 4, 25), 14)):
        house.take(report(order(at=end.replace(day=5)), end=end, days=days))
    settlements = [
        s for m in house.workspace.lake.effective_documents(house.slug) for s in m.settlements
    ]
    assert [a.period_end for a in settlements[:-1]] == [b.period_start for b in settlements[1:]]


@pytest.mark.parametrize("shortened", ["2.00015E+14", "1.19111E14", "2e+14"])
def test_order_numbers_that_a_spreadsheet_shortened_are_refused(
    house: House, shortened: str
) -> None:
    text = report([{**row, "Customer Order #": shortened} for row in order()])
    with pytest.raises(BadInput, match=r"row 3: Customer Order # is .* as it was downloaded"):
        house.take(text)


def test_dates_that_a_spreadsheet_hid_are_refused(house: House) -> None:
    text = report([{**row, "Transaction Posted Timestamp": "########"} for row in order()])
    with pytest.raises(BadInput, match="'########' is not a date"):
        house.take(text)


def test_a_workbook_says_what_its_file_said(house: House) -> None:
    lines = [summary("17.00", end=END), *order()]
    rows = [list(V1), ["Number of Lines in file 5"], *[[r.get(c, "") for c in V1] for r in lines]]
    plain = house.take(report(order())).manifest
    taken = house.take(workbook(rows), "MP_03172026.xlsx").manifest
    assert (taken.statement, taken.total, taken.days) == (plain.statement, plain.total, plain.days)
    assert taken.source_types == plain.source_types


def test_words_are_known_in_any_case_and_unknown_ones_stay_as_they_are(house: House) -> None:
    lines = [
        line("SALE", "product  PRICE", "20.00", at=date(2026, 3, 3)),
        line(
            "Adjustment", "Fee/Reimbursement", "-1.00", at=date(2026, 3, 3), description="Moon dust"
        ),
    ]
    manifest = house.take(report(lines)).manifest
    words = [word.name for word in manifest.source_types]
    assert words == ["Adjustment / Fee/Reimbursement / Moon dust", "SALE / product PRICE"]
    assert [c.category for c in classify("walmart", words)] == ["unclassified", "sales.principal"]
    house.run()
    (reason,) = house.held().values()
    assert "Moon dust" in reason


def legacy(**amounts: str) -> dict[str, str]:
    return {
        "Walmart.com Order #": "200014533145443",
        "Walmart.com PO #": "129112345678901",
        "Transaction Type": "SALE",
        "Transaction Date Time": "03/03/2026",
        **{name.replace("_", " "): value for name, value in amounts.items()},
    }


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_legacy_report_adds_up_row_by_row_however_it_signs(house: House, sign: str) -> None:
    row = legacy(
        Payable_to_Partner_from_Sale="85.00",
        Gross_Sales_Revenue="100.00",
        Commission_from_Sale=f"{sign}15.00",
        Total_NET_Tax_Collected="7.00",
        Tax_Withheld=f"{sign}7.00",
    )
    manifest = house.take(wide([row]), NAMED).manifest
    assert (manifest.statement, manifest.total, manifest.lines) == ("20260317", 85, 4)
    house.run()
    assert total_of(house, "fee.referral") == -15
    assert total_of(house, "tax.facilitator_out") == -7
    assert [proof.state for proof in house.prove()] == ["tied"]


def total_of(house: House, category: str) -> Decimal:
    return sum((r["amount"] for r in house.rows() if r["category"] == category), Decimal(0))


def test_a_legacy_row_that_does_not_add_up_is_kept_aside(house: House) -> None:
    row = legacy(Payable_to_Partner_from_Sale="84.00", Gross_Sales_Revenue="100.00",
                 Commission_from_Sale="15.00")  # fmt: skip
    with pytest.raises(
        TotalsMismatch, match=r"row 1: its amounts sum to 85\.0000 but 84\.0000 is payable"
    ):
        house.take(wide([row]), NAMED)


@pytest.mark.parametrize("name", ["report.csv", "MP_13452026_.csv"])
def test_a_legacy_report_is_dated_by_its_name(house: House, name: str) -> None:
    row = legacy(Payable_to_Partner_from_Sale="85.00", Gross_Sales_Revenue="85.00",
                 Commission_from_Sale="0.00")  # fmt: skip
    with pytest.raises(BadInput, match="the name it was downloaded with"):
        house.take(wide([row]), name)


def test_both_layouts_of_a_payment_are_one_settlement(house: House) -> None:
    first = house.take(report(order())).manifest
    row = legacy(Payable_to_Partner_from_Sale="17.00", Gross_Sales_Revenue="20.00",
                 Commission_from_Sale="3.00")  # fmt: skip
    assert house.take(wide([row]), NAMED).supersedes == first.document


def test_every_word_of_the_reference_is_placed() -> None:
    words = [f"{kind} / {word}" for kind in ("Sale", "Refund") for word in PLAIN]
    words += [f"Adjustment / Fee/Reimbursement / {said}" for said in SAID]
    words += [f"Service Fee / {word} / -" for word in SERVICES]
    words += ["Reserve / - / -", "Release Reserve / - / -"]
    placed = classify("walmart", words)
    assert [c.source_type for c in placed if c.category == "unclassified"] == []


PLAIN = (
    "Product Price", "Commission on Product", "Product tax", "Product tax withheld",
    "Other tax (Fees)", "Promo Code", "Extra Savings", "Total Walmart Funded Savings",
    "Item Fees", "Net Payable", "Shipping", "Shipping tax", "Shipping tax withheld",
    "Commission on Shipping", "Walmart Funded Savings", "Extra Discount",
    "Excess Refund Adjustment",
)  # fmt: skip
SAID = (
    "Walmart Shipping Label Service Charge", "WFS Fulfillment fee", "WFS Refund",
    "WFS StorageFee", "LongTermStorageFee", "WFS LostInventory", "FoundInventory",
    "DamageInWarehouse", "WFS Return Shipping", "WFS Return Processing", "InboundTransportation",
    "PrepService", "InventoryDisposal", "ExcessRefundAdjustment", "RemovalOrder", "DisposalOrder",
    "Walmart Return Shipping Charge", "Ship With Walmart",
)  # fmt: skip
SERVICES = (
    "WFS Inbound Fee", "Review Accelerator", "SEM Marketing Fee", "WFS Fulfillment Fee",
    "Other Tax Fees", "Item Fees",
)  # fmt: skip
