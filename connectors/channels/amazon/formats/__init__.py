"""The formats of Amazon's documents, one module each."""

from connectors.channels.amazon.formats import (
    api_provisional,
    settlement_report_v1,
    settlement_report_v2,
    transaction_report,
    vat_transactions,
)

FORMATS = (
    settlement_report_v2.FORMAT,
    settlement_report_v1.FORMAT,
    transaction_report.FORMAT,
    vat_transactions.FORMAT,
    api_provisional.FORMAT,
)

__all__ = ["FORMATS"]
