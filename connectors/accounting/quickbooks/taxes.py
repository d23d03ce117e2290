"""Tax of a JournalEntry of QuickBooks Online: codes and amounts by line, and their totals by rate.

Facts: Intuit's XSD of minor version 75 and its list of errors. A line with a code says on which
side the tax applies (else 2270) and how much it is (else 2280); its `Amount` is net. A company
outside the US with VAT or GST needs a code on every line (6000), also on untaxed ones; that this
holds of journal entries too, and that their totals are summed by rate in `TxnTaxDetail`, is what
integrations do and UNCONFIRMED by Intuit. In the US a code is TAX or NON (6100).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import orjson

from connectors.accounting.target import TaxCode
from connectors.errors import Permanent
from mappings.journal.merged_lines import is_purchase
from mappings.model import JournalEntry, JournalLine

SALES: Final = "Sales"
PURCHASE: Final = "Purchase"
US_CODES: Final = frozenset({"TAX", "NON"})
EVERY_LINE: Final = (
    "name a tax code for every treatment under treatments in the mapping of the organisation, also "
    "for outside"
)
_WORDS: Final = ("vat rate", "gst/hst rate", "gst rate", "tax rate before you save")


@dataclass(frozen=True, slots=True)
class CodeRates:
    """A tax code with the ids and percents of its rates for sales and for purchases."""

    number: str
    name: str
    is_active: bool
    rates: Mapping[str, Sequence[tuple[str, Decimal]]]

    def as_tax_code(self) -> TaxCode:
        """Return it as other targets' codes are."""
        rates = self.rates[SALES] or self.rates[PURCHASE]
        percent = sum((rate for _, rate in rates), Decimal(0)) if rates else None
        return TaxCode(self.number, self.name, percent, None if self.is_active else "is inactive")


def code_rates(
    codes: Iterable[Mapping[str, Any]], rates: Iterable[Mapping[str, Any]]
) -> list[CodeRates]:
    """Join a company's TaxCode and TaxRate entities."""
    percents = {str(r["Id"]): Decimal(str(r.get("RateValue", 0))) for r in rates}

    def of(code: Mapping[str, Any], side: str) -> list[tuple[str, Decimal]]:
        details = (code.get(f"{side}TaxRateList") or {}).get("TaxRateDetail", ())
        numbers = [str(detail["TaxRateRef"]["value"]) for detail in details]
        return [(number, percents.get(number, Decimal(0))) for number in numbers]

    return [
        CodeRates(
            str(code["Id"]),
            code["Name"],
            code.get("Active", True),
            {side: of(code, side) for side in (SALES, PURCHASE)},
        )
        for code in codes
    ]


def check_codes(entry: JournalEntry, country: str | None) -> None:
    """Raise `Permanent` for codes that the company's country refuses, or a line without one."""
    if country == "US":
        wrong = next((e.tax_code for e in entry.lines if e.tax_code not in {None, *US_CODES}), None)
        if wrong is not None:
            raise Permanent(
                f"{entry.entry_id} has the tax code {wrong}: in the US QuickBooks takes TAX and NON"
            )
        return
    bare = next((line for line in entry.lines if line.amount and line.tax_code is None), None)
    if bare is not None:
        raise Permanent(
            f"{entry.entry_id} has no tax code for {bare.category} ({bare.tax_treatment}), and "
            f"QuickBooks wants one on every line: {EVERY_LINE}"
        )


def wants_code(message: str) -> bool:
    """Return whether QuickBooks refused a line for want of a tax code."""
    return any(words in message.lower() for words in _WORDS)


def detail(line: JournalLine) -> dict[str, Any]:
    """Return what a line says of its tax; nothing without a code."""
    if line.tax_code is None:
        return {}
    return {
        "TaxCodeRef": {"value": line.tax_code},
        "TaxApplicableOn": side_of(line),
        "TaxAmount": orjson.Fragment(f"{abs(line.tax_amount or Decimal(0)):f}"),
    }


def side_of(line: JournalLine) -> str:
    """Return whether a line's tax is on a sale or a purchase."""
    return PURCHASE if is_purchase(line.category) else SALES


def totals(entry: JournalEntry, codes: Iterable[CodeRates]) -> dict[str, Any]:
    """Return the entry's tax by rate, as what is owed of sales and reclaimed of purchases.

    Codes of several rates are left to QuickBooks, which divides their tax itself.
    """
    lines = _tax_lines(entry, codes, is_journal=True, sign=1)
    return {
        "GlobalTaxCalculation": "TaxExcluded",
        **({"TxnTaxDetail": {"TaxLine": lines}} if lines else {}),
    }


def totals_of_sale(entry: JournalEntry, codes: Iterable[CodeRates], sign: int) -> dict[str, Any]:
    """Return the tax of a receipt's lines by rate, and its total; `sign` makes debits its own.

    A receipt has the rates of sales alone.
    """
    lines = _tax_lines(entry, codes, is_journal=False, sign=-sign)
    total = sign * sum((line.tax_amount or Decimal(0) for line in entry.lines), Decimal(0))
    return {
        "GlobalTaxCalculation": "TaxExcluded",
        "TxnTaxDetail": {"TotalTax": orjson.Fragment(f"{total:f}"), "TaxLine": lines},
    }


def _tax_lines(
    entry: JournalEntry, codes: Iterable[CodeRates], *, is_journal: bool, sign: int
) -> list[dict[str, Any]]:
    by_number = {code.number: code for code in codes}
    sums: dict[tuple[str, Decimal], tuple[Decimal, Decimal]] = defaultdict(
        lambda: (Decimal(0), Decimal(0))
    )
    for line in entry.lines:
        code = by_number.get(line.tax_code or "")
        side = side_of(line) if is_journal else SALES
        rates = code.rates[side] if code is not None else ()
        if not line.tax_amount or len(rates) != 1:
            continue
        signed = sign if side == PURCHASE else -sign
        tax, net = sums[rates[0]]
        sums[rates[0]] = (
            tax + signed * line.tax_amount,
            net + signed * (line.amount - line.tax_amount),
        )
    return [
        {
            "Amount": orjson.Fragment(f"{tax:f}"),
            "DetailType": "TaxLineDetail",
            "TaxLineDetail": {
                "TaxRateRef": {"value": number},
                "PercentBased": True,
                "TaxPercent": orjson.Fragment(f"{percent:f}"),
                "NetAmountTaxable": orjson.Fragment(f"{net:f}"),
            },
        }
        for (number, percent), (tax, net) in sorted(sums.items())
    ]
