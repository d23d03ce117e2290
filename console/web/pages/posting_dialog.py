"""The switch of posting to an accounting organisation: off, or on from a business day."""

from collections.abc import Awaitable, Callable
from datetime import date

from nicegui import ui

from connectors.accounts.posting_switch import check_posting
from connectors.errors import BadInput
from console.cards import Card
from console.web.pages.current_user import CurrentUser
from console.web.pages.frame import heading, primary_button
from pipelines.stages.targets import post_since
from pipelines.stages.workspace import Workspace


async def switch_posting(
    current_user: CurrentUser, card: Card, again: Callable[[], Awaitable[None]]
) -> None:
    """Ask from which day on, ask for the password, keep it, and say what is so now."""
    connection, current = card.connection, card.setup.posting.since
    with ui.dialog() as dialog, ui.card().classes("w-full max-w-lg"):
        heading(f"Posting to {connection.name}", 2)
        ui.label(
            "Entries of this business day and later are posted here, from the stores whose "
            "entries go to this organisation. Earlier days stay data alone."
        )
        ui.label(
            "An entry is held while this organisation's mapping names no account for it: "
            f"`daybook publish --target {connection.slug} --dry-run` lists what is due."
        ).classes("break-words w-full")
        since = (
            ui.input("Post from", value=current.isoformat() if current else "")
            .props("outlined autofocus type=date stack-label bottom-slots")
            .classes("w-full")
        )
        since.on_value_change(lambda: since.props(remove="error error-message"))

        async def turn_on() -> None:
            day = _day(current_user, card, since)
            if day is not None and await _switched(current_user, card, day):
                dialog.submit(True)

        async def turn_off() -> None:
            if await _switched(current_user, card, None):
                dialog.submit(True)

        with ui.row().classes("w-full justify-end"):
            ui.button("Cancel", on_click=lambda: dialog.submit(None)).props("flat")
            if current is not None:
                ui.button("Turn off", on_click=turn_off).props("outline")
            primary_button("Turn on" if current is None else "Change the day", turn_on)
    confirmed = await dialog
    dialog.delete()
    if confirmed:
        await again()


def _day(current_user: CurrentUser, card: Card, since: ui.input) -> date | None:
    """Return the day that was typed; None where it cannot be, which the field says."""
    since.props(remove="error error-message")
    try:
        day = date.fromisoformat(since.value or "")
    except ValueError:
        since.props('error error-message="Give a day such as 2026-12-01"')
        return None
    try:
        check_posting(card.connection, day, current_user.console.settings.first_day)
    except BadInput as error:
        since.props(f'error error-message="{error}"')
        return None
    return day


async def _switched(current_user: CurrentUser, card: Card, since: date | None) -> bool:
    # Before it is kept: it sends entries to books that are not Daybook's.
    if not await current_user.confirm("This decides what is posted"):
        return False
    console, slug = current_user.console, card.connection.slug
    workspace = Workspace(console.settings, console.registry)
    changed = await current_user.do(
        "post", post_since, workspace, slug, since, current_user.who.name
    )
    if changed is None:
        return False
    now = "is off" if since is None else f"from {since:%-d %B %Y}"
    current_user.notify(f"{card.connection.name}: posting {now}")
    return True
