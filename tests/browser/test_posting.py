"""Posting is switched on an organisation's card, by keyboard, with the password given again."""

from playwright.sync_api import Locator, Page, expect
from sqlalchemy import text

from tests.browser.conftest import PASSWORD, Site, shot
from tests.browser.test_pages import connected, nothing_wrong

LATER = "UPDATE registry.sessions SET confirmed_at = now() - interval '1h'"


def test_posting_is_switched_on_a_card(page: Page, site: Site) -> None:
    connected(page, site, "xero")
    shop_card = page.locator('[data-slug="my-shop"]')
    expect(shop_card).to_contain_text("Posting: off")
    with site.registry.connections._transaction() as session:
        session.execute(text(LATER))
    page.emulate_media(reduced_motion="reduce")
    dialog = open_dialog(page)
    expect(dialog.get_by_label("Post from")).to_be_focused()
    shot(page, "posting")
    for day, message in (("", "Give a day such as"), ("1999-01-01", "is before 2015-01-01")):
        dialog.get_by_label("Post from").fill(day)
        dialog.get_by_role("button", name="Turn on").click()
        expect(dialog.get_by_text(message)).to_be_visible()
    nothing_wrong(page)
    dialog.get_by_label("Post from").fill("2026-12-01")
    dialog.get_by_role("button", name="Turn on").press("Enter")
    typed = page.get_by_label("Password")
    expect(typed).to_be_focused()
    typed.fill("wrong password")
    typed.press("Enter")
    expect(page.get_by_text("the password is wrong")).to_be_visible()
    expect(shop_card).to_contain_text("Posting: off")
    typed.fill(PASSWORD)
    typed.press("Enter")
    expect(
        page.get_by_role("status").filter(has_text="posting from 1 December 2026")
    ).to_be_visible()
    expect(shop_card).to_contain_text("Posting from 1 December 2026")
    dialog = open_dialog(page)
    expect(dialog.get_by_label("Post from")).to_have_value("2026-12-01")
    dialog.get_by_role("button", name="Turn off").click()
    expect(shop_card).to_contain_text("Posting: off")
    page.goto(f"{site.url}/audit")
    expect(page.get_by_role("cell", name='to: "2026-12-01", from: "off"')).to_be_visible()


def open_dialog(page: Page) -> Locator:
    page.get_by_role("button", name="Actions for").click()
    page.get_by_role("menuitem", name="Posting…").click()
    return page.get_by_role("dialog").filter(has_text="Posting to My shop")
