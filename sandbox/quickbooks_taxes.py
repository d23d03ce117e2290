"""Tax codes of a QuickBooks company, and what it refuses of the tax of a journal entry.

Elements: the XSD of minor version 75. Codes of faults: Intuit's list of errors. UNCONFIRMED: that a
company with VAT wants a code on every line of a journal entry, as it does of sales.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

# Id, name, the end of the ids of its rates for sales and for purchases, and their percent.
CODES = (
    ("2", "20.0% S", "11", "20"),
    ("3", "5.0% R", "12", "5"),
    ("4", "0.0% Z", "13", "0"),
    ("5", "Exempt", "14", "0"),
    ("6", "No VAT", "15", "0"),
)
US_CODES = {"TAX", "NON"}
SIDES = {"Sales", "Purchase"}
TAX_ACCOUNT = "92"
NO_RATE = (
    "Business Validation Error: Make sure all your transactions have a VAT rate before you save."
)
Refusal = tuple[str, str]


def tax_codes() -> list[dict[str, Any]]:
    """Return the company's TaxCode entities."""
    return [
        {
            "Id": number,
            "Name": name,
            "Active": True,
            "Taxable": True,
            **{
                f"{side}TaxRateList": {"TaxRateDetail": [{"TaxRateRef": {"value": side[0] + rate}}]}
                for side in sorted(SIDES)
            },
        }
        for number, name, rate, _ in CODES
    ]


def tax_rates() -> list[dict[str, Any]]:
    """Return the company's TaxRate entities."""
    return [
        {"Id": side[0] + rate, "Name": name, "RateValue": float(percent), "Active": True}
        for _, name, rate, percent in CODES
        for side in sorted(SIDES)
    ]


def refused_tax(document: Mapping[str, Any], country: str) -> Refusal | None:
    """Return the code and message of what is wrong with an entry's tax; None where nothing is."""
    if document.get("GlobalTaxCalculation") == "NotApplicable" and "TxnTaxDetail" in document:
        return "6170", "TxnTaxDetail is not allowed when GlobalTaxCalculation is NotApplicable"
    refusals = (_line_refused(line["JournalEntryLineDetail"], country) for line in document["Line"])
    return next((refusal for refusal in refusals if refusal is not None), None)


def tax_of(line: Mapping[str, Any]) -> Decimal:
    """Return the tax of a line, without a sign."""
    return Decimal(str(line["JournalEntryLineDetail"].get("TaxAmount") or 0))


def _line_refused(detail: Mapping[str, Any], country: str) -> Refusal | None:
    code = detail.get("TaxCodeRef", {}).get("value")
    if code is None:
        return None if country == "US" else ("6000", NO_RATE)
    if country == "US" and code not in US_CODES:
        return "6100", "Tax code must be TAX or NON for US companies"
    if country != "US" and code not in {number for number, *_ in CODES}:
        return "2500", "Invalid Reference Id: TaxCodeRef"
    if detail.get("TaxApplicableOn") not in SIDES:
        return "2270", "TaxApplicableOn is missing"
    is_stated = "TaxAmount" in detail
    return None if is_stated else ("2280", "TaxAmount is required when TaxCodeRef is set")
