"""Tax rates of a Xero organisation, and the tax of its journals' lines.

Types, names and `CanApplyTo`: Xero's OpenAPI document (accounting, 16.1.0); here those of the UK.
UNCONFIRMED: that a stated `TaxAmount` is taken as it is, and the words of a refusal.
"""

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

# Type, name, rate, and whether it applies to revenue or to expenses.
RATES = (
    ("OUTPUT2", "20% (VAT on Income)", "20", "Revenue"),
    ("SROUTPUT", "5% (VAT on Income)", "5", "Revenue"),
    ("ZERORATEDOUTPUT", "Zero Rated Income", "0", "Revenue"),
    ("EXEMPTOUTPUT", "Exempt Income", "0", "Revenue"),
    ("INPUT2", "20% (VAT on Expenses)", "20", "Expenses"),
    ("REVERSECHARGES", "Reverse Charge Expenses (20%)", "0", "Expenses"),
    ("NONE", "No VAT", "0", ""),
)
OTHER = {"Revenue": {"EXPENSE", "OVERHEADS", "DIRECTCOSTS"}, "Expenses": {"REVENUE", "SALES"}}
TAX_ACCOUNT = "820"


def rates() -> list[dict[str, Any]]:
    """Return the organisation's tax rates as `/TaxRates` lists them."""
    return [
        {
            "Name": name,
            "TaxType": kind,
            "Status": "ACTIVE",
            "ReportTaxType": kind,
            "CanApplyToAssets": True,
            "CanApplyToEquity": True,
            "CanApplyToExpenses": side != "Revenue",
            "CanApplyToLiabilities": True,
            "CanApplyToRevenue": side != "Expenses",
            "DisplayTaxRate": float(rate),
            "EffectiveRate": float(rate),
            "TaxComponents": [{"Name": "VAT", "Rate": float(rate), "IsCompound": False}],
        }
        for kind, name, rate, side in RATES
    ]


def tax_errors(
    document: Mapping[str, Any], accounts: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    """Yield what Xero refuses of the tax of a journal's lines."""
    sides = {kind: side for kind, _, _, side in RATES}
    for line in document.get("JournalLines", ()):
        kind, code = line.get("TaxType", "NONE"), line.get("AccountCode", "")
        if kind not in sides:
            yield f"The TaxType code '{kind}' does not exist or cannot be used for this type"
        elif accounts.get(code, {}).get("Type") in OTHER.get(sides[kind], set()):
            yield f"The TaxType code '{kind}' cannot be used with account code '{code}'."
        elif document.get("LineAmountTypes") == "NoTax" and kind != "NONE":
            yield f"The TaxType code '{kind}' cannot be used where LineAmountTypes is NoTax."
        elif abs(tax_of(document, line) - _computed(document, line)) > 1:
            yield "The TaxAmount does not agree with the TaxType and LineAmount."


def tax_of(document: Mapping[str, Any], line: Mapping[str, Any]) -> Decimal:
    """Return the tax of a line: as stated, else computed."""
    if document.get("LineAmountTypes") == "NoTax":
        return Decimal(0)
    stated = line.get("TaxAmount")
    return _computed(document, line) if stated is None else Decimal(str(stated))


def _computed(document: Mapping[str, Any], line: Mapping[str, Any]) -> Decimal:
    percents = {kind: Decimal(rate) for kind, _, rate, _ in RATES}
    rate, amount = percents[line.get("TaxType", "NONE")], Decimal(str(line["LineAmount"]))
    base = 100 + rate if document.get("LineAmountTypes") == "Inclusive" else Decimal(100)
    return (amount * rate / base).quantize(Decimal("0.01"), ROUND_HALF_UP)
