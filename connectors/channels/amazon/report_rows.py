"""The rows of a transaction report: where its header is, and each row in the words of `locales`."""

from collections.abc import Sequence
from pathlib import Path

from connectors.channels.amazon import locales, stamps
from connectors.documents.delimited import identifier, text_rows
from connectors.documents.manifest import Dialect
from connectors.documents.tables import MAX_LINE, records
from connectors.lake.engine import quoted

_TEXTS = ("order id", "sku", "description", "quantity", "marketplace", "fulfilment", "order state")


def header(head: str) -> tuple[int, tuple[str, ...]] | None:
    """Return how many lines stand above the header, and its columns as they are written."""
    for above, cells in enumerate(records(head)):
        written = tuple(name.strip() for name in cells)
        if {"date/time", "settlement id", "total"} <= set(locales.columns(written)):
            return above, written
    return None


def money_columns(names: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that are amounts: from the first that is known as one to the total."""
    first = next(i for i, name in enumerate(names) if name in locales.MONEY)
    return tuple(names[first : names.index("total")])


def relation(dialect: Dialect, text: Path) -> str:
    """Return SQL for every row.

    Its texts in the words of `locales`, its amounts by column and as a list.
    """
    names = locales.columns(dialect.columns)
    cells = [f"c{i}" for i in range(len(names))]
    place = dict(zip(names, cells, strict=True))
    types = ", ".join(f"{quoted(w)}: {quoted(name)}" for w, name in locales.TYPES.items())
    status = place.get("transaction status")
    late = ", ".join(quoted(word) for word in sorted(locales.DEFERRED))
    money = [*money_columns(names), "total"]
    fields = [
        "row_number() OVER ()::INTEGER AS row",
        f'{stamps.stamp(place["date/time"])} AS "date/time"',
        f"nullif(trim({place['settlement id']}), '') AS \"settlement id\"",
        # Some of Amazon's files have a typographic apostrophe, as `locales.plain` folds it.
        f"coalesce(MAP {{{types}}}[lower(trim(replace({place['type']}, '\u2019', '''')))], "
        f"nullif(trim({place['type']}), '')) AS type",
        f"coalesce(lower(trim({status})) IN ({late}), false) AS deferred"
        if status
        else "false AS deferred",
        *(
            f"nullif(trim({place[name]}), '') AS {identifier(name)}"
            if name in place
            else f"NULL::VARCHAR AS {identifier(name)}"
            for name in _TEXTS
        ),
        *(f"{stamps.amount(place[name])} AS {identifier(name)}" for name in money),
    ]
    listed = ", ".join(
        f"{{label: {quoted(name)}, text: {identifier(name)}}}" for name in money[:-1]
    )
    rows = text_rows(text, cells, preamble=dialect.preamble, longest=MAX_LINE)
    return f"SELECT *, [{listed}] AS amounts FROM (SELECT {', '.join(fields)} FROM {rows})"
