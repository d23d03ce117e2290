"""Templates of messages, tags and tasks: Jinja in a sandbox, over the documented fields alone.

Expressions print fields, filter them and choose by them. Loops, calls and arithmetic are refused,
so that no template can take long or grow large.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from connectors.errors import BadInput
from connectors.triggers.kinds import EventKind

LONGEST_TEMPLATE: Final = 8_000
LONGEST_TEXT: Final = 16_000
# Filters whose result is not longer than what goes in, by more than a constant.
_FILTERS: Final = (
    *("abs", "capitalize", "default", "first", "int", "join", "last", "length", "lower"),
    *("round", "string", "title", "tojson", "trim", "truncate", "upper"),
)
_NODES: Final = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.CondExpr, nodes.Name),
    *(nodes.Const, nodes.Filter, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not),
    *(nodes.Concat, nodes.Keyword),
)


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        # A field that an event lacks is empty, and no word of Python's.
        finalize=lambda value: "" if value is None else value,
    )
    environment.filters = {name: environment.filters[name] for name in _FILTERS}
    environment.filters["join"] = _join
    # `range` and the like.
    environment.globals.clear()
    return environment


def _join(values: Sequence[object], separator: str = "") -> str:
    """Join a list; of a text, which Jinja joins letter by letter, a few would fill the memory."""
    if isinstance(values, str) or len(values) * len(separator) > LONGEST_TEXT:
        raise TypeError("join is for a list of a field, with a short separator")
    return str(separator).join(map(str, values))


def check_template(text: str, kind: EventKind, where: str) -> None:
    """Raise `BadInput` for a template that the kind's events could not fill."""
    example = {field.name: field.example for field in kind.documented.values()}
    for name in _names(_parsed(text, where)):
        if name not in example:
            raise BadInput(
                f"{where}: an event {kind.name} has no field {name}; there are: "
                f"{', '.join(example)}"
            )
    render(text, example, where)


def render(text: str, fields: Mapping[str, Any], where: str) -> str:
    """Return a template filled with the fields of an event; `BadInput` where it cannot be."""
    _parsed(text, where)
    try:
        filled = _environment().from_string(text).render(fields)
    # A filter raises whatever Python does of a value that it is not for.
    except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
        raise _refusal(where, str(error)) from error
    if len(filled) > LONGEST_TEXT:
        raise BadInput(f"{where}: it makes more than {LONGEST_TEXT} characters of an event")
    return filled


def _parsed(text: str, where: str) -> nodes.Template:
    if len(text) > LONGEST_TEMPLATE:
        raise BadInput(f"{where}: a template has at most {LONGEST_TEMPLATE} characters")
    try:
        tree = _environment().parse(text)
    except TemplateError as error:
        raise _refusal(where, str(error)) from error
    for node in _nodes(tree):
        if not isinstance(node, _NODES):
            raise _refusal(where, f"{type(node).__name__.lower()} is not allowed in a template")
        if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
            listed = ", ".join(_FILTERS)
            raise _refusal(where, f"there is no filter {node.name}; there are: {listed}")
    return tree


def _nodes(tree: nodes.Node) -> Iterator[nodes.Node]:
    yield tree
    for child in tree.iter_child_nodes():
        yield from _nodes(child)


def _names(tree: nodes.Template) -> Iterator[str]:
    return (node.name for node in tree.find_all(nodes.Name))


def _refusal(where: str, reason: str) -> BadInput:
    return BadInput(f"{where}: {' '.join(reason.split())}; see docs/triggers.md")
