"""No platform's API ends unseen: two months before, this fails."""

from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest

from connectors.channels import CHANNELS

WARNING = timedelta(days=60)
SYNCED = sorted(name for name, found in CHANNELS.items() if found.read is not None)


@pytest.mark.parametrize("name", SYNCED)
def test_the_version_that_is_asked_for_lives_on(name: str) -> None:
    api = import_module(f"connectors.channels.{name}.api")
    assert api.VERSION
    ends: date | None = api.SUNSET_ON
    left = None if ends is None else ends - datetime.now(UTC).date()
    assert left is None or left > WARNING, f"{name} {api.VERSION} ends on {ends}: move on"


@pytest.mark.parametrize("name", SYNCED)
def test_each_channel_says_on_one_page_what_it_reads(name: str) -> None:
    page = Path(import_module(f"connectors.channels.{name}").__file__ or "").with_name("README.md")
    text = page.read_text()
    assert 30 <= len(text.splitlines()) <= 160
    assert "UNCONFIRMED" in text
