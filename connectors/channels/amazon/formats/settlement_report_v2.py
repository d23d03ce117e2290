"""Amazon's settlement report, flat file V2: one amount a row."""

from connectors.channels.amazon.settlement_report import V2_COLUMNS, SettlementReport

FORMAT = SettlementReport(
    name="settlement_report_v2",
    columns=V2_COLUMNS,
    lines="lines_v2",
    has_unit_rows=False,
)
