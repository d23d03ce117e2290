"""Etsy: what connecting and syncs say and hear is what its OpenAPI document says."""

import json
from pathlib import Path

from openapi_core import OpenAPI

from connectors.home.settings import Settings
from tests.channels.stores import store
from tests.connectors.accounts.platforms import desk
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


def with_lists(path: Path, folder: Path) -> OpenAPI:
    """The document with lists as its words have them: it forgets to say how they are written."""
    loaded = json.loads(path.read_text(encoding="utf-8"))
    parameters = loaded["paths"]["/v3/application/shops/{shop_id}/payments"]["get"]["parameters"]
    (listed,) = (p for p in parameters if p["description"].startswith("A comma-separated array"))
    listed["explode"] = False
    (folder / path.name).write_text(json.dumps(loaded), encoding="utf-8")
    return document(folder / path.name)


def test_syncs_speak_the_contract(quick_home: Settings, tmp_path: Path, specs: Path) -> None:
    with store("etsy", quick_home, tmp_path) as at:
        at.sync()
        heard = [e for e in at.exchanges if "payment" in e.path]
    contract = with_lists(specs / "etsy" / "3.0.0.json", tmp_path)
    shop = f"/v3/application/shops/{at.account}"
    assert checked(contract, heard) == {
        f"GET {shop}/payment-account/ledger-entries 200",
        f"GET {shop}/payments 200",
    }
    assert all(b"max_created" in e.query or b"payment_ids" in e.query for e in heard)
