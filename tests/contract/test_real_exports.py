"""Real exports of real stores through the whole chain: every cent and every unit arrives."""

import csv
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.database.registry import Registry
from tests.channels.house import House, total


def by_category(house: House) -> dict[str, Decimal]:
    sums: Counter[str] = Counter()
    for row in house.rows():
        sums[row["category"]] += row["amount"]
    return dict(sums)


def figures(**amounts: str) -> dict[str, Decimal]:
    return {name.replace("__", "."): Decimal(amount) for name, amount in amounts.items()}


@pytest.fixture
def canada(samples: Path, registry: Registry, tmp_path: Path) -> House:
    house = House.build(registry, tmp_path / "home", timezone="America/Toronto")
    house.take_file(samples / "amazon" / "real_CA_v1_50018020314.txt")
    assert not house.run().failed
    return house


@pytest.fixture
def etsy(samples: Path, registry: Registry, tmp_path: Path) -> House:
    house = House.build(registry, tmp_path / "home", channel="etsy")
    house.take_file(samples / "etsy" / "real_statement_excerpt.csv")
    assert not house.run().failed
    return house


def test_a_negative_canadian_settlement_ties_and_is_carried(canada: House) -> None:
    (proof,) = canada.prove()
    assert (proof.settlement_id, proof.currency, proof.state) == ("23874397121", "CAD", "tied")
    figures = {proof.declared, proof.raw, proof.normalised, proof.journalled, proof.posted}
    assert figures == {Decimal("-62.31")}
    assert proof.paid == Decimal("-62.31")
    assert not canada.held()
    canada.check_books()


def test_its_lines_are_where_an_accountant_puts_them(canada: House) -> None:
    # -62.31 is carried on at the end; -321.69 came over from the settlement before.
    assert by_category(canada) == figures(
        sales__principal="35.00",
        sales__shipping="6.99",
        discount__seller="-6.99",
        fee__fulfilment="-6.12",
        fee__referral="-5.62",
        fee__regulatory="0.12",
        refund__principal="-60.00",
        fee__referral_refund="9.63",
        fee__refund_admin="-1.93",
        fee__subscription="-32.09",
        fee__advertising="-1.16",
        tax__on_fees="-0.14",
        transfer__seller_topup="321.69",
        carried_forward="-259.38",
    )


def test_no_unit_and_no_cell_is_lost(canada: House, samples: Path) -> None:
    path = samples / "amazon" / "real_CA_v1_50018020314.txt"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    cells = [
        Decimal(text.strip())
        for row in rows
        if not row["total-amount"]
        for name, text in row.items()
        if name.endswith("amount") and text
    ]
    lines = [row for row in canada.rows() if row["payout_id"] is None]
    assert Counter(row["amount"] for row in lines) == Counter(cells)
    units = sum(int(row["quantity-purchased"] or 0) for row in rows)
    assert sum(row["quantity"] or 0 for row in lines) == units == 1
    (sold,) = [row for row in lines if row["quantity"]]
    assert (sold["category"], sold["sku"]) == ("sales.principal", "SALTT15-ALLT")


def test_days_are_the_sellers_own(canada: House) -> None:
    # 2025-08-14T06:23:59Z is still the small hours in Toronto; 23:50:56Z is the evening before.
    days = {row["source_type"]: str(row["business_date"]) for row in canada.rows()}
    assert days["Order / price / Principal"] == "2025-08-14"
    assert days["Payable to Amazon / other"] == "2025-07-31"
    assert days["ServiceFee / item-related-fee / Cost of Advertising"] == "2025-08-13"
    assert days["Subscription Fee / other"] == "2025-08-06"
    assert days["settlement / carried forward"] == "2025-08-16"


def test_an_etsy_statement_of_2022_closes_at_every_deposit(etsy: House) -> None:
    """The first deposit pays what came before the statement begins, which no document shows."""
    proofs = {p.settlement_id: p for p in etsy.prove()}
    assert {name: (p.raw, p.paid, p.state) for name, p in proofs.items()} == {
        "etsy-2022-01-24-USD": (Decimal("35.76"), Decimal("60.23"), "incomplete"),
        "etsy-2022-01-31-USD": (Decimal("27.22"), Decimal("15.34"), "tied"),
        "open-2022-01-USD": (Decimal("13.40"), None, "open"),
    }
    lines = [row for row in etsy.rows() if row["payout_id"] is None]
    assert total(lines) == Decimal("76.38")
    assert not etsy.held()
    etsy.check_books()


def test_its_lines_are_what_they_say(etsy: House) -> None:
    # Sales and refunds are without the tax that Etsy collects, which nets to zero.
    assert by_category(etsy) == figures(
        sales__principal="101.80",
        refund__principal="-13.85",
        tax__facilitator_in="4.67",
        tax__facilitator_out="-4.67",
        fee__referral="-4.61",
        fee__referral_refund="0.67",
        fee__payment_processing="-3.28",
        fee__listing="-0.60",
        fee__shipping_label="-23.10",
        transfer__seller_topup="19.35",
        transfer__payout="-75.57",
    )


def test_an_invented_report_is_read_and_its_suspect_words_are_known_for_it(
    samples: Path, registry: Registry, tmp_path: Path
) -> None:
    """The file is made up: no real file has these transaction types with these amount types."""
    suspect = {
        "Order / ItemFees / MarketplaceFacilitatorVAT-Principal": "tax.facilitator_out",
        "ServiceFee / other-transaction / LowInventoryLevelFee": "fee.storage",
        "Shipment / Shipment-Fees / FBAPerOrderFulfillmentFee": "fee.fulfilment",
        "Adjustment / other-transaction / Refund Reimbursal": "reimbursement.claim",
        "Transfer / other-transaction / Current Reserve Amount": "reserve.held",
        "Transfer / other-transaction / Previous Reserve Amount Balance": "reserve.released",
    }
    house = House.build(registry, tmp_path / "home", timezone="America/Los_Angeles")
    house.take_file(samples / "amazon" / "US_v2_xieyi_sample.txt")
    house.run()
    placed = {row["source_type"]: row["category"] for row in house.rows()}
    assert {name: placed[name] for name in suspect} == suspect
    assert "unclassified" not in placed.values()
    (proof,) = house.prove()
    assert (proof.declared, proof.paid, proof.state) == (
        Decimal("582.89"),
        Decimal("582.89"),
        "tied",
    )
    tax = [row for row in house.rows() if row["category"].startswith("tax.facilitator")]
    assert len(tax) == 2
    assert not total(tax)
    units = {r["order_item_id"]: r["quantity"] for r in house.rows() if r["quantity"]}
    assert sum(units[item] for item in ("55182930114", "55182930221", "55182930222")) == 4
    house.check_books()
