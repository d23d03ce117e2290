"""The switch of posting through the API: whose it is, and that it asks for the password."""

from datetime import timedelta

import pytest

from connectors.accounts.posting_switch import posting
from console.web import sessions
from tests.console.web.api_clients import browser, connected, program
from tests.console.web.conftest import PASSWORD, Site

DECEMBER = {"since": "2026-12-01"}


def test_posting_is_switched_by_a_bookkeeper_who_gives_the_password_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    slug = connected(site, "xero")
    address = f"/connections/{slug}/posting"
    with program(site, "operator") as client:
        refused = client.put(address, json=DECEMBER)
        assert refused.status_code == 403
        assert "the role operator may not decide what is posted" in refused.json()["error"]
    with browser(site, "bookkeeper") as signed_in:
        with monkeypatch.context() as later:
            later.setattr(sessions, "CONFIRMED", timedelta(0))
            refused = signed_in.put(address, json=DECEMBER)
        assert (refused.status_code, refused.json()["confirm"]) == (403, True)
        assert "this decides what is posted" in refused.json()["error"]
        assert posting(site.registry.connections.get(slug)).since is None
        signed_in.post("/confirm", json={"password": PASSWORD})
        for switch in (DECEMBER, {"since": "2027-01-01"}, {"since": None}):
            switched = signed_in.put(address, json=switch)
            assert switched.json()["setup"]["posting"] == switch, switched.text
    (off, _, on) = site.registry.audit.list(3)
    assert (on.actor, on.action, on.detail) == (
        *("ada", "connection.posting"),
        {"from": "off", "to": "2026-12-01"},
    )
    assert off.detail == {"from": "2027-01-01", "to": "off"}


def test_what_cannot_be_switched_says_why(site: Site) -> None:
    store, organisation = connected(site), connected(site, "quickbooks")
    with program(site) as client:
        for slug, switch, complaint in (
            (store, DECEMBER, "is no accounting organisation"),
            (organisation, {"since": "1999-01-01"}, "1999-01-01 is before 2015-01-01"),
            (organisation, {"since": 12}, "write a day like"),
            (organisation, {}, "since"),
        ):
            refused = client.put(f"/connections/{slug}/posting", json=switch)
            assert refused.status_code == 422, refused.text
            assert complaint in refused.json()["error"]
        # The set-up does not switch it.
        setup = {"setup": {"posting": DECEMBER}}
        assert client.patch(f"/connections/{organisation}", json=setup).status_code == 422
