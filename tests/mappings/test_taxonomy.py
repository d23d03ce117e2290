"""The taxonomy, the chart and the channels' tables speak of the same things."""

import json
import re
from importlib.resources import files

import pytest

from connectors.channels import CHANNELS
from mappings.channels import rules
from mappings.journal.config import MappingConfig, through
from mappings.model import CLEARING, UNCLASSIFIED
from mappings.taxonomy import categories, chart

# The taxonomy of the accounting reference; cost of goods comes with inventory, not with channels.
REFERENCE = """
sales.principal sales.shipping sales.gift_wrap sales.other_charge discount.seller
discount.platform_funded refund.principal refund.shipping refund.gift_wrap refund.goodwill
refund.restocking_fee tax.seller_collected tax.facilitator_in tax.facilitator_out tax.on_fees
tax.withheld_income fee.referral fee.referral_refund fee.refund_admin fee.closing_fixed
fee.payment_processing fee.fulfilment fee.storage fee.storage_aged fee.inbound
fee.removal_disposal fee.return_processing fee.shipping_label fee.shipping_chargeback
fee.subscription fee.listing fee.international fee.regulatory fee.dispute fee.performance
fee.affiliate fee.advertising fee.promotion_program fee.other fee.adjustment
reimbursement.inventory reimbursement.clawback reimbursement.claim dispute.chargeback
dispute.reversal dispute.hold dispute.hold_release reserve.held reserve.released loan.advance
loan.repayment loan.fee giftcard.sold giftcard.redeemed storecredit.issued storecredit.used tip
cash.on_delivery pos.cash gateway.external fx.conversion fx.fee transfer.payout
transfer.payout_failed transfer.payout_fee transfer.seller_topup transfer.internal
carried_forward rounding unclassified
"""
# What goods cost, which no channel knows.
GOODS = "cogs inventory inventory.written_off"
# Tax that no channel states: split out of prices and fees by rules.
SPLIT = "tax.contained tax.oss tax.contained_in_fees tax.self_accounted tax.self_deducted"
BALANCE_SHEET = (
    f"{SPLIT} "
    "transfer.payout transfer.payout_failed transfer.seller_topup transfer.internal reserve.held "
    "reserve.released carried_forward tax.seller_collected tax.facilitator_in tax.facilitator_out "
    "tax.withheld_income loan.advance loan.repayment giftcard.sold unclassified"
)


def test_the_taxonomy_is_the_references() -> None:
    assert sorted(categories()) == sorted([*REFERENCE.split(), *SPLIT.split(), *GOODS.split()])


def test_every_category_has_a_side_an_account_and_a_meaning() -> None:
    roles = chart("books")
    for category in categories().values():
        assert category.side in {"debit", "credit"}
        assert category.role in roles, category.name
        assert category.meaning.strip()


def test_every_account_of_the_chart_is_used_and_one_of_beancounts() -> None:
    used = {category.role for category in categories().values()} | {CLEARING}
    assert used == set(chart("books"))
    config = MappingConfig()
    root = re.compile(r"(Assets|Liabilities|Equity|Income|Expenses)(:[A-Z0-9][A-Za-z0-9-]*)+")
    for role in used:
        account = config.account(role, "amazon-uk").replace("{gateway}", through("ppcp-gateway"))
        assert root.fullmatch(account), role


@pytest.mark.parametrize("category", BALANCE_SHEET.split())
def test_money_that_only_moves_never_reaches_profit_or_loss(category: str) -> None:
    account = MappingConfig().account(categories()[category].role, "store")
    assert account.startswith(("Assets:", "Liabilities:"))


def test_pairs_that_must_net_to_zero_share_an_account() -> None:
    for one, other in (
        ("tax.facilitator_in", "tax.facilitator_out"),
        ("reserve.held", "reserve.released"),
        ("fee.referral", "fee.referral_refund"),
        ("transfer.payout", "transfer.payout_failed"),
        ("loan.advance", "loan.repayment"),
    ):
        assert categories()[one].role == categories()[other].role


@pytest.mark.parametrize("channel", sorted(CHANNELS))
def test_a_channels_table_places_its_words_in_the_taxonomy(channel: str) -> None:
    for rule in rules(channel).values():
        placed = {rule.category, rule.if_positive, rule.if_withheld} - {None}
        assert placed <= set(categories()) - {UNCLASSIFIED}, rule.source_type


def test_every_category_and_the_clearing_account_have_one_account_line() -> None:
    lines = MappingConfig().account_lines("store")
    assert sorted(line.category for line in lines) == sorted([*categories(), CLEARING])
    assert all(line.account for line in lines)


def test_the_published_schema_is_the_one_that_mappings_are_read_by() -> None:
    published = files("mappings.journal").joinpath("schema.json").read_text()
    assert json.loads(published) == MappingConfig.model_json_schema()
