"""The API lets Daybook into accounts: by a consent, with typed credentials, and out again."""

from datetime import timedelta

import pytest

from connectors.accounts.authorisations import receive
from connectors.accounts.platforms import platform_named
from console.web import sessions
from sandbox.browser import consent
from sandbox.tiktok import SHOPS
from tests.console.web.api_clients import API, browser, connected, program
from tests.console.web.conftest import PASSWORD, Site


def test_a_store_is_connected_by_a_consent(site: Site) -> None:
    square = site.platforms["square"]
    with browser(site) as signed_in:
        response = signed_in.put("/applications/square", json={"fields": square.fields()}).json()
        assert response["fields"] == {"client_id": square.fields()["client_id"]}
        assert response["redirect_uri"] == f"{site.url}/connect/square/callback"
        new = {"platform": "square", "name": "Harbour"}
        begun = signed_in.post("/connections/pending", json=new)
        assert begun.status_code == 201
        assert begun.headers["location"] == f"{API}/connections/harbour"
        assert begun.json()["status"] == "setting up"
        page = signed_in.post("/connections/harbour/consent").json()["url"]
        accounts, cookie = site.console.accounts, signed_in.cookies["daybook"]
        callback = consent(page, accounts=[square.first])
        receive(accounts, platform_named("square"), callback, cookie, "ada")
        choice = {"imports": {"history_from": "2026-01-01"}, "step": "done"}
        response = signed_in.patch("/connections/harbour", json={"setup": choice}).json()
        assert (response["state"], response["timezone"]) == ("active", "America/New_York")
        for unread in ("orders", "contacts", "transactions"):
            offered = {"setup": {"imports": {unread: True}}}
            assert signed_in.patch("/connections/harbour", json=offered).status_code == 422
            assert unread not in response["setup"]["imports"]
        nowhere = signed_in.put("/connections/harbour/target", json={"target": "harbour"})
        assert (nowhere.status_code, "no connected" in nowhere.text) == (422, True)
        assert response["setup"]["imports"]["history_from"] == "2026-01-01"
        ahead = {"setup": {"imports": {"provisional": True}}}
        refused = signed_in.patch("/connections/harbour", json=ahead)
        assert refused.status_code == 422
        assert "Square reports no day before its settlement" in refused.text
        later = {"name": "Harbour 2", "setup": {"imports": {"history_from": None}}}
        renamed = signed_in.patch("/connections/harbour", json=later).json()
        assert (renamed["name"], renamed["slug"]) == ("Harbour 2", "harbour")
        assert renamed["setup"]["step"] == "done"
        assert renamed["setup"]["imports"]["history_from"] is None


def test_a_consent_needs_a_browser(site: Site) -> None:
    with program(site) as client:
        client.post("/connections/pending", json={"platform": "square", "name": "Harbour"})
        refused = client.post("/connections/harbour/consent")
        assert refused.status_code == 403
        assert "browser's session" in refused.json()["error"]
        assert client.post("/confirm", json={"password": PASSWORD}).status_code == 403
        assert client.delete("/connections/harbour").status_code == 200
        assert client.get("/connections/harbour").status_code == 404


def test_one_of_several_shops_is_chosen(site: Site) -> None:
    tiktok, (dresden, dresden_uk) = site.platforms["tiktok"], (shop.id for shop in SHOPS[2:4])
    site.console.accounts.register(platform_named("tiktok"), tiktok.fields(), "test")
    with browser(site) as signed_in:
        new = {"platform": "tiktok", "name": "Dresden", "slug": "shop"}
        signed_in.post("/connections/pending", json=new)
        body = {"fields": tiktok.chosen(dresden)}
        page = signed_in.post("/connections/shop/consent", json=body).json()["url"]
        callback = consent(page, accounts=[tiktok.picks(dresden)])
        accounts, cookie = site.console.accounts, signed_in.cookies["daybook"]
        receive(accounts, platform_named("tiktok"), callback, cookie, "ada")
        choices = signed_in.get("/connections/shop/choices").json()["choices"]
        assert [choice["id"] for choice in choices] == [dresden, dresden_uk]
        undecided = signed_in.post("/connections/shop/check")
        assert (undecided.status_code, "reach several accounts" in undecided.text) == (409, True)
        chosen = signed_in.post("/connections/shop/choose", json={"account": dresden}).json()
        assert (chosen["account"]["id"], chosen["state"]) == (dresden, "active")


