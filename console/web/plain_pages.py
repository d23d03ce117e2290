"""Pages outside NiceGUI, which need no script: rendered by Jinja2, every value escaped."""

from functools import cache

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined


def plain_page(template: str, title: str, status: int = 200, **values: str | None) -> HTMLResponse:
    """Return a page made of a template in `templates/`."""
    page = _templates().get_template(template)
    return HTMLResponse(page.render(title=title, **values), status)


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("console.web"), autoescape=True, undefined=StrictUndefined
    )
