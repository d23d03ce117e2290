"""Etsy: what connecting and visits say and hear is what its OpenAPI document says."""

from pathlib import Path

from connectors.settings import Settings
from tests.channels.visitors import store
from tests.connectors.platforms import desk
from tests.contract.openapi import checked, document


def test_connecting_speaks_the_contract(quick_home: Settings, tmp_path: Path, specs: Path) -> None:
    with desk("etsy", quick_home, tmp_path) as at:
        at.whole_round()
    contract = document(specs / "etsy" / "3.0.0.json")
    assert checked(contract, at.emulator.application.exchanges) == {
        "GET /v3/application/users/me 200",
        "GET /v3/application/users/me 401",
        f"GET /v3/application/shops/{at.emulator.first} 200",
    }


def test_visits_speak_the_contract(quick_home: Settings, tmp_path: Path, specs: Path) -> None:
    with store("etsy", quick_home, tmp_path) as at:
        at.visit()
        heard = [e for e in at.exchanges if "payment-account" in e.path]
    contract = document(specs / "etsy" / "3.0.0.json")
    entries = f"/v3/application/shops/{at.account}/payment-account/ledger-entries"
    assert checked(contract, heard) == {f"GET {entries} 200"}
    assert all(b"max_created" in e.query for e in heard)
