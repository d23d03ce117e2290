"""QuickBooks Online: companies and preferences have the names and types of Intuit's v3 schema.

There is no OpenAPI document; names of JSON members are those of the schema's elements.
"""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from connectors.home.settings import Settings
from tests.connectors.accounts.platforms import desk

XS = "{http://www.w3.org/2001/XMLSchema}"
Element = ElementTree.Element


@pytest.fixture(scope="module")
def types(specs: Path) -> dict[str, Element]:
    """The complex types of the schema, by name."""
    elements: dict[str, Element] = {}
    for path in sorted((specs / "quickbooks").glob("*.xsd")):
        root = ElementTree.parse(path).getroot()  # noqa: S314 - a file beside the repository
        elements |= {kind.get("name", ""): kind for kind in root.iter(f"{XS}complexType")}
    return elements


def members(types: dict[str, Element], name: str) -> dict[str, tuple[str, bool]]:
    """What a type may have: its own and its base's members, with their types and whether many."""
    kind = types[name]
    by_name = {
        each.get("name", ""): (each.get("type", ""), each.get("maxOccurs") == "unbounded")
        for each in (*kind.iter(f"{XS}element"), *kind.iter(f"{XS}attribute"))
    }
    if kind.find(f"{XS}simpleContent") is not None:
        by_name["value"] = ("xs:string", False)
    bases = [base.get("base", "") for base in kind.iter(f"{XS}extension")]
    for base in bases:
        by_name = (members(types, base) if base in types else {}) | by_name
    return by_name


def undeclared(types: dict[str, Element], name: str, fields: dict[str, Any], at: str) -> list[str]:
    """Members of an answer that the schema does not have, or has with another type."""
    declared = members(types, name)
    wrong = []
    for member, value in fields.items():
        where = f"{at}.{member}"
        if member not in declared:
            wrong.append(where)
            continue
        kind, many = declared[member]
        if isinstance(value, list) != many:
            wrong.append(f"{where} is a list")
        for each in value if many else [value]:
            if isinstance(each, dict):
                wrong += undeclared(types, kind, each, where) if kind in types else [where]
            elif isinstance(each, bool) != (kind == "xs:boolean"):
                wrong.append(f"{where} is no {kind}")
    return wrong


def test_connecting_reads_what_the_schema_has(
    quick_home: Settings, tmp_path: Path, types: dict[str, Element]
) -> None:
    with desk("quickbooks", quick_home, tmp_path) as at:
        at.whole_round()
    answered = [
        json.loads(exchange.answer)
        for exchange in at.emulator.application.exchanges
        if exchange.path.startswith("/v3/") and exchange.status == 200
    ]
    entities = {
        (name, str(value)): value for response in answered for name, value in response.items()
    }
    entities = {key: value for key, value in entities.items() if key[0] != "time"}
    assert {name for name, _ in entities} == {"CompanyInfo", "Preferences"}
    for (name, _), fields in entities.items():
        assert undeclared(types, name, fields, name) == []


def test_what_is_read_of_a_company_is_in_the_schema(types: dict[str, Element]) -> None:
    company, address = members(types, "CompanyInfo"), members(types, "PhysicalAddress")
    read = {"CompanyName", "LegalName", "Country", "CompanyAddr", "DefaultTimeZone"}
    assert read <= set(company)
    assert {"Country", "CountryCode"} <= set(address)
    assert members(types, "Preferences")["CurrencyPrefs"] == ("CurrencyPrefs", False)
    assert members(types, "CurrencyPrefs")["HomeCurrency"] == ("ReferenceType", False)
