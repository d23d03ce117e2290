"""Connected Stores: every connection as a card, found by text, channel and state."""

import math
from dataclasses import dataclass, field

from fastapi import Request
from nicegui import run, ui

from connectors.accounts.platforms import PLATFORMS
from console.cards import Card, cards
from console.web.pages.card import show_card
from console.web.pages.current_user import CurrentUser
from console.web.pages.frame import frame, heading, link_button, page, primary_button, released

# Divisible by the one, two and three columns of the grid.
A_PAGE = 24
ANY = "any"
MOST_ENDINGS = 5
KINDS = {
    "marketplace": "Marketplaces",
    "cart": "Shopping carts and POS",
    "accounting": "Accounting",
}


@dataclass
class StoreFilter:
    """The filter of the list of stores, and the page of it that is shown."""

    text: str = ""
    channel: str = ANY
    status: str = ANY
    page: int = 1
    cards: list[Card] = field(default_factory=list)
    menus: list[ui.menu] = field(default_factory=list)

    def matches(self) -> list[Card]:
        """Return the cards that match."""
        words = self.text.lower().split()
        return [
            card
            for card in self.cards
            if self.channel in {ANY, card.connection.channel}
            and self.status in {ANY, card.status}
            and all(word in _text(card) for word in words)
        ]


def _text(card: Card) -> str:
    connection = card.connection
    account = connection.account.get("name") or ""
    return f"{connection.name} {connection.slug} {card.title} {account}".lower()


def register() -> None:
    """Add the page."""

    @page("/", "Connected Stores")
    async def connected_stores(
        request: Request, connected: str = "", gone: str = "", left: bool = False
    ) -> None:
        current_user = CurrentUser.of(request)
        shown = StoreFilter(cards=await run.io_bound(cards, current_user.console.registry) or [])
        with frame(current_user, "Connected Stores"):
            _show(current_user, shown)
        # Notifications of a redirect need the page's socket.
        await ui.context.client.connected()
        if connected:
            current_user.notify("Your store has been connected and authorized successfully!")
        if gone:
            current_user.notify("Store disconnected successfully.")
        if left and gone in PLATFORMS:
            platform = PLATFORMS[gone]
            current_user.notify(
                f"{platform.title} doesn't know yet: remove Daybook's access yourself, "
                f"{platform.where}.",
                "warning",
            )


def _show(current_user: CurrentUser, shown: StoreFilter) -> None:
    with ui.row().classes("w-full items-end justify-between py-4 gap-2"):
        with ui.column().classes("gap-0"):
            heading("Connected Stores")
            ui.label("Manage your e-commerce platform connections")
        if current_user.may("connect"):
            primary_button("Connect Store", lambda: picker(current_user), icon="add")
    if not shown.cards:
        _nothing_yet(current_user)
        return
    _endings(shown)
    _filters(shown)
    _cards(current_user, shown)
    # Polled: runs are other processes, which can't notify the page.
    ui.timer(5.0, lambda: _look_again(current_user, shown))


def _endings(shown: StoreFilter) -> None:
    """Draw what expires within a month, the soonest first, above everything."""
    matches = [(ends, card) for card in shown.cards for ends in card.warnings]
    soonest = sorted(matches, key=lambda pair: pair[0].expires_at)
    for ends, card in soonest[:MOST_ENDINGS]:
        with (
            ui.row().classes("w-full items-center gap-2 border rounded p-2 mb-2").props("role=note")
        ):
            ui.icon("event_busy", size="1.5rem").classes("tone-warning").props("aria-hidden=true")
            when = f"{ends.what} ends on {ends.expires_at:%-d %B %Y}"
            ui.label(f"{card.connection.name}: {when}: {ends.remedy}")
    if len(soonest) > MOST_ENDINGS:
        ui.label(f"and {len(soonest) - MOST_ENDINGS} more, on their cards").classes("pb-2")


