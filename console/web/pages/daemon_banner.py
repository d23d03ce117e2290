"""The banner on every page while the daemon is away: what was asked for waits for it."""

from typing import Final

from nicegui import run, ui

from connectors.errors import DaybookError
from connectors.home.settings import Settings
from console.web.pages.current_user import CurrentUser
from pipelines.daemon_status import daemon_status

LOOK_SECONDS: Final = 10.0
TEXT: Final = (
    "Background work has stopped. It starts again by itself; until then nothing is fetched or "
    "posted. If this message stays, ask your administrator to run “daybook doctor”."
)


def daemon_banner(current_user: CurrentUser) -> None:
    """Show a banner for as long as the daemon of this home is away."""
    banner = ui.row().props('role="status"').classes("w-full mt-4 p-3 rounded tone-warning")
    banner.style("border: 1px solid currentColor")
    with banner:
        ui.label(TEXT)
    banner.set_visibility(False)

    async def look() -> None:
        banner.set_visibility(bool(await run.io_bound(_is_away, current_user.console.settings)))

    ui.timer(LOOK_SECONDS, look)


def _is_away(settings: Settings) -> bool:
    try:
        return daemon_status(settings).is_away
    except (DaybookError, OSError):
        # The page itself says what is wrong with the database.
        return False
