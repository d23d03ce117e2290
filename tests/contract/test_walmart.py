"""Walmart: what connecting says and hears is what its OpenAPI document of tokens says."""

from pathlib import Path

from connectors.authorising import begin, receive
from connectors.platforms import platform
from connectors.settings import Settings
from tests.connectors.platforms import desk
from tests.contract.openapi import checked, document
from tests.emulators.visiting import consent

CONTRACT = "walmart-marketplace-authentication-openapi-original.yml"
SPOKEN = {"POST /v3/token 200", "GET /v3/token/detail 200", "GET /v3/token/detail 401"}


def test_own_keys_speak_the_contract(quick_home: Settings, tmp_path: Path, specs: Path) -> None:
    with desk("walmart", quick_home, tmp_path) as at:
        at.whole_round()
    contract = document(specs / "walmart" / CONTRACT)
    assert checked(contract, at.emulator.application.exchanges) == SPOKEN


def test_a_consent_speaks_the_contract(quick_home: Settings, tmp_path: Path, specs: Path) -> None:
    with desk("walmart", quick_home, tmp_path) as at:
        at.register_application()
        at.registry.add_connection(
            "shop", channel="walmart", name="Shop", timezone="UTC", kind="api", actor="test"
        )
        answer = consent(begin(at.accounts, "shop", {}, "browser"))
        receive(at.accounts, platform("walmart"), answer, "browser", "test")
        at.emulator.expire()
        at.accounts.check("shop", actor="test")
    contract = document(specs / "walmart" / CONTRACT)
    assert checked(contract, at.emulator.application.exchanges) == SPOKEN
