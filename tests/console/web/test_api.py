"""The API, as a program and a browser use it: roles, errors, pages of lists, whole journeys."""

from pathlib import Path
from typing import get_args

import httpx2
import pytest
import yaml

from connectors.database.registry import Role
from console.roles import PERMISSIONS
from tests.console.user import User
from tests.console.web.api_clients import browser, connected, program, reading
from tests.console.web.conftest import PASSWORD, Site
from tests.console.web.operations import DEEDS


@pytest.mark.parametrize("role", get_args(Role))
def test_each_role_may_do_its_deeds_and_no_others(site: Site, role: Role) -> None:
    with program(site, role) as client:
        for method, path, deed, body in DEEDS:
            where = path.format(
                **{"slug": "nowhere", "name": "nobody", "label": "none", "channel": "nothing"},
                **{"document": "0" * 64, "month": "2026-03", "task": "1"},
            )
            answer = client.request(method, where, json=body)
            if deed in PERMISSIONS[role]:
                assert answer.status_code in {200, 404, 422}, (method, path, answer.text)
            else:
                assert answer.status_code == 403, (method, path, answer.text)
                assert f"the role {role} may not" in answer.json()["error"]


def test_the_document_names_every_operation_and_both_ways_in(site: Site) -> None:
    with program(site) as client:
        document = client.get("/openapi.json").json()
    listed = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert listed == {(method, path) for method, path, _, _ in DEEDS}
    assert document["info"]["title"] == "Daybook"
    schemes = document["components"]["securitySchemes"]
    assert schemes["bearer"]["scheme"] == "bearer"
    assert (schemes["cookie"]["in"], schemes["cookie"]["name"]) == ("cookie", "daybook")
    operations = [item for path in document["paths"].values() for item in path.values()]
    assert all(operation["security"] for operation in operations)
    assert len({operation["operationId"] for operation in operations}) == len(operations)


def test_a_browser_must_show_that_it_means_it(site: Site) -> None:
    slug = connected(site)
    with browser(site) as signed_in:
        token = signed_in.headers.pop("X-CSRF-Token")
        for forged in ({}, {"X-CSRF-Token": "no"}, {"X-CSRF-Token": "é".encode("latin-1")}):
            refused = signed_in.post(f"/connections/{slug}/pause", headers=forged)
            assert refused.status_code == 403
            assert "X-CSRF-Token" in refused.json()["error"]
        # Any other scheme leaves it a browser's request.
        other = {"Authorization": "Basic eDp5"}
        assert signed_in.post(f"/connections/{slug}/pause", headers=other).status_code == 403
        assert signed_in.get("/connections").status_code == 200
        paused = signed_in.post(f"/connections/{slug}/pause", headers={"X-CSRF-Token": token})
        assert paused.json()["status"] == "paused"


def test_connections_are_found_and_come_in_pages(site: Site) -> None:
    for number in range(5):
        site.registry.connections.add(
            f"mugs-{number}",
            channel="amazon",
            name=f"Mugs {number}",
            timezone="UTC",
            actor="test",
        )
    slug = connected(site)
    with program(site, "viewer") as client:

        def search(**filters: object) -> tuple[list[str], int]:
            answer = client.get("/connections", params=filters)
            assert answer.status_code == 200, answer.text
            listed = answer.json()
            return [card["slug"] for card in listed["connections"]], listed["total"]

        assert search(limit=2, offset=3) == (["mugs-3", "mugs-4"], 6)
        assert search(q="mugs 3") == (["mugs-3"], 1)
        assert search(q="harbour coffee") == ([slug], 1)
        assert search(channel="square") == ([slug], 1)
        assert search(state="paused") == ([], 0)
        assert search(status="never synced", channel="square") == ([slug], 1)
        assert client.get("/connections", params={"limit": 0}).status_code == 422
        card = client.get(f"/connections/{slug}").json()
        assert card["account"]["id"] == site.platforms["square"].first
        assert card["account"]["details"]["locations"]
        empty = {"ok": True, "settlements": [], "gaps": [], "books_error": None, "total": 0}
        assert client.get("/settlements").json() == empty


