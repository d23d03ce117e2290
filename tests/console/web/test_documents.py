"""Documents through the API: listed, and withdrawn by whoever keeps the books."""

from pathlib import Path

from connectors.channels import channel
from pipelines.stages.imports import import_file, open_connection
from pipelines.stages.workspace import Workspace
from tests.console.conftest import settlement
from tests.console.web.api_clients import program
from tests.console.web.conftest import Site

REASON = {"reason": "it is of another store"}


def test_a_document_is_withdrawn_by_a_bookkeeper(site: Site, tmp_path: Path) -> None:
    opened = Workspace(site.console.settings, site.registry)
    path = tmp_path / "march.txt"
    path.write_text(settlement())
    amazon = channel("amazon")
    target = open_connection(opened, amazon, "mugs", timezone="UTC", name="Mugs")
    (taken,) = import_file(opened, amazon, target, path)
    address = f"/connections/mugs/documents/{taken.manifest.document}"
    with program(site, "operator") as client:
        (listed,) = client.get("/connections/mugs/documents").json()["documents"]
        assert (listed["file"], listed["state"], listed["origin"]) == (
            *("march.txt", "effective"),
            "file",
        )
        assert client.get(address).json() == listed
        refused = client.post(f"{address}/withdraw", json=REASON)
        assert refused.status_code == 403
        assert "the role operator may not withdraw documents" in refused.json()["error"]
    with program(site, "bookkeeper", "ben") as client:
        assert client.post(f"{address}/withdraw", json={"reason": " "}).status_code == 422
        response = client.post(f"{address}/withdraw", json=REASON)
        assert response.status_code == 202, response.text
        withdrawn = response.json()["document"]
        assert (withdrawn["state"], response.json()["fallback"]) == ("withdrawn", None)
        assert (withdrawn["withdrawn"]["by"], response.json()["days"]) == ("ben", len(taken.days))
        missing = address[:-1] + ("0" if address[-1] != "0" else "1")
        assert client.get(missing).status_code == 404
    assert opened.lake.effective_documents("mugs") == []
    actions = {e.action for e in site.registry.audit.list() if e.actor == "ben"}
    assert actions == {"document.withdrawn", "days.requested"}
