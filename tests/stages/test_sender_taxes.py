"""Entries with tax to Xero and QuickBooks companies with VAT: by their codes, or on own lines."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest

from connectors.accounts.setup import Setup
from connectors.home.settings import Settings
from mappings.journal.config import MappingConfig
from mappings.journal.tax.profile import TaxProfile
from pipelines.stages.chart_fields import tax_problems
from pipelines.stages.organisations import (
    open_organisation,
    organisation_of,
    plan_for_organisation,
)
from pipelines.stages.sender import Sent, send
from pipelines.stages.workspace import Workspace
from sandbox.amazon_files import order, report
from sandbox.limits import CLOCK
from tests.channels.house import House
from tests.channels.stores import buckets_passing_by
from tests.connectors.accounts.platforms import Desk, desk

DAY = date(2026, 3, 2)
PROFILE = TaxProfile.model_validate(
    {
        "country": "GB",
        "registrations": [{"country": "GB", "scheme": "vat"}],
        "stock": [{"country": "GB"}],
        "assume_domestic": True,
        "fees": "reverse_charge",
    }
)
ACCOUNTS = {
    "xero": {"clearing": "1100", "sales": "200", "fee_referral": "404", "payouts": "877"},
    "quickbooks": {"clearing": "51", "sales": "79", "fee_referral": "90", "payouts": "52"},
}
# Where tax goes on lines of its own, and where the target puts it by code.
TAXES = {"xero": ("260", "820"), "quickbooks": ("91", "92")}
CODES = {"xero": ("OUTPUT2", "REVERSECHARGES", "NONE"), "quickbooks": ("2", "6", "6")}


def settlement(price: str = "24.00") -> str:
    lines = [
        *order("111-0000001-0000001", at=f"{DAY} 08:00:00 UTC", price=price),
        *order("111-0000002-0000002", at=f"{DAY} 09:00:00 UTC", price="9.99"),
    ]
    for line in lines:
        line["marketplace-name"] = "Amazon.co.uk"
    period = {"start": "2026-03-01 12:00:00 UTC", "end": "2026-03-15 12:00:00 UTC"}
    return report(lines, currency="GBP", **period, deposit="2026-03-18 12:00:00 UTC")


@dataclass
class Company:
    """A store of a British seller whose entries go to a British company in the sandbox."""

    house: House
    desk: Desk

    @property
    def name(self) -> str:
        return self.desk.name

    @property
    def ledger(self) -> Any:
        platform: Any = self.desk.emulator
        if self.name == "xero":
            return platform.ledgers[platform.first]
        return platform.books[platform.second]

    def map(self, **more: Any) -> None:
        config = MappingConfig.model_validate(
            {"chart": "organisation", "accounts": ACCOUNTS[self.name], **more}
        )
        self.desk.registry.mappings.save(
            config.model_dump(mode="json"), config.digest, actor="test", target="harbour"
        )

    def by_codes(self, **more: Any) -> None:
        standard, fees, others = CODES[self.name]
        self.map(
            tax="target_codes",
            treatments=[
                {"treatment": "uk.standard", "rate": "20", "code": standard},
                {"treatment": "fees.*", "code": fees},
                {"treatment": "*", "code": others},
            ],
            **more,
        )

    def take(self, text: str, name: str = "report.txt") -> None:
        self.house.take(text, name)
        self.house.normalise()
        plan_for_organisation(self.house.store, self.house.journal().days.keys())

    def send(self) -> Sent:
        organisation = organisation_of(self.house.workspace, self.house.connection)
        assert organisation is not None
        return send(self.house.store, organisation, self.house.window)

    def fault(self, *faults: str | None) -> None:
        paths = {"xero": "/api.xro/2.0/ManualJournals", "quickbooks": "/v3/company/"}
        platform: Any = self.desk.emulator
        platform.application.only = paths[self.name]
        platform.application.script = chain(faults, repeat(None))

    def first_entry(self) -> dict[str, Any]:
        day = "day" if self.name == "xero" else "TxnDate"
        (entry,) = (e for e in self.ledger.live if e[day] == str(DAY))
        first: dict[str, Any] = entry
        return first

    def codes(self) -> set[str | None]:
        """The tax codes of the first day's lines, there."""
        entry = self.first_entry()
        if self.name == "xero":
            return {line["TaxType"] for line in entry["JournalLines"]}
        details = (line["JournalEntryLineDetail"] for line in entry["Line"])
        return {detail.get("TaxCodeRef", {}).get("value") for detail in details}


