"""The target of a store's entries: the books alone, or an accounting organisation as well."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from console import connections
from console.cards import Card
from console.web.pages.current_user import CurrentUser
from console.web.pages.frame import heading, link_button, primary_button
from pipelines.stages.workspace import Workspace


async def change_target(
    current_user: CurrentUser, card: Card, again: Callable[[], Awaitable[None]]
) -> None:
    """Ask where the entries of a store go, and keep it."""
    connection, registry = card.connection, current_user.console.registry
    targets = await current_user.do("read", connections.targets, registry)
    if targets is None:
        return
    with ui.dialog() as dialog, ui.card().classes("w-full max-w-lg"):
        heading(f"Where do the entries of {connection.name} go?", 2)
        current = card.setup.target
        # An organisation that was disconnected meanwhile is no choice any more.
        chosen = ui.radio(targets, value=current if current in targets else None)
        chosen.props('aria-label="Target"')
        ui.label("The books are always written. What is posted already stays where it is.")
        connect_organisation()
        with ui.row().classes("w-full justify-end"):
            ui.button("Cancel", on_click=lambda: dialog.submit(None)).props("flat")
            primary_button("Save", lambda: dialog.submit(chosen.value))
    target = await dialog
    dialog.delete()
    if target is None:
        return
    slug, actor = connection.slug, current_user.who.name
    workspace = Workspace(current_user.console.settings, registry)
    changed = await current_user.do(
        "connect", connections.change_target, workspace, slug, target, actor
    )
    if changed:
        current_user.notify(f"{connection.name}: entries go to {targets[target]}")
    await again()


def connect_organisation(store: str | None = None) -> None:
    """Draw links to connect an organisation; the set-up of `store` goes on after it."""
    back = f"&store={store}" if store else ""
    with ui.row().classes("gap-2"):
        for name, title in (("xero", "Xero"), ("quickbooks", "QuickBooks"), ("tryton", "Tryton")):
            link_button(f"Connect {title}", f"/setup?platform={name}{back}")
