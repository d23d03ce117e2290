"""An unmapped source type: listed, mapped through the API, and its day computed again."""

from collections.abc import Iterator
from contextlib import ExitStack

import httpx2
import pytest

from connectors.errors import BadInput
from console.cards import card
from console.web.app import build, default_parts
from console.web.context import Console
from console.web.sessions import Sessions
from mappings.journal.config import MappingConfig
from pipelines.stages.mapping_changes import assign_category, save_mapping
from pipelines.stages.workspace import Workspace
from sandbox.browser import NO_TLS
from sandbox.server import bound, serving
from tests.console.conftest import HELD, WORD
from tests.console.user import User

HOLDS = "je:attic:2026-03-03:USD"


@pytest.fixture
def opened(synced: User) -> Iterator[Workspace]:
    with synced.opened() as workspace:
        yield workspace


@pytest.fixture
def client(opened: Workspace) -> Iterator[httpx2.Client]:
    """A bookkeeper's program."""
    registry = opened.registry
    registry.users.add("ben", "x", "bookkeeper", "test")
    token = Sessions(registry).new_token("ben", "test", "test")
    with ExitStack() as stack:
        served = build(Console(opened.settings, registry), default_parts())
        url = stack.enter_context(serving(served, bound()))
        asking = stack.enter_context(
            httpx2.Client(base_url=f"{url}/api/v1", timeout=60, verify=NO_TLS)
        )
        asking.headers["Authorization"] = f"Bearer {token}"
        yield asking


def test_a_bookkeeper_maps_a_source_type_and_its_entry_goes_out(
    synced: User, client: httpx2.Client
) -> None:
    page = client.get("/mappings/source-types").json()
    (source_type,), (printed,) = (
        page["source_types"],
        synced("mappings", "source-types", "--json").json["source_types"],
    )
    assert source_type == printed | {"first_seen": printed["first_seen"].replace("+00:00", "Z")}
    assert page["total"] == 1
    assert (source_type["totals"], source_type["held"]) == ({"USD": "-1.2500"}, [HOLDS])
    assert (source_type["first_day"], source_type["last_day"]) == ("2026-03-03", "2026-03-03")
    assert (
        client.get("/mappings/source-types", params={"connection": "mugs"}).json()["source_types"]
        == []
    )
    attic = client.get("/connections/attic").json()
    assert (attic["status"], attic["action"], attic["unmapped_source_types"]) == (
        "held",
        "map",
        1,
    )
    assert attic["why"] == HELD

    def mapped(source_type: str, category: str) -> httpx2.Response:
        body = {"source_type": source_type, "category": category}
        return client.post("/connections/attic/source-types", json=body)

    wrong = mapped(WORD, "unclassified")
    assert (wrong.status_code, set(wrong.json()["fields"])) == (422, {"category"})
    wrong = mapped("Order / Nothing", "fee.other")
    assert (wrong.status_code, set(wrong.json()["fields"])) == (422, {"source_type"})
    accepted = mapped(WORD, "fee.other")
    assert (accepted.status_code, accepted.json()["version"], accepted.json()["days"] > 1) == (
        202,
        1,
        True,
    )

    assert client.get("/mappings/source-types").json()["source_types"] == []
    attic = client.get("/connections/attic").json()
    assert (attic["status"], attic["action"], attic["unmapped_source_types"]) == (
        "held",
        "sync now",
        0,
    )
    assert "Every source type is mapped now" in attic["why"]
    assert synced("sync", "attic").code == 0
    attic = client.get("/connections/attic").json()
    assert (attic["status"], attic["action"]) == ("up to date", "sync now")
    day = {"connection": "attic", "from": "2026-03-03", "to": "2026-03-03"}
    (entry,) = client.get("/journals", params=day).json()["entries"]
    assert (entry["state"], entry["message"]) == ("posted", None)
    with synced.opened() as workspace:
        deeds = {(deed.actor, deed.action) for deed in workspace.registry.audit.list(50)}
    assert {("ben", "mapping.saved"), ("ben", "days.requested")} <= deeds


def test_placing_changes_one_store_and_keeps_what_the_house_decided(opened: Workspace) -> None:
    registry = opened.registry
    house = MappingConfig.model_validate({"accounts": {"sales": "Income:Shop"}})
    save_mapping(opened, house, None, "test")
    attic = registry.connections.get("attic")
    assign_category(opened, attic, WORD, "fee.other", "test")
    saved = registry.mappings.latest()
    assert saved[None].document == house.model_dump(mode="json")
    own = saved["attic"].document
    assert own["accounts"] == {"sales": "Income:Shop"}
    assert own["source_types"] == {"amazon": {WORD: "fee.other"}}
    assert card(registry, "attic").unmapped_source_types == 0
    assert assign_category(opened, attic, WORD, "fee.storage", "test").version == 2
    with pytest.raises(BadInput, match="the mapping was changed meanwhile"):
        save_mapping(opened, house, "attic", "test", after=1)