@pytest.fixture(params=sorted(ACCOUNTS))
def company(
    request: pytest.FixtureRequest,
    quick_home: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Company]:
    name: str = request.param
    with desk(name, quick_home, tmp_path) as at, buckets_passing_by(at.registry):
        registry: Any = at.registry
        account = at.emulator.first if name == "xero" else at.emulator.second
        at.accounts.add(
            name, "Harbour", at.fields(account), account=account, slug="harbour", actor="test",
            **({} if name == "xero" else {"timezone": "Europe/London"}),
        )  # fmt: skip
        registry.connections.set_posting("harbour", date(2026, 3, 1), "test")
        registry.entry_choices.set_automatic("harbour", "store", date(2026, 3, 1), "test")
        registry.connections.add(
            "store", channel="amazon", name="Store", timezone="UTC", actor="test"
        )
        setup = Setup(target="harbour", tax=PROFILE).model_dump(mode="json", by_alias=True)
        registry.connections.set_setup("store", setup, "test")
        settings = at.accounts.settings.model_copy(update={"threads": 1, "memory_limit": "500MB"})
        monkeypatch.setattr("connectors.http.remote.sleep", CLOCK.pass_by)
        house = House(Workspace(settings, registry), registry.connections.get("store"))
        yield Company(house, at)


def test_tax_goes_by_code_and_is_known_again(company: Company) -> None:
    company.by_codes()
    company.take(settlement())
    # An answer is lost: what stands there is looked for, and is what was sent.
    company.fault(None, "lost")
    for _ in range(3):
        sent = company.send()
        CLOCK.pass_by(60.0)
    assert sent.failed == {}
    balances = company.ledger.balances()
    # 33.99 x 20/120 is 5.665, a half cent that is rounded away from zero.
    sales, tax = ACCOUNTS[company.name]["sales"], TAXES[company.name][1]
    assert (balances[sales], balances[tax]) == (Decimal("-28.32"), Decimal("-5.67"))
    assert sum(balances.values()) == 0
    assert company.codes() == set(CODES[company.name])
    assert len(company.ledger.live) == 2
    company.take(settlement("30.00"), "restated.txt")
    assert company.send().failed == {}
    assert company.ledger.balances()[tax] == Decimal("-6.67")
    assert len(company.ledger.live) == 2


def test_a_code_that_somebody_changed_there_stays_and_the_difference_has_its_own(
    company: Company,
) -> None:
    company.by_codes()
    company.take(settlement())
    company.send()
    entry = company.first_entry()
    if company.name == "xero":
        entry["JournalLines"][0]["TaxType"] = "EXEMPTOUTPUT"
    else:
        entry["Line"][0]["JournalEntryLineDetail"]["TaxCodeRef"] = {"value": "5"}
    before, balance = json.dumps(entry, default=str), company.ledger.balances()
    company.take(settlement("30.00"), "restated.txt")
    assert company.send().failed == {}
    day = "day" if company.name == "xero" else "TxnDate"
    edited, correction = (e for e in company.ledger.live if e[day] == str(DAY))
    assert json.dumps(edited, default=str) == before
    # Six pounds more with their VAT, beside what somebody decided there.
    sales = ACCOUNTS[company.name]["sales"]
    assert company.ledger.balances()[sales] - balance[sales] == Decimal("-5.00")
    assert sum(company.ledger.balances().values()) == 0
    assert CODES[company.name][0] in json.dumps(correction, default=str)


def test_tax_on_lines_of_its_own(company: Company) -> None:
    own, of_codes = TAXES[company.name]
    accounts = {**ACCOUNTS[company.name], "tax_output": own, "tax_input": own}
    # QuickBooks wants a code on every line of a company with VAT, also where it posts no tax.
    codes = [{"treatment": "*", "code": CODES["quickbooks"][2]}]
    company.map(accounts=accounts, treatments=codes if company.name == "quickbooks" else [])
    company.take(settlement())
    assert company.send().failed == {}
    balances = company.ledger.balances()
    assert balances[own] == Decimal("-5.67")
    assert balances.get(of_codes, Decimal(0)) == 0
    assert balances[ACCOUNTS[company.name]["sales"]] == Decimal("-28.32")
    assert company.codes() == {"NONE" if company.name == "xero" else "6"}


