"""One day's journal of one store: its entries, their states, and the rows that are unmapped."""

from datetime import date
from decimal import Decimal
from typing import Any

from fastapi import Request
from nicegui import run, ui

from connectors.errors import BadInput
from console.days import day as day_of
from console.entries import entries
from console.output import money
from console.web.context import Console
from console.web.pages.current_user import CurrentUser
from console.web.pages.frame import frame, heading, page
from console.web.pages.mappings import address
from console.web.pages.tables import cell, row, table
from console.workspace import chosen
from mappings.model import UNCLASSIFIED
from mappings.money import minor_digits
from pipelines.stages.workspace import Workspace

# Dagster joins the keys of two dimensions with `|`, in the order of the dimensions' names.
RUNS = "/dagster/assets/daily_journals?view=partitions&partition="


def register() -> None:
    """Add the page."""

    @page("/journals/{slug}/{day}", "Journal")
    async def journal(request: Request, slug: str, day: str) -> None:
        current_user = CurrentUser.of(request)
        with frame(current_user, "Journal"):
            try:
                day_entries = await run.io_bound(_found, current_user.console, slug, day_of(day))
            except BadInput as error:
                ui.label(f"{error}").classes("py-4").props('role="alert"')
                return
            name, listed = day_entries or (slug, [])
            heading(f"{name}, {day_of(day):%-d %B %Y}").classes("py-4")
            with ui.row().classes("gap-4 pb-4"):
                ui.link("New source types of this store", address(slug))
                if current_user.may("run"):
                    ui.link("This day's runs", f"{RUNS}{slug}|{day}")
            for entry in listed:
                _show(entry)
            if not listed:
                ui.label("There is no entry of this day.").props('role="status"')


def _found(console: Console, slug: str, day: date) -> tuple[str, list[dict[str, Any]]]:
    opened = Workspace(console.settings, console.registry)
    (store,) = chosen(opened, [slug])
    return store.name, entries(opened, store, [day], explain=True)


def _show(entry: dict[str, Any]) -> None:
    currency = entry["currency"]
    heading(f"{currency}: {entry['state']}, revision {entry['revision']}", 2)
    if entry["message"]:
        ui.label(entry["message"]).classes("break-words")
    columns = ("Account", "Category", "Rows", "Amount")
    with table(f"Entry {entry['entry_id']}; a debit is positive", columns, right=columns[2:]):
        for line in entry["lines"]:
            with row():
                cell("Account", line["account"])
                cell("Category", line["category"])
                cell("Rows", f"{line['transactions']:,}", right=True)
                cell("Amount", _money(Decimal(line["amount"]), currency), right=True)
    lines = [line for line in entry["lines"] if line["category"] == UNCLASSIFIED]
    unplaced = [source for line in lines for source in line["sources"]]
    if unplaced:
        _rows(unplaced, currency)


def _rows(sources: list[dict[str, Any]], currency: str) -> None:
    columns = ("Source type", "What", "File", "Row", "Amount")
    with table("Unmapped rows", columns, right=columns[3:]):
        for source in sources:
            with row():
                cell("Source type", source["source_type"])
                cell("What", source["order_id"] or "", source["description"] or "")
                cell("File", source["file"])
                cell("Row", f"{source['row']:,}", right=True)
                cell("Amount", _money(source["amount"], currency), right=True)


def _money(amount: Decimal, currency: str) -> str:
    return f"{money(amount, minor_digits(currency))} {currency}"