def test_people_and_their_programs(site: Site) -> None:
    with program(site) as client:
        new = {"name": "ada", "password": PASSWORD, "role": "viewer"}
        assert client.post("/users", json=new).json()["role"] == "viewer"
        assert client.post("/users", json=new).status_code == 422
        made = client.post("/users/ada/tokens", json={"label": "sheet"}).json()["token"]
        assert client.post("/users/ada/tokens", json={"label": "sheet"}).status_code == 422
        listed = client.get("/users").json()
        assert [user["name"] for user in listed["users"]] == ["ada", "grace"]
        assert {(t["user"], t["label"]) for t in listed["tokens"]} >= {("ada", "sheet")}
        assert made not in client.get("/users").text
        theirs = {"Authorization": f"Bearer {made}"}
        assert client.get("/me", headers=theirs).json()["may"] == ["read"]
        assert client.put("/users/ada/role", json={"role": "operator"}).status_code == 200
        assert client.get("/me", headers=theirs).json()["may"] == ["connect", "read", "run", "sync"]
        assert client.put("/users/grace/role", json={"role": "viewer"}).status_code == 422
        assert client.delete("/users/ada/tokens/sheet").status_code == 204
        assert client.get("/me", headers=theirs).status_code == 401
        assert client.put("/users/ada/password", json={"password": "x" * 20}).status_code == 204
        assert client.delete("/users/ada").status_code == 204
        assert client.delete("/users/ada").status_code == 404
        deeds = [
            event["action"] for event in client.get("/audit", params={"limit": 3}).json()["events"]
        ]
        assert deeds == ["user.removed", "user.password", "token.removed"]


def test_applications_are_kept_and_never_told(site: Site) -> None:
    fields = site.platforms["etsy"].fields()
    with program(site) as client:
        foreign = client.put("/applications/etsy", json={"fields": {"refresh_token": "x"}})
        assert (foreign.status_code, "no field of an application" in foreign.text) == (422, True)
        response = client.put("/applications/etsy", json={"fields": fields})
        assert response.json()["registered"]
        for answer in (response, client.get("/applications/etsy"), client.get("/applications")):
            assert fields["client_secret"] not in answer.text
        assert client.delete("/applications/etsy").status_code == 204
        assert not client.get("/applications/etsy").json()["registered"]
        assert client.get("/applications/nothing").status_code == 404


def test_what_cannot_be_taken_is_named_field_by_field(site: Site) -> None:
    with program(site) as client:
        response = client.post("/connections/pending", json={"name": "a\nb", "colour": "red"})
        assert response.status_code == 422
        assert set(response.json()) == {"error", "fields"}
        assert set(response.json()["fields"]) == {"platform", "name", "colour"}
        for body in (b"{", b'{"\\ud800": 1}', b"[]", b"\xff"):
            answer = client.post(
                "/users", content=body, headers={"Content-Type": "application/json"}
            )
            assert answer.status_code in {400, 422}
            assert set(answer.json()) <= {"error", "fields"}
        for days in (
            {"from": "2026-02-30"},
            {"from": "12"},
            {"from": "2026-03-02", "to": "2026-03-01"},
        ):
            assert client.get("/journals", params=days).status_code == 422, days
        unknown = client.get("/connections/nowhere")
        assert "there is no connection 'nowhere'" in unknown.json()["error"]
        assert client.get("/journals", params={"connection": "nowhere"}).status_code == 404
        assert client.get("/nothing").json() == {"error": "there is no such address"}
        wrong = client.request("DELETE", "/users")
        assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, POST")


