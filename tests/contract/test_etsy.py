"""Etsy: what connecting says and hears is what its OpenAPI document says."""

from pathlib import Path

from connectors.settings import Settings
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
