"""Orders, products and contacts from a terminal: chosen, imported, queried, and kept private."""

import json
from datetime import UTC, datetime
from time import sleep

from sandbox.ebay import EBay
from sandbox.sales import Sales
from tests.console.sellers import Seller, seller
from tests.days import days_ago
from tests.secrets_search import exposed

__all__ = ["seller"]


def sales_of(ebay: EBay) -> Sales:
    return ebay.sales[ebay.first]


def numbers_of(seller: Seller) -> set[str]:
    """The orders that the shop has by now, of the days that are imported."""
    sales = sales_of(seller.ebay).sales()
    return {sale.number for sale in sales if sale.made_at.date() >= days_ago(5)}


def queried(seller: Seller, query: str) -> list[list[object]]:
    return [list(row.values()) for row in seller("sql", query, "--json").json["rows"]]


def check_people(seller: Seller) -> None:
    """Personal data is held sealed, exported and erased, and stands open nowhere."""
    report = seller("privacy", "report", "--json")
    assert (report.code, report.json["connections"][0]["days"]) == (0, 365)
    people = report.json["connections"][0]["people"]
    assert people > 0
    key = queried(seller, "SELECT min(customer_key) FROM orders")[0][0]
    exported = seller("privacy", "export", "ember", key)
    (person,) = json.loads(exported.out)["people"]
    assert person["orders"]
    assert person["personal_data"]["address"] == "GB"
    assert seller("privacy", "erase", "ember", key, "--json").json["erased"] == 1
    assert seller("privacy", "erase", "ember").code == 2
    assert seller("privacy", "report", "--json").json["connections"][0]["people"] == people - 1
    # Sealed or erased, no name stands open: in files, in tables, in what Dagster keeps.
    database = seller.user.database
    assert database
    assert exposed(["buyer_71", "buyer_72", "guest-27"], seller.user.home, database) == []


def test_what_is_chosen_is_imported_and_the_rest_when_it_is(seller: Seller) -> None:
    seller.connect("--from", days_ago(5))
    assert seller("connections", "streams", "ember").lines == ["ember imports settlements alone"]
    refused = seller("connections", "streams", "nobody", "--orders", "all")
    assert refused.code == 2
    chosen = seller("connections", "streams", "ember", "--orders", "all", "--json")
    assert chosen.json["streams"]["orders"] == {"scope": "all", "imported_through": None}
    # The shop sells on while it is read.
    before = numbers_of(seller)
    result = seller("sync", "ember")
    assert result.code == 0, result
    ids = "SELECT order_number FROM orders ORDER BY 1"
    first = {str(number) for (number,) in queried(seller, ids)}
    assert before
    assert before <= first <= numbers_of(seller)
    assert queried(seller, "SELECT count(*) FROM payments") == [[0]]
    placed = sales_of(seller.ebay).place()
    # The emulator dates it a moment ahead, and no sync reads what is to come.
    while datetime.now(UTC) <= placed.made_at:
        sleep(0.05)
    # What was skipped is imported later, and nothing is read twice for it.
    more = ("--products", "all", "--contacts", "history", "--payments", "all")
    assert seller("connections", "streams", "ember", *more, "--personal-data", "on").code == 0
    assert seller("sync", "ember").code == 0
    shown = seller("connections", "streams", "ember")
    assert [line.split(",")[0] for line in shown.lines[:4]] == [
        "ember orders: all",
        "ember payments: all",
        "ember products: all",
        "ember contacts: history",
    ]
    now = {str(number) for (number,) in queried(seller, ids)}
    assert first | {placed.number} <= now <= numbers_of(seller)
    tables = "SELECT (SELECT count(*) FROM payments) > 0, (SELECT count(*) FROM products) > 0"
    assert queried(seller, tables) == [[True, True]]
    # A generated file that was cut heals by itself; what came from the platform is read again.
    lake, day = seller.user.home / "lake", days_ago(3)
    for table, words in (("orders", ()), ("raw_orders", ("--from", day, "--to", day))):
        file = lake / table / "ember" / f"{day}.parquet"
        file.write_bytes(file.read_bytes()[:-9])
        if words:
            sales_of(seller.ebay).change(placed.number, "completed")
        healed = seller("sync", "ember", *words)
        assert healed.code == 0, healed
        assert now <= {str(number) for (number,) in queried(seller, ids)}
    history = seller("triggers", "history", "--json")
    assert history.code == 0, history
    with seller.dagster() as instance:
        jobs = {run.job_name for run in instance.get_runs()}
    assert {"import_records", "normalise_orders"} <= jobs
    check_people(seller)
