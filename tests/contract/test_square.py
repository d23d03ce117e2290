"""Square: what connecting says and hears is what its OpenAPI document says."""

from pathlib import Path

from connectors.settings import Settings
from tests.connectors.platforms import desk
from tests.contract.openapi import checked, document


def test_connecting_speaks_the_contract(quick_home: Settings, tmp_path: Path, specs: Path) -> None:
    with desk("square", quick_home, tmp_path) as at:
        at.whole_round()
    contract = document(specs / "square" / "api.json")
    assert checked(contract, at.emulator.application.exchanges) == {
        "POST /oauth2/token 200",
        "GET /v2/merchants/me 200",
        "GET /v2/merchants/me 401",
        "GET /v2/locations 200",
        "POST /oauth2/revoke 200",
    }
