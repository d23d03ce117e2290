"""A table for everybody: a caption, header cells, rows that are blocks on a narrow screen."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from nicegui import ui

# A table whose parts are laid out as blocks is none to a screen reader unless its roles are said.
_CSS = """
.facts { width: 100%; border-collapse: collapse; margin-bottom: 1.5rem; }
.facts caption { text-align: left; padding: .25rem 0 .75rem; }
.facts th, .facts td { text-align: left; vertical-align: top; padding: .5rem 1.25rem .5rem 0; }
.facts th, .facts td { border-bottom: 1px solid #6b778580; overflow-wrap: anywhere; }
.facts th { white-space: nowrap; }
.facts .right { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
@media (max-width: 767px) {
  .facts, .facts tbody, .facts tr, .facts td, .facts caption { display: block; }
  .facts thead { position: absolute; width: 1px; height: 1px; overflow: hidden; }
  .facts thead { clip-path: inset(50%); }
  .facts tr { padding: .5rem 0; border-bottom: 1px solid #6b7785; }
  .facts td { display: flex; gap: .75rem; border: 0; padding: .15rem 0; }
  .facts td::before { content: attr(data-title); flex: 0 0 6rem; font-weight: bold; }
  .facts td > * { min-width: 0; }
  .facts td.bare::before { content: none; }
  .facts .right { text-align: left; white-space: normal; }
}
"""


@contextmanager
def table(caption: str, columns: Sequence[str], right: Sequence[str] = ()) -> Iterator[None]:
    """Draw a table around its rows; the columns named in `right` hold figures."""
    ui.add_css(_CSS)
    with ui.element("table").classes("facts").props('role="table"'):
        with ui.element("caption"):
            ui.label(caption)
        with (
            ui.element("thead").props('role="rowgroup"'),
            ui.element("tr").props('role="row"'),
        ):
            for column in columns:
                header = ui.element("th").props('scope="col" role="columnheader"')
                with header.classes("right" if column in right else ""):
                    ui.label(column)
        with ui.element("tbody").props('role="rowgroup"'):
            yield


def row() -> ui.element:
    """Return a row; its cells go inside."""
    return ui.element("tr").props('role="row"')


def cell(column: str, *texts: str, right: bool = False, bare: bool = False) -> ui.element:
    """Return a cell of a column, with each text on a line of its own; more may go inside.

    A `bare` one is not told apart by its column's name where the screen is narrow.
    """
    element = ui.element("td").props(f'role="cell" data-title="{column}"')
    element.classes(f"{'right' if right else ''} {'bare' if bare else ''}")
    with element, ui.element() as inside:
        for text in texts:
            ui.label(text)
    return inside
