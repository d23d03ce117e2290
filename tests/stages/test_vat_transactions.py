"""Amazon's VAT Transactions Report: lines take from it where goods came from and went."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.channels import CHANNELS
from connectors.errors import BadInput
from mappings.journal.tax.profile import TaxProfile
from pipelines.stages.exchange_rates import import_rates
from pipelines.stages.imports import Target, import_file
from pipelines.stages.tax_profiles import change_tax_profile
from pipelines.stages.withdrawals import stored_documents, withdraw_document
from sandbox.amazon_files import line, order, report
from tests.channels.house import House

COLUMNS = (
    *("UNIQUE_ACCOUNT_IDENTIFIER", "ACTIVITY_PERIOD", "SALES_CHANNEL", "MARKETPLACE"),
    *("TRANSACTION_TYPE", "TRANSACTION_EVENT_ID", "SELLER_SKU", "QTY"),
    *("TRANSACTION_CURRENCY_CODE", "DEPARTURE_COUNTRY", "SALE_DEPART_COUNTRY"),
    *("SALE_ARRIVAL_COUNTRY", "TAX_COLLECTION_RESPONSIBILITY"),
    *("BUYER_VAT_NUMBER_COUNTRY", "BUYER_VAT_NUMBER"),
)
DOMESTIC, ABROAD, DEEMED = (f"111-000000{n}-000000{n}" for n in (1, 2, 3))
DAYS = [date(2026, 3, day) for day in (2, 3, 4)]


def vat(*rows: str, delimiter: str = ",", month: str = "2026-MAR") -> str:
    """A report of rows of `type order sku from to responsible [buyer]`; - is an empty cell."""
    lines = [delimiter.join(COLUMNS)]
    for row in rows:
        kind, number, sku, start, end, responsible, buyer = (*row.split(), "-")[:7]
        cells = ["A1", month, "AFN", "amazon.de", kind, number, sku, "1", "EUR", start, start, end]
        lines.append(
            delimiter.join("" if c == "-" else c for c in [*cells, responsible, buyer[:2], buyer])
        )
    return "\n".join(lines) + "\n"


REPORT = (
    f"SALE {DOMESTIC} SKU-1 DE DE SELLER",
    f"SALE {ABROAD} SKU-1 DE FR SELLER",
    f"SALE {DEEMED} SKU-1 PL FR MARKETPLACE",
    # Stock that moved is no order's.
    "FC_TRANSFER FBA1 SKU-1 PL CZ -",
)


@pytest.fixture
def shop(empty: House) -> House:
    lines = [
        row | {"marketplace-name": "Amazon.de", "sku": "SKU-1"}
        for day, number in zip(DAYS, (DOMESTIC, ABROAD, DEEMED), strict=True)
        for row in order(number, at=f"{day} 08:00:00 UTC", price="119.00", fee="-10.00")
    ]
    period = {"start": "2026-03-01 12:00:00 UTC", "end": "2026-03-15 12:00:00 UTC"}
    empty.take(report(lines, currency="EUR", **period, deposit="2026-03-18 12:00:00 UTC"))
    return empty


def take(house: House, text: str, folder: Path, name: str = "vat.csv") -> list[date]:
    """Import a report as the command line does; the days that it asks to compute again."""
    path = folder / name
    path.write_text(text)
    target = Target("store", "Store", "UTC", exists=True)
    (imported,) = import_file(house.workspace, CHANNELS["amazon"], target, path)
    assert imported.manifest.lines == 0
    return list(imported.days)


def places(house: House) -> set[tuple[date, str | None, str | None, str]]:
    """Where goods came from and went on each day, and who collected the tax."""
    return {
        (row["business_date"], row["ship_from"], row["ship_to"], row["tax_collected_by"])
        for row in house.rows()
        if row["category"] == "sales.principal"
    }


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_lines_take_from_it_what_settlements_do_not_say(
    shop: House, tmp_path: Path, delimiter: str
) -> None:
    shop.run()
    before = shop.files()
    assert {place[1:] for place in places(shop)} == {(None, None, "none")}
    assert take(shop, vat(*REPORT, delimiter=delimiter), tmp_path) == DAYS
    shop.run()
    assert places(shop) == {
        (DAYS[0], "DE", "DE", "none"),
        (DAYS[1], "DE", "FR", "none"),
        (DAYS[2], "PL", "FR", "marketplace"),
    }
    # It holds no money: settlements tie as before, and no day is covered by it alone.
    assert all(proof.difference == 0 for proof in shop.prove())
    assert shop.files().keys() == before.keys()
    described = shop.files()
    # Whichever comes first, the bytes are the same.
    shop.workspace.lake.drop("transactions", "store", DAYS[0])
    shop.normalise()
    shop.journal()
    assert shop.files() == described
    (document,) = shop.workspace.lake.order_documents("store")
    withdrawn = withdraw_document(
        shop.workspace, shop.connection, document.document, "another seller's", "test"
    )
    assert list(withdrawn.days) == DAYS
    shop.run()
    assert shop.files() == before


def test_it_decides_the_tax_of_each_country(shop: House, tmp_path: Path) -> None:
    profile = TaxProfile.model_validate(
        {
            "country": "DE",
            "fees": "none",
            "registrations": [
                {"country": "DE", "scheme": "vat"},
                {"country": "DE", "scheme": "oss"},
            ],
        }
    )
    change_tax_profile(shop.workspace, "store", profile, "test")
    shop.connection = shop.workspace.registry.connections.get("store")
    shop.run()
    assert len(shop.held()) == 3
    business = f"SALE {ABROAD} SKU-1 DE FR SELLER FR12345678901"
    take(shop, vat(REPORT[0], business, *REPORT[2:]), tmp_path, "business.csv")
    shop.run()
    treatments = {line["tax_treatment"] for line in shop.rows("journal_lines")}
    assert treatments >= {"eu.intra_community", "eu.domestic"}
    assert "eu.oss" not in treatments
    take(shop, vat(*REPORT), tmp_path)
    shop.run()
    assert not shop.held()
    taxes = {
        (line["tax_treatment"], line["tax_country"], line["category"]): line["amount"]
        for line in shop.rows("journal_lines")
        if line["category"] in {"tax.contained", "tax.oss"} or line["tax_treatment"][:6] == "eu.mar"
    }
    assert taxes == {
        ("eu.domestic", "DE", "tax.contained"): Decimal("-19.00"),
        ("eu.oss", "FR", "tax.oss"): Decimal("-19.83"),
        ("eu.marketplace", "FR", "sales.principal"): Decimal("-119.00"),
    }


def test_an_import_is_valued_by_its_sale_at_the_banks_rate(shop: House, tmp_path: Path) -> None:
    profile = TaxProfile.model_validate({"country": "CN", "fees": "none"})
    change_tax_profile(shop.workspace, "store", profile, "test")
    shop.connection = shop.workspace.registry.connections.get("store")
    back = line(
        *("Refund", "ItemPrice", "Principal", "-19.00"),
        **{"at": f"{DAYS[2]} 09:00:00 UTC", "order_id": DOMESTIC, "sku": "SKU-1"},
        marketplace_name="Amazon.co.uk",
    )
    period = {"start": "2026-03-15 12:00:00 UTC", "end": "2026-03-29 12:00:00 UTC"}
    more = report([back], settlement="20000000002", currency="EUR", **period)
    shop.take(more)
    # 119.00 EUR are 142.80 GBP, above the limit, and so is what is given back of it.
    sold = f"SALE {DOMESTIC} SKU-1 CN GB SELLER"
    take(shop, vat(sold, *REPORT[1:]), tmp_path)
    shop.run()
    reasons = [reason for reason in shop.held().values() if "import rates" in reason]
    assert len(reasons) == 2
    import_rates(shop.workspace, "ecb", "ecb.csv", b"Date,GBP,\n2026-03-01,1.2,\n", "ann")
    requested = {n.connection: n.days for n in shop.workspace.registry.inbox.list()}
    assert set(requested["store"]) == {DAYS[0], DAYS[2]}
    shop.run()
    of_order = {
        (row["business_date"], row["category"]): row["amount"]
        for row in shop.rows("journal_lines")
        if row["tax_treatment"] == "uk.import"
    }
    assert of_order == {
        (DAYS[0], "sales.principal"): Decimal("-119.00"),
        (DAYS[2], "refund.principal"): Decimal("19.00"),
    }


def test_a_later_report_of_the_month_replaces_it(shop: House, tmp_path: Path) -> None:
    shop.run()
    take(shop, vat(*REPORT), tmp_path)
    shop.run()
    # Goods of one SKU that came from two countries are not told apart by settlements.
    changed = (f"SALE {DOMESTIC} SKU-1 DE AT SELLER", f"SALE {DOMESTIC} SKU-1 PL AT SELLER")
    assert take(shop, vat(*changed), tmp_path, "again.csv") == DAYS
    shop.run()
    assert places(shop) == {
        (DAYS[0], None, "AT", "none"),
        *((day, None, None, "none") for day in DAYS[1:]),
    }


def test_a_report_before_any_computed_day_asks_for_none(shop: House, tmp_path: Path) -> None:
    assert take(shop, vat(*REPORT), tmp_path) == []
    assert shop.workspace.registry.inbox.list() == []
    files = {stored.origin for stored in stored_documents(shop.workspace, shop.connection)}
    assert "file" in files
    shop.run()
    assert (DAYS[1], "DE", "FR", "none") in places(shop)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (vat(REPORT[0])[:-30], "its last line has no end"),
        (vat(REPORT[0]).replace(",SELLER,,\n", "\n"), "the file is cut off"),
        (vat(), "has a header and no rows"),
        (vat(REPORT[0], month="March"), "'March' is no month of a report"),
        (vat(REPORT[0]).replace("SELLER_SKU", "SKU"), "column 'seller_sku' is missing"),
    ],
)
def test_a_file_that_is_not_whole_is_refused(
    shop: House, tmp_path: Path, text: str, problem: str
) -> None:
    with pytest.raises(BadInput, match=problem):
        take(shop, text, tmp_path)
    assert shop.workspace.lake.order_documents("store") == []
