"""Source types as documents: name, category, totals and the entries that wait for them."""

from typing import Any

from pipelines.stages.source_types import SourceTypeUsage


def source_type_document(usage: SourceTypeUsage) -> dict[str, Any]:
    """Return one source type of a connection; amounts as text, entries by their id."""
    return {
        "connection": usage.connection.slug,
        "channel": usage.connection.channel,
        "source_type": usage.source_type,
        "category": usage.category,
        "assumed": usage.assumed,
        "first_seen": usage.first_seen,
        "lines": usage.lines,
        "totals": {currency: f"{total:f}" for currency, total in usage.totals.items()},
        "first_day": usage.first_day,
        "last_day": usage.last_day,
        "held": [entry.entry_id for entry in usage.held],
    }
