"""The page of a store's problem: the days that failed, the reasons, and a button to retry."""

from dataclasses import dataclass

from fastapi import Request
from nicegui import ui

from connectors.database.registry import Activity, DayState
from console import cards
from console.cards import Card
from console.web.context import Console
from console.web.pages.card import retry_button
from console.web.pages.current_user import CurrentUser
from console.web.pages.frame import frame, heading, link_button, page
from console.web.pages.tables import cell, row, table

MOST_DAYS = 50
_WORK = {"fetch": "The sync", "data": "The import", "publish": "Writing the books"}


@dataclass(frozen=True, slots=True)
class StoreProblem:
    """A store's card and its days that failed."""

    card: Card
    failed: list[DayState]


def register() -> None:
    """Add the page."""

    @page("/problems/{slug}", "What went wrong")
    async def problem(request: Request, slug: str) -> None:
        current_user = CurrentUser.of(request)
        with frame(current_user, "What went wrong"):
            loaded = await current_user.do("read", _problem, current_user.console, slug)
            if loaded is None:
                ui.label(f"There is no store {slug}.").props('role="alert"').classes("py-4")
            else:
                _show(current_user, loaded)


def _problem(console: Console, slug: str) -> StoreProblem:
    states = console.registry.days.list(slug)
    card = cards.card(console.registry, slug)
    return StoreProblem(card, [state for state in states if state.state == "failed"])


def _show(current_user: CurrentUser, problem: StoreProblem) -> None:
    card = problem.card
    heading(f"{card.connection.name}: what went wrong").classes("py-4")
    if card.status != "error":
        ui.label(f"Nothing is wrong now: {card.status}.").props('role="status"')
    if card.failure is not None:
        _work(current_user, card.failure)
    if problem.failed:
        _days(problem.failed)
    ui.label("What was done before is safe: a new try does only what is missing.").classes("py-2")
    with ui.row().classes("gap-2"):
        if card.status == "error":
            retry_button(current_user, card, _reload)
        link_button("Back to Connected Stores", "/")


def _work(current_user: CurrentUser, work: Activity) -> None:
    when = f" on {work.ended_at:%-d %B %Y at %H:%M} UTC" if work.ended_at else ""
    ui.label(f"{_WORK.get(work.what, work.what)} failed{when}.").classes("font-bold")
    if work.message:
        ui.label(work.message).classes("break-words w-full").props('role="alert"')
    # Dagster's pages show more than this one, and are for those who may start runs.
    if work.run is not None and current_user.may("run"):
        ui.link("Open the run", f"/dagster/runs/{work.run}").classes("py-2")


def _days(failed: list[DayState]) -> None:
    with table("Days that failed", ["Day", "Why"]):
        for state in failed[:MOST_DAYS]:
            with row():
                cell("Day", f"{state.day:%-d %b %Y}")
                cell("Why", state.reason or "")
    if len(failed) > MOST_DAYS:
        ui.label(f"and {len(failed) - MOST_DAYS:,} more")


async def _reload() -> None:
    ui.navigate.reload()
