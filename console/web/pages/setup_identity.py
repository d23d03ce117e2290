"""The steps that the platform's answer asks for: which of several accounts, and its time zone."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

from nicegui import run, ui

from connectors.accounts.account_choice import Undecided
from console.web.pages.frame import link_button
from console.web.pages.setup_state import SetupSession, buttons

BROWSER_ZONE = "Intl.DateTimeFormat().resolvedOptions().timeZone"


async def authorise_with(this: SetupSession, work: Callable[[], object]) -> None:
    """Do what authorises the connection, and go where its set-up stands then."""

    def decided() -> bool:
        # What is still missing is where the set-up goes on, and no failure.
        with suppress(Undecided):
            work()
        return True

    if await this.current_user.do("connect", decided) is None:
        return
    this.connection = await run.io_bound(this.console.registry.connections.get, this.slug)
    if this.connection is None:
        return
    if this.connection.account_id is None:
        await this.go(this.setup.step)
    elif this.again:
        ui.navigate.to("/?connected=1")
    elif await this.keep(step=this.authorised_step):
        await this.go(this.authorised_step)


async def choose(this: SetupSession) -> None:
    """Ask which of the accounts that an authorisation covers this connection is."""
    accounts, slug = this.console.accounts, this.slug
    reached = await this.current_user.do("connect", accounts.reachable_accounts, slug)
    if not reached:
        link_button("Authorise again", f"/setup/{slug}?again=1")
        return
    ui.label("This consent covers several accounts. Which one is this connection?")
    names = {account.id: account.name for account in reached}
    current = this.setup.account
    chosen = ui.radio(names, value=current if current in names else None)
    chosen.props('aria-label="Accounts"')
    problem = ui.label("Choose one of them").props('role="alert"').classes("tone-negative")
    problem.set_visibility(False)

    async def go_on() -> None:
        problem.set_visibility(chosen.value is None)
        if chosen.value is not None:
            actor = this.current_user.who.name
            await authorise_with(
                this, lambda: accounts.verify(slug, chosen.value, None, actor, reached)
            )

    buttons(back=lambda: this.go("account"), next_=go_on)


async def timezone(this: SetupSession) -> None:
    """Ask for the account's time zone, which the platform does not say."""
    ui.label("Which time zone does this account keep its days in?").classes("font-bold")
    ui.label(
        f"{this.platform.title} doesn't say, so your browser's time zone is proposed. Choose "
        "carefully: the time zone determines the business day, and so the month, that each "
        "transaction is booked to, and it can't be changed later."
    )
    zones = _zones()
    typed = ui.select(zones, label="Time zone", with_input=True)
    typed.props("outlined bottom-slots").classes("w-full")

    async def propose() -> None:
        zone = await ui.run_javascript(BROWSER_ZONE)
        if typed.value is None and zone in zones:
            typed.set_value(zone)

    async def go_on() -> None:
        typed.props(remove="error error-message")
        if typed.value is None:
            typed.props('error error-message="Choose a time zone"')
            return
        accounts, actor, zone = this.console.accounts, this.current_user.who.name, str(typed.value)
        await authorise_with(
            this, lambda: accounts.verify(this.slug, this.setup.account, zone, actor)
        )

    buttons(back=lambda: this.go("account"), next_=go_on)
    # The browser can be asked only once the page is drawn.
    ui.timer(0, propose, once=True)


def _zones() -> dict[str, str]:
    """Return every place's zone with its distance from UTC today, by name."""
    now = datetime.now(UTC)
    # Names without a place (EST) know no summer time, and Etc/GMT+5 is five hours behind UTC.
    places = (z for z in sorted(available_timezones()) if "/" in z and not z.startswith("Etc/"))
    return {
        zone: f"{zone.replace('_', ' ')} (UTC{now.astimezone(ZoneInfo(zone)).isoformat()[-6:]})"
        for zone in ["UTC", *places]
    }
