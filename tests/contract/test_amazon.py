"""Amazon: what connecting and visiting say and hear is what its models say."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.channels import CHANNELS
from connectors.channels.answers import Answers
from connectors.intake import examine
from connectors.settings import Settings
from connectors.windows import Window
from tests.channels.visitors import store
from tests.connectors.platforms import desk
from tests.contract.openapi import checked, document


def test_connecting_speaks_the_contract(quick_home: Settings, tmp_path: Path, specs: Path) -> None:
    with desk("amazon", quick_home, tmp_path) as at:
        at.whole_round()
    contract = document(specs / "amazon" / "sellers.json")
    assert checked(contract, at.emulator.application.exchanges, "/eu") == {
        "GET /sellers/v1/marketplaceParticipations 200",
        "GET /sellers/v1/marketplaceParticipations 403",
        "GET /sellers/v1/account 200",
    }


def test_visiting_speaks_the_contract(
    quick_home: Settings, tmp_path: Path, specs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.http.remote.sleep", lambda _seconds: None)
    with store("amazon", quick_home, tmp_path) as at:
        at.visit()
    finances = document(specs / "amazon" / "finances_2024-06-19.json")
    assert checked(finances, at.exchanges, "/eu") == {"GET /finances/2024-06-19/transactions 200"}
    contract = document(specs / "amazon" / "reports_2021-06-30.json")
    seen = checked(contract, at.exchanges, "/eu")
    assert "GET /reports/2021-06-30/reports 200" in seen
    addresses = {s for s in seen if s.startswith("GET /reports/2021-06-30/documents/")}
    assert len(addresses) == len(seen) - 1 > 1


def test_amazons_own_transactions_are_read(samples: Path, tmp_path: Path) -> None:
    """The sample breaks nothing down: each total is a line, under its type."""
    sample = samples / "amazon" / "spapi_finances_2024-06-19_listTransactions_200_sandbox.json"
    said = json.loads(sample.read_text(), parse_float=str, parse_int=str)
    listed = said["static"][0]["response"]["payload"]["transactions"]
    days = Window(date(2020, 7, 1), date(2020, 8, 1))
    made = Answers("amazon", "provisional", "provisional:USD", "USD", days)
    made.put("listTransactions", listed)
    home = Settings(home=tmp_path, database_url=None, threads=1)
    manifest = examine(home, CHANNELS["amazon"], made.member(), connection="store", time_zone="UTC")
    assert manifest.provisional
    assert manifest.lines == len(listed)
    assert manifest.total == sum(Decimal(t["totalAmount"]["currencyAmount"]) for t in listed)
    assert {w.name for w in manifest.source_types} == {t["transactionType"] for t in listed}
