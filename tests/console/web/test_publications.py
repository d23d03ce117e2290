"""Entries at their targets through the API: listed, approved, left out, released, with the name."""

from datetime import date, timedelta

from connectors.accounts.setup import Setup
from connectors.database.registry import PlannedEntry
from tests.console.web.api_clients import program
from tests.console.web.conftest import Site

FIRST = date(2026, 3, 2)


def test_drafts_are_decided_about_by_those_who_may(site: Site) -> None:
    registry = site.registry
    registry.connections.add("mugs", channel="amazon", name="M", timezone="UTC", actor="test")
    registry.connections.add(
        "acme", channel="files", name="Acme", timezone="UTC", kind="api", actor="test"
    )
    registry.connections.pin_account("acme", "acme", {"name": "Acme"}, {}, "UTC", "test")
    registry.connections.set_posting("acme", FIRST, "test")
    chosen = Setup(step="done", target="acme").model_dump(mode="json")
    registry.connections.set_setup("mugs", chosen, "test")
    days = [FIRST + timedelta(days=n) for n in range(4)]
    rows = [PlannedEntry("mugs", day, "USD", f"je:mugs:{day}:USD", "a") for day in days]
    registry.publications.plan("acme", rows, needs_approval=True)
    with program(site) as client:

        def states(**filters: str) -> list[str]:
            page = client.get("/publications", params={"target": "acme", **filters}).json()
            return [entry["state"] for entry in page["publications"]]

        assert states() == ["draft"] * 4
        one = {"entry": f"je:mugs:{FIRST}:USD", "despite_other_entries": True}
        answer = client.post("/connections/mugs/approvals", json=one)
        assert answer.json() == {"approved": [one["entry"]], "others": []}
        both = {**one, "from": str(FIRST)}
        assert client.post("/connections/mugs/approvals", json=both).status_code == 422
        since = {"automatic_from": str(days[2]), "despite_other_entries": True}
        assert len(client.post("/connections/mugs/approvals", json=since).json()["approved"]) == 2
        assert states() == ["planned", "draft", "planned", "planned"]
        out = {"choice": "left_out", "reason": "sample", "from": str(days[1]), "to": str(days[1])}
        left = client.post("/connections/mugs/entry-choices", json=out)
        assert left.json() == {"entries": [f"je:mugs:{days[1]}:USD"]}
        assert states(state="left_out") == ["left_out"]
        released = client.post("/connections/mugs/releases", json={"from": str(days[1])}).json()
        assert released == {"released": [f"je:mugs:{days[1]}:USD"]}
        # No transaction supports the day here, so that its release plans nothing.
        assert states() == ["planned"] * 3
        nothing = client.post("/connections/mugs/roll-backs", json={"reason": "x"})
        assert "name an entry, a settlement, or days" in nothing.json()["error"]
        assert client.get("/closed-books").json() == {"closed": []}
        closing = client.post("/months/2026-03/close", json={"connections": ["mugs"]}).json()
        assert (closing["ok"], len(closing["open"])) == (False, 3)
        assert client.post("/months/2026-13/close", json={}).status_code == 422
    actions = {event.action for event in registry.audit.list() if event.actor == "grace"}
    assert {"entries.approved", "entries.automatic", "entries.left_out"} <= actions
