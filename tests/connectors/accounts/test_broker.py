"""Tokens: one refresh an expiry, whoever asks, and a grant that survives what networks do."""

import itertools
import multiprocessing
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier
from typing import Any

import pytest

from connectors.accounts.broker import TOKEN, Broker, NeedsReconnection
from connectors.accounts.oauth import TokenEndpoint
from connectors.accounts.tokens import Token
from connectors.accounts.vault import Vault
from connectors.database.registry import Registry
from connectors.errors import ConfigError, RateLimited, Transient
from connectors.home.settings import Settings
from sandbox.grants import Grants
from sandbox.server import address, bound, serving

PROCESSES, ROUNDS, TRIES = 20, 3, 30


def expired(refresh_token: str, **more: Any) -> Token:
    past = datetime.now(UTC) - timedelta(hours=1)
    return Token(access_token="old", expires_at=past, refresh_token=refresh_token, **more)


@pytest.fixture
def grants() -> Grants:
    """A grant at a token endpoint."""
    return Grants()


@pytest.fixture
def endpoint(grants: Grants) -> Iterator[TokenEndpoint]:
    """The endpoint, served."""
    with serving(grants.application, bound()) as url:
        yield TokenEndpoint("Shopland", f"{url}/token", "client", "client-secret")


@pytest.fixture
def broker(home: Settings, grants: Grants) -> Iterator[Broker]:
    """A broker for one connection whose access token has expired."""
    with Registry.open(home) as registry:
        registry.connections.add(
            "shop", channel="etsy", name="Shop", timezone="UTC", kind="api", actor="test"
        )
        vault = Vault(home, registry)
        vault.save("shop", {TOKEN: expired(grants.refresh_token).to_json()})
        yield Broker(vault, registry)


def stored_token(broker: Broker) -> Token:
    return Token.from_json(broker.vault.read("shop")[TOKEN])


def test_a_token_that_lasts_is_not_refreshed(
    broker: Broker, endpoint: TokenEndpoint, grants: Grants
) -> None:
    first = broker.access_token("shop", endpoint.refresh)
    assert broker.access_token("shop", endpoint.refresh) == first
    assert (grants.rotations, grants.requests) == (1, 1)
    assert stored_token(broker).refresh_token == grants.refresh_token


def test_it_is_refreshed_before_it_ends(
    broker: Broker, endpoint: TokenEndpoint, grants: Grants
) -> None:
    broker.access_token("shop", endpoint.refresh)
    soon = datetime.now(UTC) + timedelta(seconds=grants.lifetime - 60)
    Broker(broker.vault, broker.registry, clock=lambda: soon).access_token("shop", endpoint.refresh)
    assert grants.rotations == 2


@pytest.mark.parametrize("fault", ["503", "cut"])
def test_a_fault_of_the_network_leaves_the_connection_as_it_is(
    broker: Broker, endpoint: TokenEndpoint, grants: Grants, fault: str
) -> None:
    grants.faults = iter([fault])
    with pytest.raises(Transient, match="Shopland's token endpoint"):
        broker.access_token("shop", endpoint.refresh)
    assert broker.registry.connections.get("shop").state == "pending"
    assert broker.access_token("shop", endpoint.refresh).startswith("access-1-")
    assert (grants.rotations, grants.revoked) == (1, False)


def test_nobody_listening_is_a_fault_of_the_network(broker: Broker) -> None:
    listener = bound()
    nobody = TokenEndpoint("Shopland", f"{address(listener)}/token", "client", "secret")
    listener.close()
    with pytest.raises(Transient, match="does not answer"):
        broker.access_token("shop", nobody.refresh)


def test_a_limit_says_how_long(broker: Broker, endpoint: TokenEndpoint, grants: Grants) -> None:
    grants.faults = iter(["429"])
    with pytest.raises(RateLimited) as limited:
        broker.access_token("shop", endpoint.refresh)
    assert limited.value.retry_after == 7


def test_a_refused_application_is_not_the_sellers_fault(
    broker: Broker, endpoint: TokenEndpoint, grants: Grants
) -> None:
    grants.client_secret = "another"
    with pytest.raises(ConfigError, match="refuses the application") as error:
        broker.access_token("shop", endpoint.refresh)
    assert not isinstance(error.value, NeedsReconnection)
    assert "client-secret" not in str(error.value)
    assert broker.registry.connections.get("shop").state == "pending"


def test_a_dead_grant_needs_its_owner(
    broker: Broker, endpoint: TokenEndpoint, grants: Grants
) -> None:
    grants.revoked = True
    with pytest.raises(NeedsReconnection, match=r"shop: .* connect it again"):
        broker.access_token("shop", endpoint.refresh)
    assert broker.registry.connections.get("shop").state == "needs_reauth"


