"""eBay: what connecting says and hears is what its Identity and Finances documents say."""

import re
from pathlib import Path

from connectors.home.settings import Settings
from mappings.channels import classify
from mappings.model import UNCLASSIFIED
from tests.channels.stores import store
from tests.connectors.accounts.platforms import desk
from tests.connectors.channels.ebay_calls import payouts
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


def test_syncs_speak_the_contract(quick_home: Settings, tmp_path: Path, specs: Path) -> None:
    with store("ebay", quick_home, tmp_path) as at:
        at.sync()
        heard = [e for e in at.exchanges if e.path.startswith("/sell/finances")]
    finances = document(specs / "ebay" / FINANCES)
    requests = checked(finances, heard, "/sell/finances/v1")
    assert {"GET /payout 200", "GET /transaction 200"} <= requests
    assert any(operation.startswith("GET /payout/5") for operation in requests)


def test_every_transaction_type_of_the_contract_has_a_place(specs: Path) -> None:
    """The summary's fields name the transaction types, which eBay writes as words."""
    contract = (specs / "ebay" / FINANCES).read_text()
    words = {f"{word}" for word in re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", contract)}
    types = {"SALE", "REFUND", "CREDIT", "DISPUTE", "SHIPPING_LABEL", "TRANSFER", "LOAN_REPAYMENT"}
    types |= {"WITHDRAWAL", "PURCHASE", "ADJUSTMENT", "BALANCE_TRANSFER"}
    assert {"SHIPPING_LABEL", "NON_SALE_CHARGE", "LOAN_REPAYMENT"} <= words
    assert all(c.category != UNCLASSIFIED for c in classify("ebay", types))
    fees = {word for word in words if word.endswith(("_FEE", "_FEES"))}
    placed = {f: classify("ebay", [f"NON_SALE_CHARGE / {f}"])[0].category for f in fees}
    assert {f for f, category in placed.items() if category == UNCLASSIFIED} == set()
