"""A seller's journey through the console, at every platform: connect, break, mend, leave."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from connectors.accounts.platform import Platform
from connectors.accounts.platforms import platform_named
from connectors.channels import CHANNELS
from sandbox.platforms import EMULATORS
from tests.browser.conftest import Site
from tests.days import days_ago

SYNCED = {name for name, found in CHANNELS.items() if found.read is not None}


def pick(page: Page, channel: Platform) -> None:
    page.get_by_role("button", name="Connect").first.click()
    page.get_by_role("dialog").get_by_role("link", name=channel.title, exact=True).click()
    expect(page.get_by_role("heading", name=f"Connect {channel.title}")).to_be_visible()


def give_name(page: Page, name: str) -> None:
    page.get_by_label("Name of this connection").fill(name)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("listitem").filter(has_text="2. Account")).to_have_attribute(
        "aria-current", "step"
    )


def choose(page: Page, channel: Platform, chosen: dict[str, str]) -> None:
    """What the platform asks before it authorises."""
    for field in channel.account:
        if field.name not in chosen:
            continue
        if field.options:
            page.get_by_label(field.title).click()
            page.get_by_role("option", name=field.options[chosen[field.name]], exact=True).click()
        else:
            page.get_by_role("textbox", name=field.title).fill(chosen[field.name])
    page.get_by_role("button", name="Continue").click()


def allow(page: Page, picks: str) -> None:
    """The platform's own page."""
    expect(page.get_by_text("Sandbox: this is not")).to_be_visible()
    option = page.locator(f'input[name="account"][value="{picks}"]')
    for box in page.locator('input[name="account"]').all():
        if box.get_attribute("type") == "checkbox":
            box.uncheck()
    if option.count():
        option.check()
    page.get_by_role("button", name="Allow").click()


def finish(page: Page, channel: Platform) -> None:
    if channel.kind == "accounting":
        expect(page.get_by_text("is connected.")).to_be_visible()
        page.get_by_role("link", name="Back to Connected Stores").click()
        return
    expect(page.get_by_text("What should Daybook import?")).to_be_visible()
    page.get_by_label("History from").fill(f"{days_ago(6)}")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Finish").click()
    message = "Your store has been connected and authorized successfully!"
    expect(page.get_by_role("status").filter(has_text=message).first).to_be_visible()


def sync(page: Page, site: Site) -> None:
    """Asked for on the card; the daemon's work is done here, as no daemon runs."""
    shop_card = page.locator('[data-slug="my-shop"]')
    expect(shop_card).to_contain_text("Never synced")
    shop_card.get_by_role("button", name="Sync now").click()
    expect(page.get_by_role("status").filter(has_text="syncing its account").first).to_be_visible()
    scheduled = site.registry.sync_schedule.by_connection()["my-shop"]
    assert scheduled.at <= datetime.now(UTC)
    site.work("my-shop")
    page.goto(site.url)
    expect(shop_card).to_contain_text("Next sync")


@pytest.mark.parametrize("name", sorted(EMULATORS))
def test_a_store_is_connected_breaks_is_mended_and_let_go(
    page: Page, site: Site, name: str
) -> None:
    channel, emulator = platform_named(name), site.platforms[name]
    first = emulator.first
    expect(page.get_by_text("No stores connected yet")).to_be_visible()
    pick(page, channel)
    give_name(page, "My shop")
    choose(page, channel, emulator.chosen(first))
    allow(page, emulator.picks(first))
    finish(page, channel)
    shop_card = page.locator('[data-slug="my-shop"]')
    expect(shop_card).to_contain_text(first)
    assert site.registry.connections.get("my-shop").account_id == first
    if name in SYNCED:
        sync(page, site)

    emulator.revoke(first)
    with pytest.raises(Exception, match="connect it again"):
        site.accounts.check("my-shop", actor="test")
    page.goto(site.url)
    expect(shop_card).to_contain_text("Needs reconnection")
    shop_card.get_by_role("link", name="Reconnect").click()
    choose(page, channel, emulator.chosen(first))
    allow(page, emulator.picks(first))
    expect(page.get_by_text("is authorised").first).to_be_visible()
    assert site.registry.connections.get("my-shop").state == "active"

    page.goto(f"{site.url}/setup/my-shop?again=1")
    choose(page, channel, emulator.chosen(emulator.second))
    allow(page, emulator.picks(emulator.second))
    expect(page.get_by_text("different store")).to_be_visible()
    page.get_by_role("link", name="Back to Connected Stores").click()

    page.get_by_role("button", name="Actions for My shop").click()
    page.get_by_role("menuitem", name="Disconnect").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("note")).to_contain_text(channel.leaving)
    dialog.get_by_role("button", name="Disconnect").click()
    if channel.revoke is None:
        yours = page.get_by_role("status").filter(has_text="remove Daybook's access yourself")
        expect(yours.first).to_contain_text(channel.revocation)
    expect(page.get_by_role("status").filter(has_text="disconnected").first).to_be_visible()
    expect(shop_card).to_contain_text("Disconnected")
    assert site.accounts.vault.read("my-shop") == {}
