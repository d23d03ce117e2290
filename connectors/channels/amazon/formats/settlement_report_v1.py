"""Amazon's settlement report, flat file V1: up to nine amounts a row, and rows of units."""

from connectors.channels.amazon.settlement_report import V1_COLUMNS, SettlementReport

FORMAT = SettlementReport(
    name="settlement_report_v1",
    columns=V1_COLUMNS,
    lines="lines_v1",
    has_unit_rows=True,
)
