"""The reconciliation report with a row an amount, and a PaymentSummary that states the payment."""

from connectors.channels.walmart.layouts import V1
from connectors.channels.walmart.payments import stated, verified
from connectors.channels.walmart.reconciliation_report import ReconciliationReport

FORMAT = ReconciliationReport(
    name="report_v1",
    layout=V1,
    signature=frozenset({"Total Payable", "Amount Type"}),
    lines="lines_v1",
    stated=stated,
    verified=verified,
)
