"""eBay: the RuName in the place of an address, and sellers whose time zone is not known."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.accounts.account_choice import Undecided
from connectors.accounts.authorisations import begin
from connectors.home.settings import Settings
from sandbox.ebay import RU_NAME, EBay
from tests.connectors.accounts.platforms import desk


def test_the_page_is_asked_for_with_the_runame(quick_home: Settings, tmp_path: Path) -> None:
    with desk("ebay", quick_home, tmp_path) as at:
        at.register_application()
        at.registry.connections.add(
            "shop", channel="ebay", name="Shop", timezone="UTC", kind="api", actor="test"
        )
        page = begin(at.accounts, "shop", {}, "browser")
    query = parse_qs(urlsplit(page).query)
    assert query["redirect_uri"] == [RU_NAME]
    assert "https://api.ebay.com/oauth/api_scope/sell.finances" in query["scope"][0].split(" ")


def test_a_seller_in_the_united_states_chooses_a_time_zone(
    quick_home: Settings, tmp_path: Path
) -> None:
    with desk("ebay", quick_home, tmp_path) as at:
        assert isinstance(at.emulator, EBay)
        with pytest.raises(Undecided, match="time zone"):
            at.add(at.emulator.american)
        checked = at.accounts.check("my-shop", timezone="America/Chicago", actor="test")
    assert (checked.state, checked.timezone) == ("active", "America/Chicago")
    assert (checked.account["country"], checked.account["currency"]) == ("US", "USD")
    assert checked.fields["marketplace"] == "EBAY_US"
