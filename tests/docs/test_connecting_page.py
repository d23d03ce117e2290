"""`docs/connecting.md` has a section for every platform, true to what its fields are."""

import json
import re
from pathlib import Path

import pytest

from connectors.accounts.fields import read_fields, read_given
from connectors.accounts.platform import Platform
from connectors.accounts.platforms import PLATFORMS
from connectors.channels import CHANNELS
from console.roles import DESCRIPTIONS, PERMISSIONS

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "connecting.md").read_text()
SECTIONS = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", PAGE, re.S | re.M))
platforms = pytest.mark.parametrize("platform", PLATFORMS.values(), ids=list(PLATFORMS))


@platforms
def test_the_section_names_every_field_and_the_redirect_uri(platform: Platform) -> None:
    section = SECTIONS[platform.title]
    groups = {
        "application": platform.application,
        "account": platform.account,
        "credentials": platform.keys,
    }
    for group, fields in groups.items():
        row = re.search(rf"^\| {group} \| (.*) \|$", section, re.M)
        assert (row is None) == (not fields), group
        for field in fields:
            assert row is not None
            assert f"`{field.name}`" in row[1], field.name
    if platform.consent is not None:
        assert f"`<DAYBOOK_PUBLIC_URL>/connect/{platform.name}/callback`" in section
    named = set(re.findall(r"`environment` `sandbox`", section))
    assert bool(named) == bool(platform.sandbox)


@platforms
def test_the_example_is_what_connections_add_takes(platform: Platform) -> None:
    (example,) = re.findall(r"```json\n(.*?)```", SECTIONS[platform.title], re.S)
    read_fields(platform, json.loads(example), {})


def test_the_example_of_a_queue_is_what_connections_notify_takes() -> None:
    section = SECTIONS["Amazon's notifications"]
    (example,) = re.findall(r"```json\n(.*?)```", section, re.S)
    notifications = CHANNELS["amazon"].notifications
    assert notifications is not None
    read_given("the queue", notifications.fields, json.loads(example))
    assert all(
        f"`{field.name}`" in section or field.name in example for field in notifications.fields
    )


@platforms
def test_what_ends_is_told(platform: Platform) -> None:
    row = re.search(r"^\| ends \| (.*) \|$", SECTIONS[platform.title], re.M)
    assert (row is not None) == bool(platform.endpoints)
    if row is None:
        return
    words = {5 * 365: "five years", 365: "a year", 547: "18 months"}
    for span in (platform.inactivity_limit, platform.consent_lifetime, platform.secret_lifetime):
        if span is not None:
            assert words.get(span.days, f"{span.days} days") in row[1]


def test_the_roles_are_those_of_the_program() -> None:
    page = (DOCS / "commands.md").read_text()
    _, _, below = page.partition(f"| may | {' | '.join(PERMISSIONS)} |\n")
    rows = [
        row.strip("|").split("|") for row in re.findall(r"\|.*\|", below)[1 : len(DESCRIPTIONS) + 1]
    ]
    assert [[cell.strip() for cell in row] for row in rows] == [
        [meaning, *("yes" if permission in may else "" for may in PERMISSIONS.values())]
        for permission, meaning in DESCRIPTIONS.items()
    ]
