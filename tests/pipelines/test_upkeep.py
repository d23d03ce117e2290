"""The daily upkeep: idle grants are used, those that are dead are named, and no secret is told."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from connectors.accounts.accounts import Accounts
from connectors.accounts.broker import TOKEN
from connectors.accounts.deadlines import KEEP_ALIVE
from connectors.accounts.tokens import Token
from connectors.database.registry import Registry
from connectors.home.settings import Settings, settings
from pipelines.execution import open_instance, run
from sandbox.server import bound, serving
from sandbox.square import SquareEmulator
from tests.connectors.accounts.platforms import Desk
from tests.secrets_search import exposed


@pytest.fixture
def at(home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A home of this process with Square on loopback."""
    square = SquareEmulator()
    with serving(square.application, bound()) as url:
        hosts = tmp_path / "endpoints.json"
        hosts.write_text(json.dumps({"square": square.endpoints(url)}))
        assert home.database_url is not None
        monkeypatch.setenv("DAYBOOK_HOME", str(home.home))
        monkeypatch.setenv("DAYBOOK_DATABASE_URL", home.database_url.get_secret_value())
        monkeypatch.setenv("DAYBOOK_ENDPOINTS", str(hosts))
        monkeypatch.setenv("DAGSTER_HOME", "")
        settings.cache_clear()
        with Registry.open(settings()) as registry:
            yield Desk("square", square, Accounts(settings(), registry), url)
        settings.cache_clear()


def grow_old(at: Desk, slug: str) -> Token:
    """Nobody has used the grant for more than a week."""
    token = Token.from_json(at.accounts.vault.read(slug)[TOKEN])
    assert token.issued_at is not None
    old = token.model_copy(update={"issued_at": token.issued_at - KEEP_ALIVE - timedelta(days=1)})
    at.accounts.vault.save(slug, {TOKEN: old.to_json()})
    return old


def test_idle_grants_are_used_and_dead_ones_are_named(at: Desk) -> None:
    alive = at.add(at.emulator.first, "Alive")
    dead = at.add(at.emulator.second, "Dead")
    before = {slug: grow_old(at, slug) for slug in (alive, dead)}
    at.emulator.revoke(at.emulator.second)
    with open_instance([]) as instance:
        outcome = run(instance, "upkeep")
        assert not outcome.ok
        assert outcome.problem == (
            "1 accounts failed. First: dead: the platform rejected the stored authorisation: "
            "connect it again"
        )
        used = Token.from_json(at.accounts.vault.read(alive)[TOKEN])
        assert used.access_token != before[alive].access_token
        assert at.registry.connections.get(dead).state == "needs_reauth"
        assert run(instance, "upkeep").ok
        marked = [t for b in before.values() for t in (b.access_token, b.refresh_token or "")]
        marked += [used.access_token, at.emulator.fields()["client_secret"]]
        log = "\n".join(str(entry) for entry in instance.all_logs(outcome.run_id))
    assert [secret for secret in marked if secret in log] == []
    url = settings().database_url
    assert url is not None
    assert exposed(marked, settings().home, url.get_secret_value()) == []


def test_an_error_that_quotes_a_secret_is_masked_in_dagster(
    at: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    slug = at.add(at.emulator.first)
    secret = grow_old(at, slug).refresh_token
    assert secret is not None

    def quoting(_accounts: Accounts, _slug: str) -> None:
        raise RuntimeError(f"cannot parse {{'refresh_token': '{secret}'}}")

    monkeypatch.setattr(Accounts, "keep_alive", quoting)
    with open_instance([]) as instance:
        outcome = run(instance, "upkeep")
        assert not outcome.ok
        assert "[secret]" in (outcome.problem or "")
        stored = "\n".join(str(entry) for entry in instance.all_logs(outcome.run_id))
        assert secret not in stored
        assert isinstance(instance.get_run_by_id(outcome.run_id), dg.DagsterRun)
    url = settings().database_url
    assert url is not None
    assert exposed([secret], settings().home, url.get_secret_value()) == []
