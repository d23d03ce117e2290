"""Walmart: what connecting and syncs say and hear is what its OpenAPI documents say."""

import json
from decimal import Decimal
from pathlib import Path

from openapi_core import OpenAPI

from connectors.accounts.authorisations import begin, receive
from connectors.accounts.platforms import platform_named
from connectors.database.registry import Registry
from connectors.home.settings import Settings
from sandbox.browser import consent
from sandbox.walmart_money import WalmartMoney
from tests.channels.house import House
from tests.channels.stores import store
from tests.connectors.accounts.platforms import desk
from tests.contract.openapi import checked, document

CONTRACT = "walmart-marketplace-authentication-openapi-original.yml"
REPORTS = "walmart-marketplace-reports-openapi-original.yml"
SPOKEN = {"POST /v3/token 200", "GET /v3/token/detail 200", "GET /v3/token/detail 401"}
_PATH = "/v3/report/reconreport"


def test_own_keys_speak_the_contract(quick_home: Settings, tmp_path: Path, specs: Path) -> None:
    with desk("walmart", quick_home, tmp_path) as at:
        at.whole_round()
    contract = document(specs / "walmart" / CONTRACT)
    assert checked(contract, at.emulator.application.exchanges) == SPOKEN


def test_a_consent_speaks_the_contract(quick_home: Settings, tmp_path: Path, specs: Path) -> None:
    with desk("walmart", quick_home, tmp_path) as at:
        at.register_application()
        at.registry.connections.add(
            "shop", channel="walmart", name="Shop", timezone="UTC", kind="api", actor="test"
        )
        answer = consent(begin(at.accounts, "shop", {}, "browser"))
        receive(at.accounts, platform_named("walmart"), answer, "browser", "test")
        at.emulator.expire()
        at.accounts.check("shop", actor="test")
    contract = document(specs / "walmart" / CONTRACT)
    assert checked(contract, at.emulator.application.exchanges) == SPOKEN


def test_syncs_speak_the_contract(quick_home: Settings, tmp_path: Path, specs: Path) -> None:
    with store("walmart", quick_home, tmp_path) as at:
        assert isinstance(at.money, WalmartMoney)
        at.money.no_files, at.money.largest = {at.money.reports[-1].listed}, 80
        at.sync()
    contract = _mended(specs / "walmart" / REPORTS, tmp_path)
    heard = [e for e in at.exchanges if e.path.startswith(_PATH)]
    files = [e for e in heard if e.path.endswith("reconFile") and not e.answer.startswith(b"PK")]
    assert len(files) == 1, "an error in a 200 is in no contract"
    spoken = checked(contract, [e for e in heard if e not in files])
    assert spoken == {
        f"GET {_PATH}/{operation} 200"
        for operation in ("availableReconFiles", "reconFile", "reconFileJson")
    }


def _mended(path: Path, folder: Path) -> OpenAPI:
    """The contract as its own examples have it: records hold text, a zip is bytes."""
    text = path.read_text()
    for before, written, meant in (
        ("additionalProperties:\n" + 24 * " ", "type: object", "type: string"),
        (
            "schema:\n" + 16 * " ",
            "type: string\n",
            "type: string\n" + 16 * " " + "format: binary\n",
        ),
    ):
        assert before + written in text
        text = text.replace(before + written, before + meant)
    (folder / path.name).write_text(text)
    return document(folder / path.name)


def test_the_published_sample_is_read(samples: Path, registry: Registry, tmp_path: Path) -> None:
    """Its totals do not agree, and its lines are as many as are stated: the rest was carried."""
    records = json.loads((samples / "walmart" / "recon_v1_readme_sample.json").read_text())
    head = {"daybook": 1, "channel": "walmart", "kind": "settlement", "currency": "USD"}
    page = {"reportData": records, "nextOffset": -1, "description": "Number of Lines in file 4"}
    lines = [
        {**head, "statement": "20250102"},
        {"operation": "reconFileJson", "answer": page},
    ]
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
    house = House.build(registry, tmp_path / "home", channel="walmart")
    manifest = house.take(text).manifest
    (sale,) = (word for word in manifest.source_types if word.name.startswith("Sale"))
    assert (sale.name, sale.amount) == ("Sale / Product Price", Decimal("14.98"))
    assert (manifest.statement, manifest.total) == ("20250102", Decimal("0.74"))
    assert manifest.settlements[0].opening_balance == Decimal("-14.24")
