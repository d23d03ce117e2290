"""Xero: what connecting says and hears is what its OpenAPI documents say."""

from dataclasses import replace
from pathlib import Path

import yaml

from connectors.accounting.xero.zones import zones
from connectors.home.settings import Settings
from sandbox.faults import Exchange
from tests.connectors.accounts.platforms import desk
from tests.contract.openapi import checked, document


def test_connecting_speaks_the_contracts(quick_home: Settings, tmp_path: Path, specs: Path) -> None:
    with desk("xero", quick_home, tmp_path) as at:
        at.whole_round()
    exchanges = at.emulator.application.exchanges
    identity = document(specs / "xero" / "xero-identity.yaml")
    assert {_without_id(seen) for seen in checked(identity, map(_as_documented, exchanges))} == {
        "GET /Connections 200",
        "GET /Connections 401",
        "DELETE /Connections/{id} 204",
    }
    accounting = document(specs / "xero" / "xero_accounting.yaml")
    assert checked(accounting, exchanges, "/api.xro/2.0") == {"GET /Organisation 200"}


def test_zones_are_called_what_xero_calls_them(specs: Path) -> None:
    text = (specs / "xero" / "xero_accounting.yaml").read_text(encoding="utf-8")
    loaded = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    named = set(loaded["components"]["schemas"]["TimeZone"]["enum"])
    assert set(zones()) <= named
    assert {name for name in named - set(zones()) if not name.startswith("UTC")} == {
        "DATELINESTANDARDTIME",
        "KAMCHATKASTANDARDTIME",
        "MIDATLANTICSTANDARDTIME",
    }


def _as_documented(exchange: Exchange) -> Exchange:
    """The document writes the path with a capital, and instants unlike its own example."""
    path = exchange.path.replace("/connections", "/Connections")
    return replace(exchange, path=path, answer=exchange.answer.replace(b'.0000000"', b'.0Z"'))


def _without_id(seen: str) -> str:
    method, path, status = seen.split()
    head, _, number = path.removeprefix("/Connections").partition("/")
    return f"{method} /Connections{head}{'/{id}' if number else ''} {status}"
