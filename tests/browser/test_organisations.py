"""An organisation has its own short way in, and a store's entries are sent there at any time."""

from playwright.sync_api import Page, expect

from connectors.accounts.platforms import platform_named
from tests.browser.conftest import Site, shot
from tests.browser.test_journey import allow, choose, give_name
from tests.browser.test_pages import connected, nothing_wrong


def test_an_organisation_is_connected_from_a_store_and_chosen(page: Page, site: Site) -> None:
    connected(page, site)
    xero, emulator = platform_named("xero"), site.platforms["xero"]
    page.goto(f"{site.url}/setup/my-shop?step=accounting")
    page.get_by_role("link", name="Connect Xero").click()
    give_name(page, "Our books")
    expect(page.get_by_role("listitem").filter(has_text="Import")).to_have_count(0)
    choose(page, xero, {})
    allow(page, emulator.picks(emulator.first))
    expect(page.get_by_text("is connected.")).to_be_visible()
    shot(page, "organisation-done")
    page.get_by_role("link", name="Continue the store's set-up").click()
    expect(page.get_by_role("radio", name="Xero: Our books")).to_be_checked()
    page.get_by_role("button", name="Finish").click()
    books_card = page.locator('[data-slug="our-books"]')
    expect(books_card).to_contain_text("Connected")
    expect(books_card).not_to_contain_text("Never synced")
    assert site.registry.connections.get("my-shop").setup["target"] == "our-books"

    page.get_by_role("button", name="Actions for Our books").click()
    expect(page.get_by_role("menuitem", name="Import settings")).to_have_count(0)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Actions for My shop").click()
    page.get_by_role("menuitem", name="Accounting…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("radio", name="Xero: Our books")).to_be_checked()
    page.emulate_media(reduced_motion="reduce")
    shot(page, "target")
    nothing_wrong(page)
    dialog.get_by_role("radio", name="The books").click()
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").filter(has_text="entries go to").first).to_be_visible()
    assert site.registry.connections.get("my-shop").setup["target"] == "books"