def _nothing_yet(current_user: CurrentUser) -> None:
    with ui.card().classes("w-full items-center p-8 sm:p-16 text-center"):
        ui.icon("storefront", size="4rem").props("aria-hidden=true")
        heading("No stores connected yet", 2)
        ui.label(
            "Connect a store and Daybook fetches every settlement, verifies it to the cent and "
            "writes the books."
        )
        if current_user.may("connect"):
            primary_button("Connect your first store", lambda: picker(current_user), icon="add")


def _filters(shown: StoreFilter) -> None:
    def changed() -> None:
        shown.page = 1
        _cards.refresh()

    channels = {ANY: "Every channel"} | {
        name: PLATFORMS[name].title for name in sorted({c.connection.channel for c in shown.cards})
    }
    statuses = {ANY: "Every state"} | {
        s: s.capitalize() for s in sorted({c.status for c in shown.cards})
    }
    with ui.row().classes("w-full gap-2 pb-4").props('role="search"'):
        search = ui.input("Find a store").props("outlined dense clearable debounce=200")
        search.classes("grow").bind_value_to(shown, "text", lambda text: text or "")
        search.on_value_change(changed)
        for name, options, title in (
            ("channel", channels, "Channel"),
            ("status", statuses, "State"),
        ):
            select = ui.select(options, value=ANY, label=title).props("outlined dense")
            select.classes("min-w-40").bind_value_to(shown, name)
            select.on_value_change(changed)


@ui.refreshable
def _cards(current_user: CurrentUser, shown: StoreFilter) -> None:
    matches = shown.matches()
    pages = max(1, math.ceil(len(matches) / A_PAGE))
    # The current page may no longer exist after filtering.
    shown.page = min(shown.page, pages)
    first = (shown.page - 1) * A_PAGE
    shown.menus.clear()
    count = "1 store" if len(matches) == 1 else f"{len(matches):,} stores"
    ui.label(count if matches else "No store matches").props('role="status"').classes("pb-2")
    with ui.element("ul").classes(
        "w-full grid grid-cols-1 sm:grid-cols-2 lg:grid-cols-3 gap-4 list-none p-0 m-0"
    ):
        for card in matches[first : first + A_PAGE]:
            with ui.element("li"):
                menu = show_card(current_user, card, lambda: _look_again(current_user, shown))
                shown.menus += [menu] if menu else []
    if pages > 1:
        _pages(shown, pages)


def _pages(shown: StoreFilter, pages: int) -> None:
    def turn(by: int) -> None:
        shown.page += by
        _cards.refresh()

    with (
        ui.element("nav")
        .props('aria-label="Pages of stores"')
        .classes("flex gap-2 items-center pt-4")
    ):
        back = ui.button("Back", on_click=lambda: turn(-1)).props("outline")
        ui.label(f"Page {shown.page} of {pages}")
        on = ui.button("Next", on_click=lambda: turn(1)).props("outline")
        back.set_enabled(shown.page > 1)
        on.set_enabled(shown.page < pages)


async def _look_again(current_user: CurrentUser, shown: StoreFilter) -> None:
    """Draw the cards anew, only where something changed and no menu is open."""
    fresh = await run.io_bound(cards, current_user.console.registry)
    # Redrawing during a click would remove the button under the pointer.
    if fresh is None or fresh == shown.cards or not await released():
        return
    # An open menu would close under the user's hand.
    if not any(menu.value for menu in shown.menus):
        shown.cards = fresh
        _cards.refresh()


def picker(current_user: CurrentUser) -> None:
    """Ask which platform, and open the set-up of a new connection."""
    with ui.dialog() as dialog, ui.card().classes("w-full max-w-2xl"):
        heading("Connect a store", 2)
        ui.label("Where do you sell, or keep your books?")
        for kind, title in KINDS.items():
            heading(title, 3)
            with ui.row().classes("gap-2"):
                for platform in PLATFORMS.values():
                    if platform.kind == kind:
                        link_button(platform.title, f"/setup?platform={platform.name}").props(
                            "no-caps"
                        )
        ui.button("Close", on_click=dialog.close).props("flat")
    dialog.on("hide", dialog.delete)
    dialog.open()
