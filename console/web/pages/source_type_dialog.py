"""The dialog that maps a source type to a category, for one store."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from connectors.errors import BadInput
from console.web.context import Console
from console.web.pages.current_user import CurrentUser
from console.web.pages.frame import heading, primary_button
from pipelines.stages.mapping_changes import SavedMapping, assign_category, assignable_categories
from pipelines.stages.source_types import SourceTypeUsage
from pipelines.stages.workspace import Workspace


async def ask_category(
    current_user: CurrentUser, usage: SourceTypeUsage, again: Callable[[], Awaitable[None]]
) -> None:
    """Ask for the category, keep it, and say what is done again."""
    with ui.dialog() as dialog, ui.card().classes("w-full max-w-lg"):
        heading(f"Where does {usage.source_type} belong?", 2).classes("break-words w-full")
        ui.label(
            f"All its lines in {usage.connection.name} go to one category, whatever their sign. "
            "The store gets its own mapping, which begins as a copy of the default one."
        )
        options = {
            name: f"{name}: {category.meaning}"
            for name, category in assignable_categories().items()
        }
        chosen = ui.select(options, label="Category", with_input=True)
        chosen.props("outlined autofocus bottom-slots options-dense").classes("w-full")
        chosen.on_value_change(lambda: chosen.props(remove="error error-message"))

        async def go() -> None:
            if await _assigned(current_user, usage, chosen):
                dialog.submit(True)

        with ui.row().classes("w-full justify-end"):
            ui.button("Cancel", on_click=lambda: dialog.submit(None)).props("flat")
            primary_button("Map", go)
    mapped = await dialog
    dialog.delete()
    if mapped:
        await again()


async def _assigned(current_user: CurrentUser, usage: SourceTypeUsage, chosen: ui.select) -> bool:
    chosen.props(remove="error error-message")
    if not chosen.value:
        chosen.props('error error-message="Choose a category"')
        return False
    console, actor = current_user.console, current_user.who.name
    saved = await current_user.do("map", _saved, console, usage, chosen.value, actor)
    if saved is None:
        return False
    if isinstance(saved, str):
        # Quasar's props are parsed as text: a quote would end the attribute.
        message = saved.replace('"', "'")
        chosen.props(f'error error-message="{message}"')
        return False
    days = "1 day is" if saved.days == 1 else f"{saved.days:,} days are"
    current_user.notify(
        f"{usage.source_type} is {chosen.value} in {usage.connection.name} from now on. {days} "
        "processed again, then the entries that waited for it are posted."
    )
    return True


def _saved(
    console: Console, usage: SourceTypeUsage, category: str, actor: str
) -> SavedMapping | str:
    """Return what was saved, or what was wrong with what was chosen."""
    opened = Workspace(console.settings, console.registry)
    try:
        return assign_category(opened, usage.connection, usage.source_type, category, actor)
    except BadInput as error:
        return str(error)