def test_a_code_that_is_missing_holds_or_is_refused_in_words(company: Company) -> None:
    company.map(tax="target_codes", treatments=[{"treatment": "uk.standard", "code": "OUTPUT2"}])
    company.take(settlement())
    registry = company.desk.registry
    (held,) = registry.publications.list("harbour", states=["held"])
    assert held.message == (
        "no tax code for fees.reverse_charge GB 20 %: name one under treatments in the mapping of "
        "the organisation"
    )
    standard, fees, _ = CODES[company.name]
    company.map(
        tax="target_codes",
        treatments=[
            {"treatment": "uk.standard", "code": standard},
            {"treatment": "fees.*", "code": fees},
        ],
    )
    plan_for_organisation(company.house.store, [DAY])
    failed = company.send().failed
    if company.name == "xero":
        assert DAY not in failed
        return
    assert (
        "has no tax code for clearing (outside), and QuickBooks wants one on every" in failed[DAY]
    )


@pytest.mark.parametrize("company", ["quickbooks"], indirect=True)
def test_a_receipt_has_a_code_on_every_line_and_the_tax_of_sales_alone(company: Company) -> None:
    company.by_codes(document="sales_receipt", payouts="deposit")
    company.take(settlement())
    company.fault(None, None, None, None, "lost")
    for _ in range(3):
        sent = company.send()
        CLOCK.pass_by(60.0)
    assert sent.failed == {}
    balances, documents = company.ledger.balances(), company.ledger.documents
    assert (balances["79"], balances["92"]) == (Decimal("-28.32"), Decimal("-5.67"))
    assert sum(balances.values()) == 0
    (receipt,) = documents["SalesReceipt"].values()
    (line,) = (e["SalesItemLineDetail"] for e in receipt["Line"] if "SalesItemLineDetail" in e)
    assert (receipt["TotalAmt"], line["TaxCodeRef"]["value"]) == (33.99, "2")
    assert (receipt["GlobalTaxCalculation"], receipt["TxnTaxDetail"]["TotalTax"]) == (
        *("TaxExcluded", 5.67),
    )
    # Fees are bought, and a receipt has no place for the tax of that.
    fees = [line["JournalEntryLineDetail"] for line in company.first_entry()["Line"]]
    assert {detail["TaxCodeRef"]["value"] for detail in fees} == {"6"}
    assert {detail["AccountRef"]["value"] for detail in fees} == {"90", "51"}
    (deposit,) = documents["Deposit"].values()
    assert deposit["GlobalTaxCalculation"] == "NotApplicable"
    # The tax that a code computes beside tax on a line of its own would be one too many.
    accounts = ACCOUNTS["quickbooks"] | {"tax_output": "91", "tax_input": "91"}
    codes = [{"treatment": "uk.standard", "code": "2"}, {"treatment": "*", "code": "6"}]
    company.map(accounts=accounts, treatments=codes, document="sales_receipt", payouts="deposit")
    plan_for_organisation(company.house.store, [DAY])
    failed = company.send().failed[DAY]
    assert "made 40.79 of the receipt of je:store:2026-03-02:GBP, which is 33.99, by" in failed
    assert company.ledger.balances() == balances
    company.map(
        accounts=accounts,
        treatments=[{"treatment": "fees.*", "code": "6"}],
        document="sales_receipt",
    )
    plan_for_organisation(company.house.store, [DAY])
    assert "has no tax code for sales.principal (uk.standard)" in company.send().failed[DAY]
    assert company.ledger.balances() == balances


def test_the_codes_of_a_mapping_are_checked_against_the_organisations_own(
    company: Company,
) -> None:
    organisation = organisation_of(company.house.workspace, company.house.connection)
    assert organisation is not None
    codes = open_organisation(company.house.workspace, organisation).tax_codes()
    assert codes is not None
    standard = CODES[company.name][0]
    config = MappingConfig.model_validate(
        {
            "chart": "organisation",
            "tax_codes": {"tip": "NOWHERE"},
            "treatments": [
                {"treatment": "uk.standard", "rate": 20, "code": standard},
                {"treatment": "eu.oss", "rate": 21, "code": standard},
            ],
        }
    )
    unknown, other = tax_problems(config, codes)
    assert unknown == "tax_codes.tip: the organisation has no tax code NOWHERE"
    assert other.startswith(f"treatments.1.code: {standard} (20")
    assert other.endswith("has the rate 20 %, and not 21 %")