def test_the_refresh_token_before_is_tried_too(
    broker: Broker, endpoint: TokenEndpoint, grants: Grants
) -> None:
    unknown = expired("never reached the server", previous_refresh_token=grants.refresh_token)
    broker.vault.save("shop", {TOKEN: unknown.to_json()})
    assert broker.access_token("shop", endpoint.refresh).startswith("access-1-")
    assert stored_token(broker).refresh_token == grants.refresh_token


def test_an_old_refresh_token_coming_back_kills_the_grant(
    broker: Broker, endpoint: TokenEndpoint, grants: Grants
) -> None:
    """What the lock and saving before use prevent: the emulator is as strict as platforms are."""
    first = grants.refresh_token
    for _ in range(2):
        broker.access_token("shop", endpoint.refresh)
        broker.vault.save("shop", {TOKEN: expired(stored_token(broker).refresh_token).to_json()})
    broker.vault.save("shop", {TOKEN: expired(first).to_json()})
    with pytest.raises(NeedsReconnection):
        broker.access_token("shop", endpoint.refresh)
    assert grants.revoked


def test_whoever_connected_again_in_the_meantime_counts(
    broker: Broker, endpoint: TokenEndpoint, grants: Grants
) -> None:
    fresh = expired(grants.refresh_token)
    asked_with: list[str] = []

    def refresh(refresh_token: str) -> Token:
        asked_with.append(refresh_token)
        return endpoint.refresh(refresh_token)

    class ConnectedAgain(Broker):
        """Its owner's new consent is saved right after the old grant was refused."""

        def _kept(self, slug: str) -> Token:
            if asked_with == ["a-token-that-was-taken-back"]:
                self.vault.save(slug, {TOKEN: fresh.to_json()})
            return super()._kept(slug)

    broker.vault.save("shop", {TOKEN: expired("a-token-that-was-taken-back").to_json()})
    again = ConnectedAgain(broker.vault, broker.registry)
    assert again.access_token("shop", refresh).startswith("access-1-")
    assert asked_with == ["a-token-that-was-taken-back", fresh.refresh_token]
    assert broker.registry.connections.get("shop").state == "pending"


def test_what_was_never_authorised_says_so(home: Settings, registry: Registry) -> None:
    with pytest.raises(NeedsReconnection, match="not authorised yet"):
        Broker(Vault(home, registry), registry).access_token("nobody", lambda _token: None)  # type: ignore[arg-type,return-value]


def _ask(home: Settings, url: str, barrier: Barrier, answers: Any) -> None:
    """One process: each round, an access token; faults of the network are tried again."""
    with Registry.open(home) as registry:
        broker = Broker(Vault(home, registry), registry)
        endpoint = TokenEndpoint("Shopland", url, "client", "client-secret")
        for number in range(ROUNDS):
            barrier.wait(60)
            answers.put((number, _insisted(broker, endpoint)))
            barrier.wait(60)


def _insisted(broker: Broker, endpoint: TokenEndpoint) -> str:
    for _ in range(TRIES):
        try:
            return broker.access_token("shop", endpoint.refresh)
        except Transient:
            continue
    return "gave up"


def test_twenty_processes_refresh_once_and_the_grant_lives(
    home: Settings, broker: Broker, grants: Grants
) -> None:
    """The server revokes on reuse; its first two answers of each expiry are lost or late."""
    grants.faults = itertools.cycle(["cut", "503", None])
    listener = bound()
    context = multiprocessing.get_context("fork")
    barrier, answers = context.Barrier(PROCESSES + 1), context.Queue()
    arguments = (home, f"{address(listener)}/token", barrier, answers)
    askers = [context.Process(target=_ask, args=arguments) for _ in range(PROCESSES)]
    for asker in askers:
        asker.start()
    tokens_by_process: dict[int, set[str]] = {}
    with serving(grants.application, listener):
        for _ in range(ROUNDS):
            barrier.wait(60)
            for _ in askers:
                number, token = answers.get(timeout=60)
                tokens_by_process.setdefault(number, set()).add(token)
            broker.vault.save(
                "shop", {TOKEN: expired(stored_token(broker).refresh_token).to_json()}
            )
            barrier.wait(60)
        for asker in askers:
            asker.join(60)
    assert [asker.exitcode for asker in askers] == [0] * PROCESSES
    assert [len(tokens) for tokens in tokens_by_process.values()] == [1] * ROUNDS
    assert grants.rotations == ROUNDS
    assert grants.revoked is False
    assert grants.requests == 3 * ROUNDS
    assert broker.registry.connections.get("shop").state == "pending"
