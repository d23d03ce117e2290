"""The steps after the account is known: what comes in, and where its entries go."""

from datetime import UTC, date, datetime

from nicegui import ui

from connectors.accounts.setup import Imports
from console import connections
from console.connections import supports_provisional
from console.web.pages.frame import link_button
from console.web.pages.setup_state import SetupSession, buttons
from console.web.pages.target import connect_organisation
from mappings.model import BOOKS


async def imports(this: SetupSession) -> None:
    """Ask what is fetched, from when, and whether it goes on."""
    current = this.setup.imports
    ui.label("What should Daybook import?").classes("font-bold")
    ui.label("Every settlement: sales, fees, refunds, taxes and payouts.")
    since = (
        ui.input(
            "History from (empty takes all that the platform gives)",
            value=current.history_from.isoformat() if current.history_from else "",
        )
        .props("outlined type=date stack-label bottom-slots")
        .classes("w-full")
    )
    earliest = this.platform.earliest(datetime.now(UTC).date())
    if earliest is not None:
        ui.label(
            f"The earliest that {this.platform.title} gives is {earliest:%-d %B %Y}. What is older "
            "comes from files: `daybook import`."
        ).classes("text-sm")
    elif this.platform.kind != "accounting":
        ui.label("Without a day, the year before today.").classes("text-sm")
    ongoing = ui.checkbox("Keep syncing new days", value=current.ongoing)
    # What is not asked stays as it is.
    provisional = ui.checkbox(
        "Journal days that no settlement covers yet, with provisional figures",
        value=current.provisional,
    )
    provisional.set_visibility(
        this.connection is not None and supports_provisional(this.connection)
    )

    async def go_on() -> None:
        try:
            first = date.fromisoformat(since.value) if since.value else None
        except ValueError:
            since.props('error error-message="Give a day such as 2026-01-31"')
            return
        if first is not None and earliest is not None and first < earliest:
            since.props(f'error error-message="There is nothing before {earliest}: leave it empty"')
            return
        chosen = Imports(
            history_from=first,
            ongoing=ongoing.value,
            provisional=provisional.value,
        )
        finished = this.setup.step == "done"
        if await this.keep(imports=chosen, step="done" if finished else "accounting"):
            if finished:
                ui.navigate.to("/")
            else:
                await this.go("accounting")

    buttons(next_=go_on)


async def accounting(this: SetupSession) -> None:
    """Ask where entries go: the books always, an organisation where one is connected."""
    targets = await this.current_user.do("read", connections.targets, this.console.registry)
    if targets is None:
        return
    current = this.proposed or this.setup.target
    target = ui.radio(targets, value=current if current in targets else BOOKS)
    target.props('aria-label="Target"')
    connect_organisation(this.slug)
    ui.label(
        "Posting to an organisation is off until it is turned on in its card's menu; the books are "
        "always written."
    )

    async def go_on() -> None:
        if await this.keep(target=target.value, step="done"):
            ui.navigate.to("/?connected=1")

    buttons(back=lambda: this.go("imports"), next_=go_on, title="Finish")


async def end(this: SetupSession) -> None:
    """Draw the end; an organisation's leads back to the store that waits."""
    if not this.is_organisation:
        ui.label("This connection is set up.")
        link_button("Back to Connected Stores", "/")
        return
    assert this.connection is not None
    ui.label(f"{this.connection.account.get('name')} is connected.").classes("font-bold")
    ui.label(
        "Stores that name it send their entries here. Posting is off until somebody turns it on "
        "in its card's menu."
    )
    store = this.setup.store
    if store is not None:
        address = f"/setup/{store}?step=accounting&target={this.slug}"
        link_button("Continue the store's set-up", address)
    link_button("Back to Connected Stores", "/")
