"""Dialogs of a card's menu: another name, disconnecting, removing."""

from collections.abc import Awaitable, Callable

from nicegui import run, ui

from connectors.accounts.platforms import platform_named
from console import connections
from console.cards import Card
from console.roles import Permission
from console.web.context import Console
from console.web.pages.current_user import CurrentUser
from console.web.pages.frame import heading, primary_button
from pipelines.stages.removal import posted_entries, remove_connection
from pipelines.stages.workspace import Workspace

Again = Callable[[], Awaitable[None]]


async def rename(current_user: CurrentUser, card: Card, again: Again) -> None:
    """Ask for another display name; the slug stays."""
    with ui.dialog() as dialog, ui.card().classes("w-full max-w-md"):
        heading("Rename", 2)
        typed = ui.input("Name", value=card.connection.name).props("outlined autofocus")
        typed.classes("w-full")
        _buttons(dialog, "Rename", lambda: dialog.submit(typed.value.strip()))
    name = await dialog
    # A closed dialog stays in the page, with its fields, until it is deleted.
    dialog.delete()
    if name:
        registry, slug = current_user.console.registry, card.connection.slug
        await current_user.do(
            "connect", registry.connections.rename, slug, name, current_user.who.name
        )
        await again()


async def disconnect(current_user: CurrentUser, card: Card) -> None:
    """Show what stops, and ask for the password and what to do with the data."""
    connection = card.connection
    with ui.dialog() as dialog, ui.card().classes("w-full max-w-lg"):
        heading(f"Disconnect {connection.name}?", 2)
        ui.label(
            f"Nothing more is fetched from {card.title}, and its credentials are dropped here. "
            "Entries in the books stay in any case."
        )
        ui.label(f"{platform_named(connection.channel).leaving}.").props('role="note"')
        keep = ui.radio(
            {True: "Keep documents and journals", False: "Delete documents and journals"},
            value=True,
        )
        _buttons(dialog, "Disconnect", lambda: dialog.submit(("go", keep.value)))
    answer = await dialog
    dialog.delete()
    if answer is None or not await current_user.confirm():
        return
    leaving = await current_user.do(
        "connect", _let_go, current_user.console, card, answer[1], current_user.who.name
    )
    if leaving is None:
        return
    # What the seller has to do there stands on the page that comes next.
    ui.navigate.to(f"/?gone={connection.channel}" + ("&left=1" if leaving else ""))


def _let_go(console: Console, card: Card, keep: bool, actor: str) -> str:
    """Empty, or what the platform could not be told."""
    slug = card.connection.slug
    problem = console.accounts.disconnect(slug, actor)
    if not keep:
        remove_connection(Workspace(console.settings, console.registry), slug, actor)
    platform = platform_named(card.connection.channel)
    return problem or ("" if platform.revoke is not None else platform.leaving)


async def remove(current_user: CurrentUser, card: Card, again: Again) -> None:
    """Delete a connection that is not connected, with its data."""
    opened = Workspace(current_user.console.settings, current_user.console.registry)
    entries = await run.io_bound(posted_entries, opened, card.connection.slug)
    if entries is None:
        return
    with ui.dialog() as dialog, ui.card().classes("w-full max-w-lg"):
        heading(f"Remove {card.connection.name}?", 2)
        ui.label("Its documents and everything made of them are deleted.")
        keep = None
        if entries.entry_ids and current_user.may("withdraw"):
            keep = ui.radio(
                {True: f"Keep {entries} in the books", False: "Remove them from the books too"},
                value=True,
            )
        elif entries.entry_ids:
            ui.label(f"{entries} stay in the books.")
        _buttons(
            dialog, "Remove", lambda: dialog.submit(("go", keep is not None and not keep.value))
        )
    answer = await dialog
    dialog.delete()
    if answer is None or not await current_user.confirm():
        return
    slug, actor = card.connection.slug, current_user.who.name
    permission: Permission = "withdraw" if answer[1] else "connect"
    await current_user.do(permission, _removed, current_user.console, slug, actor, answer[1])
    await again()


def _removed(console: Console, slug: str, actor: str, withdraw_entries: bool) -> None:
    connections.check_removable(console.registry.connections.get(slug))
    opened = Workspace(console.settings, console.registry)
    remove_connection(opened, slug, actor, withdraw_entries=withdraw_entries)


def _buttons(dialog: ui.dialog, title: str, go: Callable[[], None]) -> None:
    with ui.row().classes("w-full justify-end"):
        ui.button("Cancel", on_click=lambda: dialog.submit(None)).props("flat")
        primary_button(title, go)
