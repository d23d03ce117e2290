"""The legacy reconciliation report, a row an order line; its name states the payment's day."""

from connectors.channels.walmart.layouts import V0
from connectors.channels.walmart.payments import legacy_stated, legacy_verified
from connectors.channels.walmart.reconciliation_report import ReconciliationReport

FORMAT = ReconciliationReport(
    name="report_v0",
    layout=V0,
    signature=frozenset({"Payable to Partner from Sale", "Walmart.com PO #"}),
    lines="lines_v0",
    stated=legacy_stated,
    verified=legacy_verified,
)
