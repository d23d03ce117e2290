"""eBay: what connecting says and hears is what its Identity and Finances documents say."""

from pathlib import Path

from connectors.settings import Settings
from tests.connectors.channels.ebay_calls import payouts
from tests.connectors.platforms import desk
from tests.contract.openapi import checked, document

IDENTITY = "commerce_identity_v1_oas3.json"
FINANCES = "api-evangelist_ebay-finances-openapi-original.yml"


def test_connecting_speaks_the_contract(quick_home: Settings, tmp_path: Path, specs: Path) -> None:
    with desk("ebay", quick_home, tmp_path) as at:
        at.whole_round()
        payouts(at, at.add(at.emulator.second))
    heard = at.emulator.application.exchanges
    identity = document(specs / "ebay" / IDENTITY)
    assert checked(identity, heard, "/commerce/identity/v1") == {"GET /user/ 200", "GET /user/ 401"}
    finances = document(specs / "ebay" / FINANCES)
    assert checked(finances, heard, "/sell/finances/v1") == {"GET /payout 200"}
