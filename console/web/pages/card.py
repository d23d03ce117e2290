"""One connection's card: what it is, how it stands, what runs, and what can be done with it."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from nicegui import ui

from connectors.accounts.platforms import has_settlements
from connectors.database.registry import Registry
from console import connections
from console.cards import Card
from console.web.context import Console
from console.web.pages import card_actions
from console.web.pages.current_user import CurrentUser
from console.web.pages.frame import link_button
from console.web.pages.posting_dialog import switch_posting
from console.web.pages.target import change_target
from pipelines.stages.workspace import Workspace
from pipelines.sync import SyncRequest, request_sync, retry

Again = Callable[[], Awaitable[None]]
CardAction = Callable[[], Awaitable[None] | None]
Move = Callable[[Registry, str, str], bool]
_LOOKS = {
    "waiting to import": ("schedule", "info"),
    "not in the books": ("pending_actions", "warning"),
    "up to date": ("check_circle", "positive"),
    "connected": ("link", "positive"),
    "importing": ("sync", "info"),
    "never synced": ("schedule", "secondary"),
    "setting up": ("build", "secondary"),
    "held": ("back_hand", "warning"),
    "error": ("error", "negative"),
    "needs reconnection": ("link_off", "negative"),
    "paused": ("pause_circle", "secondary"),
    "disconnected": ("power_off", "secondary"),
}
_WHAT = {"fetch": "Sync", "data": "Import", "publish": "Writing the books"}


def show_card(current_user: CurrentUser, card: Card, again: Again) -> ui.menu | None:
    """Draw a card; returns the menu of what can be done with it."""
    connection = card.connection
    with ui.card().classes("w-full h-full gap-2").props(f'data-slug="{connection.slug}"'):
        with ui.row().classes("w-full items-center no-wrap gap-3"):
            with ui.avatar(color="primary", text_color="onprimary").props("aria-hidden=true"):
                ui.label(_initials(card.title)).classes("text-base font-bold text-onprimary")
            with ui.column().classes("gap-0 min-w-0 grow"):
                ui.label(connection.name).classes("font-bold truncate w-full")
                ui.label(card.title).classes("text-sm")
            menu = _menu(current_user, card, again)
        _identity(card)
        _status(card)
        _facts(card)
        for ends in card.warnings:
            ui.label(f"{ends.what} ends on {ends.expires_at:%-d %B %Y}: {ends.remedy}").classes(
                "text-sm border rounded p-2"
            ).props('role="note"')
        ui.space()
        _next(current_user, card, again)
    return menu


def _initials(title: str) -> str:
    words = title.split()
    return (words[0][0] + (words[1][0] if len(words) > 1 else words[0][1])).upper()


def _identity(card: Card) -> None:
    connection = card.connection
    if connection.account_id is None:
        ui.label("files" if connection.kind == "file" else "not authorised yet").classes("text-sm")
        return
    account = connection.account
    ui.label(f"{account.get('name')} ({connection.account_id})").classes("text-sm break-all")
    where = [account.get("region"), account.get("country"), account.get("currency")]
    ui.label(" · ".join(str(part) for part in [*where, connection.timezone] if part)).classes(
        "text-sm"
    )


def _status(card: Card) -> None:
    icon, colour = _LOOKS[card.status]
    with ui.row().classes("items-center gap-1 no-wrap"):
        ui.icon(icon, size="1.25rem").classes(f"tone-{colour}").props("aria-hidden=true")
        ui.label(card.status.capitalize()).classes("font-bold")
    if card.why:
        ui.label(card.why).classes("text-sm break-words")
    for finding in card.connection.findings:
        ui.label(finding).classes("text-sm break-words").props('role="status"')


def _facts(card: Card) -> None:
    """Draw the last completed outcome and what runs now, apart."""
    # Never merged: a failure stays readable while something runs.
    if card.running is not None:
        what = _WHAT.get(card.running.what, card.running.what)
        ui.label(
            f"Now: {what}, {card.running.days:,} days, since {_ago(card.running.started_at)}"
        ).classes("text-sm").props('role="status"')
        if card.days_due:
            ui.label(f"{card.days_done:,} of {card.days_due:,} days done").classes("text-sm")
    if card.last is not None and card.last.ended_at is not None:
        how = "done" if card.last.outcome == "done" else "failed"
        what = _WHAT.get(card.last.what, card.last.what)
        ui.label(f"Last: {what} {how}, {_ago(card.last.ended_at)}").classes("text-sm")
    if has_settlements(card.connection):
        through = card.complete_through
        ui.label(
            f"Data complete through {through:%-d %B %Y}" if through else "No data yet"
        ).classes("text-sm")
        if card.next_sync_at is not None:
            local = card.next_sync_at.astimezone(ZoneInfo(card.connection.timezone))
            why = f": {card.wait_reason}" if card.wait_reason else ""
            ui.label(f"Next sync {local:%-d %B, %H:%M}{why}").classes("text-sm break-words")
        if card.setup.imports.provisional:
            ui.label("Books provisional figures").classes("text-sm")
    else:
        ui.label(_posting(card)).classes("text-sm break-words")


def _posting(card: Card) -> str:
    since = card.setup.posting.since
    if since is None:
        return "Posting: off"
    return f"Posting from {since:%-d %B %Y}"


def _ago(then: datetime) -> str:
    seconds = (datetime.now(UTC) - then).total_seconds()
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            number = int(seconds // size)
            return f"{number} {unit}{'' if number == 1 else 's'} ago"
    return "just now"


def _next(current_user: CurrentUser, card: Card, again: Again) -> None:
    slug = card.connection.slug
    match card.action:
        case "finish set-up":
            _go("Finish set-up", f"/setup/{slug}", current_user.may("connect"))
        case "reconnect":
            _go("Reconnect", f"/setup/{slug}?again=1", current_user.may("connect"))
        case "map":
            number = card.unmapped_source_types
            listed = "1 new source type" if number == 1 else f"{number:,} new source types"
            _go(f"Map {listed}", f"/mappings?connection={slug}", current_user.may("map"))
        case "sync now" if has_settlements(card.connection):
            button = ui.button("Sync now", on_click=lambda: _sync(current_user, card, again))
            button.props("outline").set_enabled(current_user.may("sync") and card.running is None)
        case "see why":
            with ui.row().classes("gap-2"):
                link_button("See why", f"/problems/{slug}")
                retry_button(current_user, card, again)
        case "try again":
            retry_button(current_user, card, again)
        case "resume":
            button = ui.button(
                "Resume", on_click=lambda: _move(current_user, card, connections.resume, again)
            )
            button.props("outline").set_enabled(current_user.may("connect"))


def _go(title: str, address: str, allowed: bool) -> None:
    link_button(title, address).set_enabled(allowed)


def retry_button(current_user: CurrentUser, card: Card, again: Again) -> None:
    """Draw the button that starts once more what failed."""
    button = ui.button("Try again", on_click=lambda: _retry(current_user, card, again))
    button.props("outline").set_enabled(current_user.may("sync") and card.running is None)


async def _retry(current_user: CurrentUser, card: Card, again: Again) -> None:
    name, slug = card.connection.name, card.connection.slug
    requested = await current_user.do(
        "sync", _retried, current_user.console, slug, current_user.who.name
    )
    if requested is None:
        return
    parts = _parts(requested)
    text = f"trying again: {' and '.join(parts)}" if parts else "nothing is outstanding"
    current_user.notify(f"{name}: {text}", "positive" if parts else "info")
    await again()


def _parts(request: SyncRequest) -> list[str]:
    """Name what was asked for, but for what there is none of."""
    counts = [(request.days, "day", "days"), (request.entries, "entry", "entries")]
    parts = [f"{count:,} {one if count == 1 else many}" for count, one, many in counts if count]
    return [*(["its account"] if request.fetch else []), *parts]


def _retried(console: Console, slug: str, actor: str) -> SyncRequest:
    connections.check_syncable(console.registry.connections.get(slug))
    return retry(Workspace(console.settings, console.registry), slug, actor)


async def _sync(current_user: CurrentUser, card: Card, again: Again) -> None:
    slug = card.connection.slug
    requested = await current_user.do(
        "sync", _asked, current_user.console, slug, current_user.who.name
    )
    if requested is None:
        return
    if parts := _parts(requested):
        current_user.notify(f"{card.connection.name}: syncing {' and '.join(parts)}")
    else:
        current_user.notify(f"{card.connection.name} has nothing outstanding", "info")
    await again()


def _asked(console: Console, slug: str, actor: str) -> SyncRequest:
    connections.check_syncable(console.registry.connections.get(slug))
    workspace = Workspace(console.settings, console.registry)
    return request_sync(workspace, slug, actor, "asked for in the console")


async def _move(current_user: CurrentUser, card: Card, move: Move, again: Again) -> None:
    registry, slug = current_user.console.registry, card.connection.slug
    await current_user.do("connect", move, registry, slug, current_user.who.name)
    await again()


def _menu(current_user: CurrentUser, card: Card, again: Again) -> ui.menu | None:
    connection = card.connection
    if not current_user.may("connect"):
        return None
    label = _quoted(f"Actions for {connection.name}")
    opener = ui.button(icon="more_vert").props(f'flat round dense aria-label="{label}"')
    with opener, ui.menu().props(f'role="menu" aria-label="{label}"') as menu:
        for title, action in _actions(current_user, card, again):
            ui.menu_item(title, on_click=action).props('role="menuitem"')
    return menu


def _actions(
    current_user: CurrentUser, card: Card, again: Again
) -> Iterator[tuple[str, CardAction]]:
    """Yield what can be done with a connection in its state."""
    connection = card.connection
    here = f"/setup/{connection.slug}"
    yield "Rename", lambda: card_actions.rename(current_user, card, again)
    if has_settlements(connection):
        yield "Accounting…", lambda: change_target(current_user, card, again)
    if connection.kind == "file":
        return
    if has_settlements(connection):
        yield "Import settings", lambda: ui.navigate.to(f"{here}?step=imports")
    connected = connection.state in {"active", "paused", "needs_reauth"}
    if connected and not has_settlements(connection) and current_user.may("post"):
        yield "Posting…", lambda: switch_posting(current_user, card, again)
    if connection.state == "active":
        yield "Pause", lambda: _move(current_user, card, connections.pause, again)
    if connected:
        yield "Reconnect", lambda: ui.navigate.to(f"{here}?again=1")
        yield "Disconnect", lambda: card_actions.disconnect(current_user, card)
    else:
        yield "Remove", lambda: card_actions.remove(current_user, card, again)


def _quoted(text: str) -> str:
    # Quasar's props are parsed as text: a quote would end the attribute.
    return text.replace('"', "")
