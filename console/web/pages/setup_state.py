"""A session of a connection's set-up, and the answers so far."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from nicegui import ui

from connectors.accounts.platform import Platform
from connectors.accounts.setup import Setup, Step
from connectors.database.registry import Connection
from console.connections import keep_setup
from console.web.context import Console
from console.web.pages.current_user import CurrentUser
from console.web.pages.frame import primary_button
from pipelines.stages.workspace import Workspace

Then = Callable[[], Awaitable[None]]


async def _nowhere(_step: Step) -> None:
    """Go nowhere: before the page is drawn there is no step to show."""


@dataclass
class SetupSession:
    """A session; `go` draws a step, `again` is authorising once more what was set up already.

    `store` is whose set-up waits for this organisation, `proposed` the target it comes back with.
    """

    current_user: CurrentUser
    platform: Platform
    connection: Connection | None
    again: bool = False
    store: str | None = None
    proposed: str | None = None
    go: Callable[[Step], Awaitable[None]] = _nowhere

    @property
    def setup(self) -> Setup:
        """Return what was answered so far."""
        return Setup.model_validate(self.connection.setup if self.connection else {})

    @property
    def console(self) -> Console:
        """Return the console that the current user is at."""
        return self.current_user.console

    @property
    def is_organisation(self) -> bool:
        """Return whether it is an accounting organisation, which imports nothing."""
        return self.platform.kind == "accounting"

    @property
    def authorised_step(self) -> Step:
        """Return where the set-up goes on when the account is known."""
        return "done" if self.is_organisation else "imports"

    @property
    def slug(self) -> str:
        """Return the connection's slug, which it has from the first step on."""
        assert self.connection is not None
        return self.connection.slug

    async def keep(self, **answers: object) -> bool:
        """Keep what a step answered; False when it could not be kept, which was said."""
        changed = self.setup.model_copy(update=answers)
        connection = await self.current_user.do("connect", lambda: self._kept(changed))
        if connection is None:
            return False
        self.connection = connection
        return True

    def _kept(self, setup: Setup) -> Connection:
        assert self.connection is not None
        workspace = Workspace(self.console.settings, self.console.registry)
        return keep_setup(workspace, self.connection, setup, self.current_user.who.name)


def buttons(*, next_: Then, back: Then | None = None, title: str = "Continue") -> None:
    """Draw the buttons on, back and out; the answers stay."""
    with ui.row().classes("w-full justify-between pt-4"):
        ui.button("Later", on_click=lambda: ui.navigate.to("/")).props("flat")
        with ui.row():
            if back is not None:
                ui.button("Back", on_click=back).props("outline")
            primary_button(title, next_)
