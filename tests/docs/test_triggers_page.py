"""The page of triggers: its tables are the data, its example is valid, its sentence is so."""

import re
from pathlib import Path

import yaml

from connectors.triggers.actions import Action
from connectors.triggers.conditions import Filters
from connectors.triggers.document import read_trigger, shipped_triggers
from connectors.triggers.kinds import EVERY, event_kinds
from tests.docs.test_pages import rows_of

PAGE = (Path(__file__).parents[2] / "docs" / "triggers.md").read_text()


def shown(example: object) -> str:
    """An example as the page writes it."""
    if isinstance(example, list):
        return ", ".join(example)
    return str(example).lower() if isinstance(example, bool) else str(example)


def test_the_tables_are_the_data() -> None:
    kinds = event_kinds().values()
    assert rows_of(PAGE, "event | when | its fields") == [
        [kind.name, kind.when, ", ".join(kind.fields)] for kind in kinds
    ]
    fields = {field.name: field for field in EVERY}
    for kind in kinds:
        fields |= kind.fields
    assert rows_of(PAGE, "field | type | meaning | example") == [
        [field.name, field.type, field.meaning, shown(field.example)] for field in fields.values()
    ]
    filters = {name for row in rows_of(PAGE, "filter | holds for") for name in row[0].split(", ")}
    assert filters == set(Filters.model_fields)
    listed = {name for row in rows_of(PAGE, "type | does | fields") for name in row[0].split(", ")}
    types = {
        each.model_fields["type"].annotation.__args__[0] for each in Action.__args__[0].__args__
    }
    assert listed == types
    assert {row[0] for row in rows_of(PAGE, "trigger | tells of")} == set(shipped_triggers())


def test_the_example_is_the_trigger_of_the_sentence() -> None:
    (body,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.S | re.M)
    assert read_trigger(yaml.safe_load(body)).sentence in PAGE
