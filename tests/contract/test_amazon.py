"""Amazon: what connecting says and hears is what its Sellers model says."""

from pathlib import Path

from connectors.settings import Settings
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
