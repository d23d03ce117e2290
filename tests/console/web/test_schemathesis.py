"""Whatever a program sends to the API, nothing breaks and every answer is as it is described."""

from collections.abc import Iterator

import schemathesis
from schemathesis import Config
from schemathesis.core.failures import Failure
from schemathesis.engine import events, from_schema

from connectors.accounts.platforms import platform_named
from tests.console.web.conftest import Site

GENERATION = {"max-examples": 4, "deterministic": True, "no-shrink": True}
CHECKS = {
    # What is well formed may still be refused: a slug that is taken, a store that is paused.
    "positive_data_acceptance": {
        "expected-statuses": ["2xx", "401", "403", "404", "409", "422", "429"]
    }
}
OPERATIONS = [
    # The address is also that of a connection with this slug, which may be read.
    {
        "include-path": "/connections/pending",
        "checks": {"allow_header_conformance": {"enabled": False}},
    }
]
PHASES = {
    "coverage": {"unexpected-methods": ["put", "patch", "trace"]},
    "stateful": {"enabled": False},
}


def test_nothing_breaks(site: Site) -> None:
    # No address can have this name in it, so that nothing takes the role away.
    site.add_user("ada/admin")
    token = site.console.sessions.new_token("ada/admin", "schemathesis", "test")
    for name in ("square", "shopify", "xero"):
        _connect(site, name)
    site.registry.connections.add(
        "mugs", channel="amazon", name="Mugs", timezone="UTC", kind="file", actor="test"
    )
    config = Config.from_dict(
        {
            "headers": {"Authorization": f"Bearer {token}"},
            "generation": GENERATION,
            "checks": CHECKS,
            "operations": OPERATIONS,
            "phases": PHASES,
        }
    )
    schema = schemathesis.openapi.from_url(f"{site.url}/api/v1/openapi.json", config=config)
    failures, tried = [], set()
    for event in from_schema(schema).execute():
        assert not isinstance(event, events.NonFatalError | events.FatalError), event
        if isinstance(event, events.ScenarioFinished):
            tried.add(event.recorder.label)
            failures += [f"{event.recorder.label}: {failure}" for failure in _failures(event)]
    assert failures == []
    assert len(tried) == schema.statistic.operations.total


def _connect(site: Site, name: str) -> None:
    emulator, accounts = site.platforms[name], site.console.accounts
    first = emulator.first
    accounts.register(platform_named(name), emulator.fields(), "test")
    credentials = emulator.chosen(first) | emulator.keys(first)
    accounts.add(name, f"My {name}", credentials, account=first, timezone="UTC", actor="test")


def _failures(event: events.ScenarioFinished) -> Iterator[Failure]:
    for checks in event.recorder.checks.values():
        for check in checks:
            if check.failure_info is not None:
                yield check.failure_info.failure
