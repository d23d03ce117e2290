"""Mappings: new source types, their totals, the entries they hold, and their categories."""

from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import quote

from fastapi import Request
from nicegui import run, ui

from connectors.accounts.platforms import PLATFORMS
from connectors.database.registry import Publication
from console.output import money
from console.web.context import Console
from console.web.pages.current_user import CurrentUser
from console.web.pages.frame import frame, heading, page
from console.web.pages.source_type_dialog import ask_category
from console.web.pages.tables import cell, row, table
from console.workspace import chosen
from mappings.money import minor_digits
from mappings.taxonomy import categories
from pipelines.stages.source_types import SourceTypeUsage, a_week_ago, new_source_types
from pipelines.stages.workspace import Workspace

ANY = ""
COLUMNS = ("Store", "Source type", "Category", "Lines", "Sum", "Days", "Holds", "Next")
FEW_ENTRIES = 3

Again = Callable[[], Awaitable[None]]


def register() -> None:
    """Add the page."""

    @page("/mappings", "Mappings")
    async def mappings(request: Request, connection: str = ANY) -> None:
        current_user = CurrentUser.of(request)
        stores = await run.io_bound(_stores, current_user.console) or {}
        with frame(current_user, "Mappings"):
            title = heading("Mappings").classes("pt-4").props("tabindex=-1")
            ui.label("Source types that are new, or that no rule maps yet.")
            if connection and connection not in stores:
                ui.label(f"There is no store {connection!r}.").classes("py-4").props('role="alert"')
                return
            _filter(stores, connection)
            body = ui.column().classes("w-full gap-2")
            with body:
                ui.label("Looking through the documents …").props('role="status"')

        async def look() -> None:
            source_types = await current_user.do("read", _found, current_user.console, connection)
            body.clear()
            with body:
                if source_types is None:
                    ui.label("The source types could not be read.").props('role="alert"')
                elif source_types:
                    _show(current_user, source_types, look_again)
                else:
                    _nothing_new()

        async def look_again() -> None:
            await look()
            # The button that was pressed is gone with its row.
            title.run_method("focus")

        # Documents of years take longer to look through than a page may take to appear.
        await ui.context.client.connected()
        await look()


def _stores(console: Console) -> dict[str, str]:
    listed = chosen(Workspace(console.settings, console.registry), [])
    return {c.slug: c.name for c in sorted(listed, key=lambda c: (c.name.lower(), c.slug))}


def _found(console: Console, slug: str) -> list[SourceTypeUsage]:
    opened = Workspace(console.settings, console.registry)
    return new_source_types(opened, chosen(opened, [slug] if slug else []), a_week_ago())


def _filter(stores: dict[str, str], connection: str) -> None:
    with ui.row().classes("w-full py-4").props('role="search"'):
        select = ui.select({ANY: "Every store"} | stores, value=connection, label="Store")
        select.props("outlined dense").classes("w-full sm:w-64")
        select.on_value_change(lambda e: ui.navigate.to(address(e.value)))


def address(slug: str) -> str:
    """Return the address of the page for one store, or for all."""
    return f"/mappings?connection={quote(slug)}" if slug else "/mappings"


def _nothing_new() -> None:
    with ui.card().classes("w-full items-center p-8 sm:p-16 text-center"):
        ui.icon("task_alt", size="4rem").props("aria-hidden=true")
        heading("Every source type is mapped", 2)
        ui.label(
            f"No channel has used a new source type since {a_week_ago():%-d %B %Y}, and none is "
            "unmapped. A new one is listed here with its total and the entries that it holds."
        ).props('role="status"')


def _show(current_user: CurrentUser, source_types: Sequence[SourceTypeUsage], again: Again) -> None:
    ui.label(_told(source_types)).props('role="status"')
    with table("New source types", COLUMNS, right=("Lines", "Sum")):
        for usage in source_types:
            with row():
                _cells(current_user, usage, again)


def _told(source_types: Sequence[SourceTypeUsage]) -> str:
    unmapped = sum(not usage.is_mapped and not usage.assumed for usage in source_types)
    assumed = sum(usage.assumed for usage in source_types)
    held = len({entry.entry_id for usage in source_types for entry in usage.held})
    one, many = "source type is", "source types are"
    parts = [f"{_count(unmapped, one, many)} unmapped"] if unmapped else []
    if held:
        parts.append(f"{_count(held, 'entry is', 'entries are')} held")
    if assumed:
        parts.append(f"{_count(assumed, one, many)} mapped by assumption")
    if unmapped + assumed < len(source_types):
        number = _count(len(source_types) - unmapped - assumed, one, many)
        parts.append(f"{number} new since {a_week_ago():%-d %B %Y}")
    return ", ".join(parts)


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _cells(current_user: CurrentUser, usage: SourceTypeUsage, again: Again) -> None:
    cell("Store", usage.connection.name, PLATFORMS[usage.connection.channel].title)
    with cell("Source type"):
        ui.label(usage.source_type).classes("font-bold")
    with cell("Category"):
        _category(usage)
    cell("Lines", f"{usage.lines:,}", right=True)
    sums = (f"{money(total, minor_digits(c))} {c}" for c, total in sorted(usage.totals.items()))
    cell("Sum", *sums, right=True)
    cell("Days", *_days(usage))
    with cell("Holds"):
        _held(usage)
    with cell("Next", bare=True):
        if not usage.is_mapped:
            button = ui.button("Map", on_click=lambda: ask_category(current_user, usage, again))
            label = f"Map {usage.source_type}".replace('"', "")
            button.props(f'outline aria-label="{label}"').set_enabled(current_user.may("map"))


def _category(usage: SourceTypeUsage) -> None:
    if usage.is_mapped or usage.assumed:
        ui.label(f"{usage.category}, assumed" if usage.assumed else usage.category)
        ui.label(categories()[usage.category].meaning).classes("text-sm")
        return
    with ui.row().classes("items-center gap-1 no-wrap"):
        ui.icon("help", size="1.25rem").classes("tone-warning").props("aria-hidden=true")
        ui.label("unmapped")


def _days(usage: SourceTypeUsage) -> list[str]:
    if usage.first_day is None or usage.last_day is None:
        return ["none done yet"]
    first, last = f"{usage.first_day:%-d %b %Y}", f"{usage.last_day:%-d %b %Y}"
    return [first] if first == last else [f"{first} to", last]


def _held(usage: SourceTypeUsage) -> None:
    if not usage.held:
        ui.label("nothing")
    elif len(usage.held) <= FEW_ENTRIES:
        _links(usage.held)
    else:
        with ui.element("details"):
            with ui.element("summary"):
                ui.label(f"{len(usage.held):,} entries").classes("inline")
            _links(usage.held)


def _links(held: Sequence[Publication]) -> None:
    with ui.element("ul").classes("list-none p-0 m-0"):
        for entry in held:
            day = entry.business_date
            with ui.element("li"):
                ui.link(f"{day:%-d %b %Y}, {entry.currency}", f"/journals/{entry.connection}/{day}")