def test_what_a_platform_says_keeps_its_line(site: Site) -> None:
    slug, square = connected(site), site.platforms["square"]
    with program(site) as client:
        square.application.script = iter(["429 7", "503"])
        response = client.post(f"/connections/{slug}/check")
        assert (response.status_code, response.headers["retry-after"]) == (429, "7")
        assert response.json() == {"error": "Square asks us to wait 7 s"}
        failed = client.post(f"/connections/{slug}/check")
        assert (failed.status_code, "try again" in failed.json()["error"]) == (503, True)
        credentials = (
            square.fields() | square.keys(square.second) | {"client_secret": "no such secret"}
        )
        new = {"platform": "square", "name": "Foundry", "credentials": credentials}
        refused = client.post("/connections", json=new)
        assert (refused.status_code, "its client id and secret" in refused.text) == (502, True)


def test_it_tells_what_the_command_line_tells(synced: User) -> None:
    with reading(synced, "operator") as (registry, client):
        assert client.get("/channels").json() == synced("channels", "--json").json
        proofs = synced("reconcile", "--json").json
        response = client.get("/settlements").json()
        assert response == {**proofs, "total": len(proofs["settlements"])}
        mugs = client.get("/settlements", params={"connection": "mugs", "limit": 1}).json()
        assert (mugs["ok"], len(mugs["settlements"]), mugs["total"]) == (True, 1, 2)
        entries = synced("journals", "attic", "--explain", "--json").json["entries"]
        parameters = {"connection": "attic", "explain": True}
        assert client.get("/journals", params=parameters).json()["entries"] == entries
        day = {"connection": "mugs", "from": "2026-03-03", "to": "2026-03-03"}
        listed = client.get("/journals", params=day).json()
        assert (listed["total"], listed["entries"][0]["business_date"]) == (1, "2026-03-03")
        days = client.get("/connections/mugs/days", params={"state": "done", "limit": 2}).json()
        assert (len(days["days"]), days["total"] > 2) == (2, True)
        documents = {
            work["connection"]: work["outcome"] for work in client.get("/activities").json()["last"]
        }
        assert documents == {"mugs": "done", "attic": "done", "crafts": "done"}
        assert client.post("/connections/mugs/sync").json()["days"] == 0
        again = {"from": "2026-03-01", "to": "2026-03-04"}
        asked_for = client.post("/connections/mugs/sync", json=again)
        assert (asked_for.status_code, asked_for.json()["days"]) == (202, 3)
        (event,) = registry.inbox.list()
        assert (event.kind, event.id) == ("request", asked_for.json()["request"])


def test_readiness_is_what_the_terminal_lists(synced: User) -> None:
    with reading(synced, "viewer") as (_, client):
        page = client.get("/journals/readiness", params={"connection": "attic"}).json()
        listed = synced("journals", "attic", "--readiness", "--json").json
        total = len(listed["entries"])
        assert page == {**listed, "target": "books", "total": total}
        cut = {"connection": "attic", "limit": 1, "offset": total - 1}
        (last,) = client.get("/journals/readiness", params=cut).json()["entries"]
        assert last == listed["entries"][-1]
        nowhere = {"connection": "attic", "target": "nowhere"}
        assert client.get("/journals/readiness", params=nowhere).status_code == 422


