"""The set-up asks what a platform does not say, and keeps every choice whatever is answered."""

import re

from playwright.sync_api import Browser, Page, expect

from connectors.accounts.platforms import platform_named
from tests.browser.conftest import Site, shot, sign_in
from tests.browser.test_journey import allow, choose, give_name, pick

IMPORTS = "What should Daybook import?"


def test_a_time_zone_is_asked_where_the_platform_says_none(chromium: Browser, site: Site) -> None:
    """By consent, by keys, and of one of several shops; the browser's own is proposed."""
    context = chromium.new_context(timezone_id="America/Denver", reduced_motion="reduce")
    page = context.new_page()
    sign_in(page, site)
    etsy, american = platform_named("etsy"), site.platforms["etsy"].american  # type: ignore[attr-defined]
    pick(page, etsy)
    give_name(page, "My shop")
    choose(page, etsy, {})
    allow(page, american)
    zone = page.get_by_label("Time zone")
    expect(zone).to_have_value("America/Denver (UTC-07:00)")
    shot(page, "time-zone")
    page.goto(site.url)
    page.get_by_role("link", name="Finish set-up").click()
    expect(zone).to_have_value("America/Denver (UTC-07:00)")
    zone.fill("Phoenix")
    page.get_by_role("option", name="America/Phoenix").click()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text(IMPORTS)).to_be_visible()
    assert site.registry.connections.get("my-shop").timezone == "America/Phoenix"

    ebay, emulator = platform_named("ebay"), site.platforms["ebay"]
    page.goto(f"{site.url}/setup?platform=ebay")
    give_name(page, "My keys")
    page.get_by_role("radio", name="Enter keys or tokens").click()
    token = emulator.keys(emulator.american)["refresh_token"]  # type: ignore[attr-defined]
    page.get_by_label("Refresh token").fill(token)
    page.get_by_role("button", name="Continue").click()
    expect(zone).to_have_value("America/Denver (UTC-07:00)")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text(IMPORTS)).to_be_visible()
    assert site.registry.connections.get("my-keys").timezone == "America/Denver"
    assert ebay.name == site.registry.connections.get("my-keys").channel
    context.close()


def test_choices_outlast_a_no_and_a_closed_consent(page: Page, site: Site) -> None:
    """A region that was chosen stays chosen, and none is chosen for anybody."""
    platform, emulator = platform_named("amazon"), site.platforms["amazon"]
    pick(page, platform)
    give_name(page, "My shop")
    region = page.get_by_label("Region")
    expect(region).to_have_value("")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Choose: Region")).to_be_visible()
    choose(page, platform, {"region": "europe"})
    page.get_by_role("button", name="Deny").click()
    page.get_by_role("link", name="Try again").click()
    expect(page.get_by_text("Region: Europe")).to_be_visible()
    page.get_by_role("button", name="Back").click()
    expect(region).to_have_value(re.compile("^Europe"))
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Sandbox: this is not")).to_be_visible()
    page.goto(site.url)
    page.get_by_role("link", name="Finish set-up").click()
    page.get_by_role("button", name="Go to Amazon").click()
    allow(page, emulator.picks(emulator.first))
    expect(page.get_by_text(IMPORTS)).to_be_visible()
    assert site.registry.connections.get("my-shop").fields["region"] == "europe"


def test_an_organisation_that_was_to_be_chosen_is_asked_for_again(page: Page, site: Site) -> None:
    platform = platform_named("xero")
    pick(page, platform)
    give_name(page, "My books")
    choose(page, platform, {})
    page.get_by_role("checkbox", name="Kiwi Wares").uncheck()
    page.get_by_role("button", name="Allow").click()
    question = page.get_by_text("Which one is this connection?")
    expect(question).to_be_visible()
    page.goto(site.url)
    page.get_by_role("link", name="Finish set-up").click()
    expect(question).to_be_visible()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Choose one of them")).to_be_visible()
    page.get_by_role("radio", name="Harbour Gifts Pty").click()
    page.get_by_role("button", name="Continue").click()
    expect(question).to_be_hidden()
    assert site.registry.connections.get("my-books").account["name"] == "Harbour Gifts Pty"


def test_own_keys_are_typed_where_an_application_is_registered(page: Page, site: Site) -> None:
    emulator = site.platforms["walmart"]
    pick(page, platform_named("walmart"))
    give_name(page, "My shop")
    page.get_by_role("radio", name="Enter keys or tokens").click()
    expect(page.get_by_role("textbox", name="Client ID")).to_have_count(0)
    page.get_by_role("radio", name="Enter your own Client ID and keys").click()
    keys = emulator.keys(emulator.first)
    page.get_by_role("textbox", name="Client ID").fill(keys["client_id"])
    page.get_by_role("textbox", name="Client secret").fill(keys["client_secret"])
    page.get_by_role("textbox", name="Partner ID").fill(keys["seller_id"])
    shot(page, "own-keys")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text(IMPORTS)).to_be_visible()
    assert site.registry.connections.get("my-shop").account_id == emulator.first
