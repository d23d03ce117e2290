"""What ends when, and when people are told."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.accounts.broker import TOKEN
from connectors.accounts.deadlines import KEEP_ALIVE, SECRET_SINCE, Deadline, deadlines, wants_use
from connectors.accounts.platforms import PLATFORMS
from connectors.accounts.tokens import Token
from connectors.home.settings import Settings
from tests.connectors.accounts.platforms import Desk, desk

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def token(**more: datetime | None) -> Token:
    return Token(access_token="at", expires_at=NOW, refresh_token="rt", issued_at=NOW, **more)


def test_a_grant_ends_for_want_of_use_and_a_consent_by_its_age() -> None:
    platform = replace(
        PLATFORMS["square"],
        inactivity_limit=60 * DAY,
        consent_lifetime=365 * DAY,
        secret_lifetime=180 * DAY,
    )
    fields = {SECRET_SINCE: "2026-11-01"}
    expiries = deadlines(platform, fields, token(granted_at=NOW - 30 * DAY))
    assert [(d.expires_at - NOW).days for d in expiries] == [60, 158, 335]
    assert "if it is not used" in expiries[0].what
    assert "applications set square" in expiries[1].remedy


def test_what_the_platform_says_goes_before_what_is_known_of_it() -> None:
    platform = replace(PLATFORMS["square"], inactivity_limit=60 * DAY)
    (deadline,) = deadlines(platform, {}, token(refresh_expires_at=NOW + 5 * DAY))
    assert deadline.expires_at == NOW + 5 * DAY


def test_people_are_told_at_30_14_and_3_days() -> None:
    ends = Deadline(NOW, "it", "mend it")
    ahead = {31: None, 30: 30, 15: 30, 14: 14, 4: 14, 3: 3, 0: 3, -1: 3}
    for days, warning in ahead.items():
        assert ends.warning(NOW - days * DAY) == (None if warning is None else warning * DAY), days


@pytest.fixture
def at(quick_home: Settings, tmp_path: Path) -> Iterator[Desk]:
    with desk("square", quick_home, tmp_path) as opened:
        yield opened


def test_an_idle_grant_is_used_and_one_in_use_is_left_alone(at: Desk) -> None:
    slug = at.add(at.emulator.first)
    token_before = Token.from_json(at.accounts.vault.read(slug)[TOKEN])
    calls = len(at.emulator.application.exchanges)
    at.accounts.keep_alive(slug)
    assert len(at.emulator.application.exchanges) == calls
    assert token_before.issued_at is not None
    idle = token_before.model_copy(update={"issued_at": token_before.issued_at - KEEP_ALIVE - DAY})
    assert wants_use(idle, datetime.now(UTC))
    at.accounts.vault.save(slug, {TOKEN: idle.to_json()})
    at.accounts.keep_alive(slug)
    used = Token.from_json(at.accounts.vault.read(slug)[TOKEN])
    assert used.access_token != token_before.access_token
    assert not wants_use(used, datetime.now(UTC))
    assert used.granted_at == token_before.granted_at
