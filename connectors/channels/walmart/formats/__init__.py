"""The formats of Walmart's documents, one module each."""

from connectors.channels.walmart.formats import api_report, report_v0, report_v1

FORMATS = (api_report.FORMAT, report_v1.FORMAT, report_v0.FORMAT)

__all__ = ["FORMATS"]