def test_entries_go_to_a_connected_organisation(site: Site) -> None:
    store, organisation = connected(site), connected(site, "quickbooks")
    with program(site) as client:
        for target, status in ((organisation, 200), ("books", 200), (store, 422), ("none", 422)):
            answer = client.patch(f"/connections/{store}", json={"setup": {"target": target}})
            assert answer.status_code == status, answer.text
        assert client.post(f"/connections/{organisation}/sync").status_code == 422


def test_credentials_connect_check_and_connect_again(site: Site) -> None:
    square = site.platforms["square"]
    credentials = square.fields() | square.keys(square.first)
    new = {"platform": "square", "name": "Harbour", "credentials": credentials}
    with program(site, "operator") as client:
        added = client.post("/connections", json=new)
        assert added.status_code == 201, added.text
        assert credentials["refresh_token"] not in added.text
        again = client.post("/connections", json=new | {"slug": "harbour-2"})
        assert again.status_code == 422
        assert "is connected already, as Harbour (harbour)" in again.json()["error"]
        assert client.post("/connections/harbour/check").json()["status"] == "never synced"
        square.revoke(square.first)
        square.expire()
        gone = client.post("/connections/harbour/check")
        assert gone.status_code == 409
        assert client.get("/connections/harbour").json()["status"] == "needs reconnection"
        assert client.post("/connections/harbour/sync").status_code == 409
        other = {"credentials": square.keys(square.second)}
        refused = client.post("/connections/harbour/reconnect", json=other)
        assert (refused.status_code, "different store" in refused.text) == (422, True)
        mended = {"credentials": square.keys(square.first)}
        assert client.post("/connections/harbour/reconnect", json=mended).json()["state"] == (
            "active"
        )


def test_disconnecting_asks_for_the_password_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    slug = connected(site)
    with browser(site, "operator") as signed_in:
        assert signed_in.delete(f"/connections/{slug}").status_code == 422
        with monkeypatch.context() as later:
            later.setattr(sessions, "CONFIRMED", timedelta(0))
            refused = signed_in.post(f"/connections/{slug}/disconnect")
        assert (refused.status_code, refused.json()["confirm"]) == (403, True)
        assert site.registry.connections.get(slug).state == "active"
        wrong = signed_in.post("/confirm", json={"password": "wrong"})
        assert (wrong.status_code, wrong.json()["error"]) == (403, "the password is wrong")
        assert signed_in.post("/confirm", json={"password": PASSWORD}).json()["confirmed"]
        gone = signed_in.post(f"/connections/{slug}/disconnect").json()
        assert (gone["connection"]["state"], gone["problem"]) == ("disconnected", None)
        assert "Square is told" in gone["leaving"]
        assert not site.platforms["square"].alive(site.platforms["square"].first)
        entries_too = {"withdraw_entries": True}
        refused = signed_in.delete(f"/connections/{slug}", params=entries_too)
        assert "the role operator may not withdraw documents" in refused.json()["error"]
        removed = signed_in.delete(f"/connections/{slug}")
        assert removed.json() == {"connection": slug, "entries": [], "withdrawn": False}
        for _ in range(5):
            signed_in.post("/confirm", json={"password": "wrong"})
        slowed = signed_in.post("/confirm", json={"password": PASSWORD})
        assert slowed.status_code == 429
        assert int(slowed.headers["retry-after"]) > 0


def test_webhooks_are_shown_set_and_ended(site: Site) -> None:
    connected(site, "square")
    with program(site) as client:
        shown = client.get("/connections/my-square/webhooks").json()
        assert (shown["address"], shown["topics"], shown["has_secret"]) == (None, [], False)
        assert shown["by_hand"].startswith("Developer Console")
        # Nothing reaches a console on loopback.
        refused = client.post("/connections/my-square/webhooks")
        assert (refused.status_code, "DAYBOOK_PUBLIC_URL" in refused.text) == (422, True)
        path = "/connections/my-square/webhooks/secret"
        assert client.put(path, json={"secret": "short"}).status_code == 422
        response = client.put(path, json={"secret": "a signature key"})
        assert response.json()["has_secret"]
        assert "a signature key" not in response.text
        poll = {"setup": {"imports": {"poll_minutes": 15}}}
        changed = client.patch("/connections/my-square", json=poll).json()
        assert changed["setup"]["imports"]["poll_minutes"] == 15
        assert client.delete("/connections/my-square/webhooks").json()["has_secret"] is False
