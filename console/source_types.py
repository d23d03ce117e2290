"""Source types as documents: name, category, totals and the entries that wait for them."""

from typing import Any

from pipelines.stages.words import Word


def source_type_document(word: Word) -> dict[str, Any]:
    """Return one source type of a connection; amounts as text, entries by their id."""
    return {
        "connection": word.connection.slug,
        "channel": word.connection.channel,
        "source_type": word.source_type,
        "category": word.category,
        "assumed": word.assumed,
        "first_seen": word.first_seen,
        "lines": word.lines,
        "totals": {currency: f"{total:f}" for currency, total in word.totals.items()},
        "first_day": word.first_day,
        "last_day": word.last_day,
        "held": [entry.entry_id for entry in word.held],
    }