def test_what_goods_cost_comes_in_as_at_a_terminal(synced: User) -> None:
    with reading(synced, "bookkeeper") as (registry, client):

        def send(path: str, content: bytes, **options: str) -> httpx2.Response:
            binary = {"Content-Type": "application/octet-stream"}
            return client.post(path, content=content, params=options, headers=binary)

        store = registry.connections.list()[0].slug
        missing = client.get("/costs/missing", params={"connection": store}).json()
        listed = synced("costs", "missing", store, "--json").json
        assert missing == {**listed, "total": len(listed["missing"])}
        costs = b"sku,cost,currency,from\nMUG,4.125,USD,2026-01-01\n"
        outcome = send("/costs", costs, connection=store)
        assert outcome.status_code == 202
        days = outcome.json()["days"]
        assert outcome.json() == {
            **{"connection": store, "rows": 1, "changed": 1, "days": days, "waiting": 0}
        }
        assert days > 0
        assert [(c.sku, str(c.cost)) for c in registry.stock.costs(store)] == [("MUG", "4.1250")]
        again = send("/costs", costs, connection=store).json()
        assert (again["changed"], again["days"]) == (0, 0)
        moved = b"date,sku,quantity,kind,reference\n2026-03-02,MUG,1,returned,r1\n"
        assert send("/costs/movements", moved, connection=store).json()["changed"] == 1
        refused = send("/costs", b"sku\nMUG\n", connection=store, file="mugs.csv")
        assert refused.status_code == 422
        assert refused.json()["error"].startswith("mugs.csv: ")
        assert send("/costs", costs, connection="nowhere").status_code == 404
        pulled = client.post("/costs/pull", params={"connection": store})
        assert (pulled.status_code, "states no unit costs" in pulled.json()["error"]) == (422, True)
        assert send("/costs", costs).status_code == 422
        assert send("/costs", b" " * (8 * 1024 * 1024 + 1), connection=store).status_code == 413


def test_statements_and_mappings_come_in_as_at_a_terminal(synced: User, tmp_path: Path) -> None:
    statement = b"Date;Amount;Details\n07.04.2026;2.463,00;AMAZON 20000000002\n"
    with reading(synced, "bookkeeper") as (registry, client):
        binary = {"Content-Type": "application/octet-stream"}

        def send(content: bytes, **options: str) -> httpx2.Response:
            return client.post("/bank/statements", content=content, params=options, headers=binary)

        refused = send(statement, file="april.csv")
        assert refused.json() == {"error": "april.csv: has no column of currencies: add --currency"}
        assert send(statement, currency="usd").status_code == 422
        assert send(b"").status_code == 422
        assert send(b" " * (8 * 1024 * 1024 + 1)).status_code == 413
        first = {"lines": 1, "new": 1, "matched": 1}
        assert send(statement, currency="USD", account="main").json() == first
        file = tmp_path / "april.csv"
        file.write_bytes(statement)
        again = synced("bank", "import", file, "--currency", "USD", "--account", "main", "--json")
        assert again.json == {"lines": 1, "new": 0, "matched": 0}
        dates = [s["bank_date"] for s in client.get("/settlements").json()["settlements"]]
        assert "2026-04-07" in dates
        new = {"mapping": {"accounts": {"sales": "Income:Sold"}}, "reason": "ours"}
        assert client.put("/mappings", json=new).json()["version"] == 1
        document = client.get("/mappings/export").json()
        assert synced("mappings", "export", "--to", tmp_path / "all.yaml").code == 0
        assert yaml.safe_load((tmp_path / "all.yaml").read_text()) == document
        (saved,) = client.post("/mappings/import", json=document).json()["mappings"]
        assert (saved["connection"], saved["target"], saved["version"]) == (None, "books", 1)
        document["mappings"][0]["mapping"]["accounts"]["sales"] = "Income:Elsewhere"
        document["mappings"].append({"connection": "nowhere", "mapping": {}})
        nowhere = client.post("/mappings/import", json=document)
        assert (nowhere.status_code, "nowhere" in nowhere.json()["error"]) == (422, True)
        # Nothing of a document is saved that names what is not there.
        assert client.get("/mappings").json()["version"] == 1
        twice = {"mappings": document["mappings"][:1] * 2}
        refused = client.post("/mappings/import", json=twice)
        assert "the file has 2 mappings of every store at books" in refused.json()["error"]
        for odd in ({"version": True}, {"mappings": [{"mapping": {}, "effective_from": 1}]}):
            assert client.post("/mappings/import", json={**document, **odd}).status_code == 422
        assert client.post("/months/2026-03/close", json={"despite_open": "yes"}).status_code == 422
        imports = [e.actor for e in registry.audit.list() if e.action == "bank.imported"]
        assert len(imports) == 2
        assert "ada" in imports
