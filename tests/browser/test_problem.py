"""A card that failed says why to everybody, leads to the run, and starts the work again."""

from pathlib import Path

from playwright.sync_api import Page, expect

from connectors.channels import channel
from pipelines.stages.imports import import_file, open_connection
from pipelines.stages.workspace import Workspace
from tests.browser.conftest import HASH, PASSWORD, Site, shot
from tests.browser.test_pages import nothing_wrong
from tests.console.conftest import settlement
from tests.inbox import finish_all


def test_a_failure_is_explained_and_tried_again(page: Page, site: Site, tmp_path: Path) -> None:
    file = tmp_path / "attic.txt"
    file.write_text(settlement())
    workspace, amazon = Workspace(site.settings, site.registry), channel("amazon")
    target = open_connection(workspace, amazon, "attic", timezone="UTC", name="Attic")
    assert list(import_file(workspace, amazon, target, file))
    raw = (site.settings.lake_folder / "raw").rglob("*.zst")
    (stored,) = raw
    attic_card = page.locator('[data-slug="attic"]')
    whole = stored.read_bytes()
    stored.write_bytes(b"damaged")
    site.work("attic", ok=False)
    finish_all(site.registry)

    page.goto(site.url)
    expect(attic_card).to_contain_text("Error")
    attic_card.get_by_role("link", name="See why").click()
    expect(page.get_by_role("heading", name="Attic: what went wrong")).to_be_visible()
    expect(page.get_by_role("table", name="Days that failed")).to_contain_text("3 Mar 2026")
    failure = site.registry.activities.latest_failures()["attic"]
    assert failure.run is not None
    link = page.get_by_role("link", name="Open the run")
    assert link.get_attribute("href") == f"/dagster/runs/{failure.run}"
    page.emulate_media(reduced_motion="reduce")
    shot(page, "problem")
    nothing_wrong(page)

    site.registry.users.add("ben", HASH, "bookkeeper", "test")
    page.goto(site.url)
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Name").fill("ben")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    attic_card.get_by_role("link", name="See why").click()
    expect(page.get_by_role("table", name="Days that failed")).to_be_visible()
    expect(link).to_have_count(0)
    page.goto(site.url)
    stored.write_bytes(whole)
    attic_card.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("status").filter(has_text="trying again").first).to_be_visible()
    (event,) = site.registry.inbox.list()
    assert event.kind == "request"
    site.work("attic")
    finish_all(site.registry)
    page.goto(site.url)
    expect(attic_card).to_contain_text("Not in the books")
    shot(page, "not-in-the-books")
