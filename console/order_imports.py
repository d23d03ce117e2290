"""Imported exports of orders, as commands show them."""

from typing import Any

from connectors.channels.base import Channel
from console.output import money
from mappings.money import minor_digits
from pipelines.stages.order_imports import ImportedOrders


def orders_document(outcome: ImportedOrders) -> dict[str, Any]:
    """Return an export as `--json` lists it."""
    export = outcome.export
    return {
        "file": export.name,
        "kind": export.order_file.name,
        "document": export.document,
        "orders": export.orders,
        "lines": export.lines,
        "changed": outcome.changed,
        "first_day": export.first_day,
        "last_day": export.last_day,
        "totals": dict(export.totals),
        "days": outcome.days,
        "people": outcome.people,
    }


def orders_line(source: Channel, outcome: ImportedOrders) -> str:
    """Return an export in one line: what it holds, what was new, and what became of names."""
    export = outcome.export
    totals = ", ".join(
        f"{currency} {money(total, minor_digits(currency))}"
        for currency, total in export.totals.items()
    )
    stored = f"{outcome.changed} new or changed" if outcome.changed else "all known already"
    names = (
        f"names and addresses of {outcome.people} buyers are sealed"
        if outcome.people
        else "names and addresses are left out"
    )
    return (
        f"{export.name}: {source.title} {export.order_file.title}, {export.orders} orders with "
        f"{export.lines} lines, {export.first_day} to {export.last_day}"
        f"{', ' + totals if totals else ''}; {stored}; {names}; the file is not kept"
    )
