"""Where the channels' own words belong, written out by hand from the accounting reference."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.accounting.beancount.syntax import checked_account
from mappings.channels import SEPARATOR, Classification, classify, matched_by, rules
from mappings.journal.config import MappingConfig, through
from mappings.model import GATEWAY
from mappings.taxonomy import categories

OUT = "tax.facilitator_out"
OTHER = "other-transaction / other-transaction / "
AMAZON_V2 = {
    "Order / ItemPrice / Principal": "sales.principal",
    "Order / ItemPrice / Shipping": "sales.shipping",
    "Order / ItemPrice / GiftWrap": "sales.gift_wrap",
    "Order / ItemPrice / RegulatoryFee": "sales.other_charge",
    "Refund / ItemPrice / RegulatoryFee": "sales.other_charge",
    "Order / ItemPrice / Tax": "tax.seller_collected",
    "Order / ItemPrice / ShippingTax": "tax.seller_collected",
    "Order / ItemPrice / GiftWrapTax": "tax.seller_collected",
    "Order / ItemWithheldTax / MarketplaceFacilitatorTax-Principal": OUT,
    "Order / ItemWithheldTax / MarketplaceFacilitatorTax-Shipping": OUT,
    "Order / ItemWithheldTax / MarketplaceFacilitatorTax-Giftwrap": OUT,
    "Order / ItemWithheldTax / MarketplaceFacilitatorTax-Other": OUT,
    "Order / ItemWithheldTax / MarketplaceFacilitatorVAT-Principal": OUT,
    "Order / ItemWithheldTax / MarketplaceFacilitatorVAT-Shipping": OUT,
    "Order / ItemFees / MarketplaceFacilitatorVAT-Principal": OUT,
    "Order / ItemWithheldTax / LowValueGoodsTax-Principal": OUT,
    "Order / ItemWithheldTax / LowValueGoodsTax-Shipping": OUT,
    "Refund / ItemWithheldTax / MarketplaceFacilitatorTax-Principal": OUT,
    "Order_Retrocharge / ItemWithheldTax / MarketplaceFacilitatorTax-Principal": OUT,
    "Order_Retrocharge / ItemPrice / Tax": "tax.seller_collected",
    "Refund_Retrocharge / ItemPrice / ShippingTax": "tax.seller_collected",
    "Order / ItemWithheldTax / TCS-CGST": "tax.withheld_income",
    "Order / ItemTCS / TCS-SGST": "tax.withheld_income",
    "Refund / ItemTCS / TCS-IGST": "tax.withheld_income",
    "Order / ItemWithheldTax / TDS (Section 194-O)": "tax.withheld_income",
    "Order / ItemTDS / TDS (Section 194-O)": "tax.withheld_income",
    "Order / Promotion / Principal": "discount.seller",
    "Order / Promotion / Shipping": "discount.seller",
    "Order / Promotion / Gift wrap": "discount.seller",
    "Order / Promotion / TaxDiscount": "discount.seller",
    "Refund / Promotion / Shipping": "discount.seller",
    "Order / ItemFees / Commission": "fee.referral",
    "Order / ItemFees / FixedClosingFee": "fee.closing_fixed",
    "Order / ItemFees / VariableClosingFee": "fee.closing_fixed",
    "Order / ItemFees / TechnologyFee": "fee.closing_fixed",
    "Order / ItemFees / FBAPerUnitFulfillmentFee": "fee.fulfilment",
    "Order / ItemFees / FBAWeightBasedFee": "fee.fulfilment",
    "Order / ItemFees / FBAPerOrderFulfillmentFee": "fee.fulfilment",
    "Order / ItemFees / DigitalServicesFee": "fee.regulatory",
    "Order / ItemFees / Digital Services Fee": "fee.regulatory",
    "Refund / ItemFees / DigitalServicesFee": "fee.regulatory",
    "Order / ItemFees / ShippingChargeback": "fee.shipping_chargeback",
    "Order / ItemFees / GiftwrapChargeback": "fee.shipping_chargeback",
    "Order / ItemFees / ShippingHB": "fee.shipping_chargeback",
    "Refund / ItemFees / ShippingHB": "fee.shipping_chargeback",
    f"{OTHER}ShippingHB": "fee.shipping_chargeback",
    "Order / ItemFees / SalesTaxServiceFee": "fee.other",
    "Order / ItemFees / SalesTaxCollectionFee": "fee.other",
    "Order / ItemFees / TaxOnFees": "tax.on_fees",
    "Order / ItemFees / GetPaidFasterFee": "loan.fee",
    "Order / Shipment-Fees / FBAPerOrderFulfillmentFee": "fee.fulfilment",
    "Shipment / Shipment-Fees / FBAPerOrderFulfillmentFee": "fee.fulfilment",
    "Order / ShipmentFees / FBATransportationFee": "fee.fulfilment",
    "Order / Shipment-Fees / Shipping": "fee.fulfilment",
    "Order / Shipment-Fees / Multi-Channel Fulfillment Brand-Neutral Box Fee": "fee.fulfilment",
    "Refund / ItemPrice / Principal": "refund.principal",
    "A-to-z Guarantee Refund / ItemPrice / Principal": "refund.principal",
    "Chargeback Refund / ItemPrice / Principal": "dispute.chargeback",
    "Refund / ItemPrice / Shipping": "refund.shipping",
    "Refund / ItemPrice / GiftWrap": "refund.gift_wrap",
    "Refund / ItemPrice / Goodwill": "refund.goodwill",
    "Refund / ItemFees / Goodwill": "refund.goodwill",
    "Refund / ItemPrice / RestockingFee": "refund.restocking_fee",
    "Refund / ItemFees / RestockingFee": "refund.restocking_fee",
    "Refund / ItemFees / Commission": "fee.referral_refund",
    "Chargeback Refund / ItemFees / Commission": "fee.referral_refund",
    "A-to-z Guarantee Refund / ItemFees / Commission": "fee.referral_refund",
    "Refund / ItemFees / RefundCommission": "fee.refund_admin",
    "Chargeback Refund / ItemFees / RefundCommission": "fee.refund_admin",
    "Refund / ItemFees / ReturnShipping": "fee.return_processing",
    "Refund / ItemPrice / ReturnShipping": "fee.return_processing",
    "AmazonFees / Coupon Participation Fee / Base fee": "fee.promotion_program",
    "AmazonFees / Coupon Performance Based Fee / Base fee": "fee.promotion_program",
    "AmazonFees / Deal Participation Fee / Base fee": "fee.promotion_program",
    "AmazonFees / Deal Performance Based Fee / Base fee": "fee.promotion_program",
    "AmazonFees / FBA fulfilment fee per unit - Correction / Base fee": "fee.fulfilment",
    "AmazonFees / FBA fulfilment fee per unit - Reversal / Base fee": "fee.fulfilment",
    "FBAFees / FBA Amazon-Partnered Carrier Shipment Fee / Base fee": "fee.inbound",
    "FBAFees / FBA Amazon-Partnered Carrier Shipment Fee / Discount on Fee": "fee.inbound",
    "FBAFees / FBA Inbound Placement Service Fee / Base fee": "fee.inbound",
    "FBAFees / Inbound Transportation Program Fee / Base fee": "fee.inbound",
    "FBAFees / FBA Inventory Storage Fee / Base fee": "fee.storage",
    "FBAFees / FBA Inventory Storage Fee / Tax on fee": "tax.on_fees",
    "FBAFees / FBA Long Term Storage Fee / Base fee": "fee.storage_aged",
    "FBAFees / FBA Long Term Storage Fee / Tax on fee": "tax.on_fees",
    "FBAFees / FBA Removal Order: Disposal Fee / Base fee": "fee.removal_disposal",
    "FBAFees / FBA Removal Order: Return Fee / Base fee": "fee.removal_disposal",
    "FBAFees / FBA Removal Order: Return Fee / Tax on fee": "tax.on_fees",
    "ServiceFee / Cost of Advertising / TransactionTotalAmount": "fee.advertising",
    "ServiceFee / CouponRedemptionFee / Save 5/10 on Mugs / Spring": "fee.promotion_program",
    f"{OTHER}Subscription Fee": "fee.subscription",
    f"{OTHER}Storage Fee": "fee.storage",
    f"{OTHER}StorageRenewalBilling": "fee.storage_aged",
    f"{OTHER}RemovalComplete": "fee.removal_disposal",
    f"{OTHER}DisposalComplete": "fee.removal_disposal",
    f"{OTHER}FBAInboundTransportationFee": "fee.inbound",
    f"{OTHER}Inbound Transportation Fee": "fee.inbound",
    f"{OTHER}FBAInboundTransportationProgramFee": "fee.inbound",
    f"{OTHER}FBA Inbound Placement Service Fee": "fee.inbound",
    f"{OTHER}Manual Processing Fee": "fee.inbound",
    f"{OTHER}Manual Processing Fee Reimbursement": "reimbursement.inventory",
    f"{OTHER}Shipping label purchase": "fee.shipping_label",
    f"{OTHER}Shipping label purchase for return": "fee.shipping_label",
    f"{OTHER}ShippingServices": "fee.shipping_label",
    f"{OTHER}ShippingServicesRefund": "fee.shipping_label",
    f"{OTHER}FBACustomerReturnPerUnitFee": "fee.return_processing",
    f"{OTHER}FBACustomerReturnPerOrderFee": "fee.return_processing",
    f"{OTHER}FBACustomerReturnWeightBasedFee": "fee.return_processing",
    f"{OTHER}LightningDealFee Special": "fee.promotion_program",
    f"{OTHER}Vine Enrollment Fee": "fee.promotion_program",
    **{
        f"other-transaction / {kind} / {word}": "reimbursement.inventory"
        for kind in ("FBA Inventory Reimbursement", "other-transaction")
        for word in (
            "WAREHOUSE_DAMAGE", "WAREHOUSE_DAMAGE_EXCEPTION", "WAREHOUSE_LOST",
            "MISSING_FROM_INBOUND", "REMOVAL_ORDER_DAMAGED", "MULTICHANNEL_ORDER_LOST",
            "MULTICHANNEL_ORDER_DAMAGED", "MULTICHANNEL_ORDER_LATE", "CS_ERROR_ITEMS",
            "CRETURN_WRONG_ITEM", "FBA Inventory Reimbursement - Customer Return",
            "INCORRECT_FEES_ITEMS", "INCORRECT_FEES_NON_ITEMIZED", "FREE_REPLACEMENT_REFUND_ITEMS",
        )
    },
    f"{OTHER}REVERSAL_REIMBURSEMENT": "reimbursement.clawback",
    f"{OTHER}COMPENSATED_CLAWBACK": "reimbursement.clawback",
    f"{OTHER}PAYMENT_RETRACTION_ITEMS": "reimbursement.clawback",
    "SAFE-T Reimbursement / Other / SAFE-T Reimbursement": "reimbursement.claim",
    f"{OTHER}SAFE-T Reimbursement": "reimbursement.claim",
    f"{OTHER}Refund Reimbursal": "reimbursement.claim",
    f"{OTHER}Current Reserve Amount": "reserve.held",
    f"{OTHER}Previous Reserve Amount Balance": "reserve.released",
    f"{OTHER}Amazon Capital Services": "loan.repayment",
    # The books carry a shortfall from one settlement to the next; only the card pays it.
    f"{OTHER}Payable to Amazon": "carried_forward",
    f"{OTHER}Successful charge": "transfer.seller_topup",
    f"{OTHER}Transfer of funds unsuccessful: your bank refused it": "transfer.payout_failed",
    f"{OTHER}Failed Disbursement": "transfer.payout_failed",
    "Debt Adjustment / Debt Adjustment / Cross-Account Debt Adjustment (for) DE, FR": (
        "transfer.internal"
    ),
    "Transfers / Micro Deposit / Micro Deposit": "transfer.payout",
    f"{OTHER}Adjustment": "fee.adjustment",
    f"{OTHER}BalanceAdjustment": "fee.adjustment",
    f"{OTHER}Balance Adjustment": "fee.adjustment",
    f"{OTHER}NonSubscriptionFeeAdj": "fee.adjustment",
    f"{OTHER}Fee Adjustment": "fee.adjustment",
    f"{OTHER}Additional Other Expenses": "fee.adjustment",
    f"{OTHER}Merchant Bad Debt": "fee.adjustment",
    "other-transaction / EPR charges / Packaging France": "fee.regulatory",
}  # fmt: skip
AMAZON_V1 = {
    "Order / price / Principal": "sales.principal",
    "Order / price / Shipping": "sales.shipping",
    "Order / promotion / Shipping": "discount.seller",
    "Refund / promotion / Shipping": "discount.seller",
    "Order / item-related-fee / Commission": "fee.referral",
    "Order / item-related-fee / FBAPerUnitFulfillmentFee": "fee.fulfilment",
    "Order / item-related-fee / DigitalServicesFee": "fee.regulatory",
    "Order / item-related-fee / ShippingChargeback": "fee.shipping_chargeback",
    "Order / shipment-fee / FBA transportation fee": "fee.fulfilment",
    "Order / shipment-fee / FBAPerOrderFulfillmentFee": "fee.fulfilment",
    "Refund / price / Principal": "refund.principal",
    "Refund / price / Shipping": "refund.shipping",
    "Refund / item-related-fee / Commission": "fee.referral_refund",
    "Refund / item-related-fee / RefundCommission": "fee.refund_admin",
    "Refund / item-related-fee / DigitalServicesFee": "fee.regulatory",
    "ServiceFee / item-related-fee / Cost of Advertising": "fee.advertising",
    "ServiceFee / other-fee / TaxAmount": "tax.on_fees",
    "Subscription Fee / other": "fee.subscription",
    "Storage Fee / other": "fee.storage",
    "Inbound Transportation Fee / other": "fee.inbound",
    "Payable to Amazon / other": "carried_forward",
    "Successful charge / other": "transfer.seller_topup",
    "Micro Deposit / other": "transfer.payout",
    "WAREHOUSE_DAMAGE / other": "reimbursement.inventory",
    "REVERSAL_REIMBURSEMENT / other": "reimbursement.clawback",
    "Current Reserve Amount / other": "reserve.held",
    "Previous Reserve Amount Balance / other": "reserve.released",
}
ETSY = {
    "Sale / Payment for Order": "sales.principal",
    "Fee / Processing fee": "fee.payment_processing",
    "Fee / Transaction fee": "fee.referral",
    "Fee / Listing fee": "fee.listing",
    "Fee / Share & Save refund": "fee.referral_refund",
    "Fee / Credit for processing fee": "fee.payment_processing",
    "Fee / Credit for listing fee": "fee.listing",
    "Fee / Credit for transaction fee": "fee.referral_refund",
    "Fee / Regulatory operating fee": "fee.regulatory",
    "Tax / Sales tax paid by buyer": OUT,
    "Tax / Refund to buyer for sales tax": OUT,
    "Refund / Refund for Order": "refund.principal",
    "Refund / Partial refund for Order": "refund.principal",
    "Refund / Partial refund to buyer for Order": "refund.principal",
    "Marketing / Etsy Ads": "fee.advertising",
    "Marketing / Fee for sale made through Offsite Ads": "fee.advertising",
    "Marketing / Credit for Offsite Ads fee": "fee.advertising",
    "Shipping / USPS shipping label": "fee.shipping_label",
    "Shipping / UPS shipping label": "fee.shipping_label",
    "Shipping / Asendia shipping label": "fee.shipping_label",
    "Shipping / USPS return shipping label": "fee.shipping_label",
    "Shipping / Adjustment for USPS shipping label": "fee.shipping_label",
    "Shipping / Credit for USPS shipping label": "fee.shipping_label",
    "Shipping / Shipsurance Package Insurance": "fee.shipping_label",
    "Buyer Fee / Colorado Retail Delivery Fee": "tax.facilitator_out",
    "VAT / VAT": "tax.on_fees",
    "Payment / Card Payment": "transfer.seller_topup",
    "Payment / Charge for refund": "transfer.seller_topup",
    "Deposit / sent to your bank account": "transfer.payout",
    "Deposit / returned by your bank": "transfer.payout_failed",
}
EXPECTED = [
    *(("amazon", *item) for item in {**AMAZON_V2, **AMAZON_V1}.items()),
    *(("etsy", *item) for item in ETSY.items()),
]
WORDS = sorted({word for name in rules("amazon") for word in name} | {"Moon", "", "a/b", "x: y"})


def test_every_known_word_is_placed_as_the_reference_says() -> None:
    categories = {(c, name): classify(c, [name])[0].category for c, name, _ in EXPECTED}
    assert categories == {(c, name): category for c, name, category in EXPECTED}


def test_case_and_blanks_do_not_matter() -> None:
    for channel, name, category in EXPECTED:
        for written in (name.upper(), name.lower(), name.replace(SEPARATOR, f" {SEPARATOR} ")):
            assert classify(channel, [written])[0].category == category, written


@pytest.mark.parametrize(
    "name",
    ["Order / ItemPrice / Tax", "Order / ItemPrice / ShippingTax", "Refund / ItemPrice / Tax"],
)
def test_tax_is_the_marketplaces_where_it_withheld_it(name: str) -> None:
    (placed,) = classify("amazon", [name])
    assert (placed.category, placed.if_withheld) == ("tax.seller_collected", "tax.facilitator_in")


def test_a_loan_is_an_advance_when_it_comes_in() -> None:
    (placed,) = classify("amazon", [f"{OTHER}Amazon Capital Services"])
    assert (placed.category, placed.if_positive) == ("loan.repayment", "loan.advance")


@pytest.mark.parametrize("channel", ["amazon", "etsy"])
@given(words=st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=12)), max_size=4))
def test_every_word_has_exactly_one_place(channel: str, words: list[str]) -> None:
    name = SEPARATOR.join(words)
    (placed,) = classify(channel, [name])
    assert placed.source_type == name
    assert placed.category in categories()
    assert classify(channel, [name, name]) == [placed, placed]


def test_what_no_rule_names_is_unclassified_until_the_owner_places_it() -> None:
    name = f"{OTHER}Moon Landing Surcharge"
    assert classify("amazon", [name]) == [Classification(name, "unclassified")]
    own = {name.upper(): "fee.other"}
    assert classify("amazon", [name], own) == [Classification(name, "fee.other")]


@pytest.mark.parametrize(
    "rule",
    [
        f"{OTHER}Moon Landing Surcharge",
        f"{OTHER}Moon*",
        f"{OTHER}*",
        "other-transaction / * / Moon Landing Surcharge",
        "* / * / moon landing *",
        "other-transaction*",
        "other-transaction / *",
    ],
)
def test_an_owners_rule_may_hold_stars_like_the_tables(rule: str) -> None:
    name = f"{OTHER}Moon Landing Surcharge for ASIN: B000000001 (2026-01)"
    assert classify("amazon", [name], {rule: "fee.inbound"}) == [
        Classification(name, "fee.inbound")
    ]
    assert matched_by({rule: "fee.inbound"}, [name, "Order / ItemPrice / Principal"]) == {
        rule: [name]
    }


def test_of_an_owners_rules_the_more_exact_one_decides() -> None:
    own = {f"{OTHER}Moon *": "fee.inbound", f"{OTHER}Moon Landing *": "fee.storage", "* / *": "tip"}
    names = [f"{OTHER}Moon Landing Fee", f"{OTHER}Moon Fee", f"{OTHER}Sun Fee"]
    assert [c.category for c in classify("amazon", names, own)] == [
        "fee.storage",
        "fee.inbound",
        "tip",
    ]


@pytest.mark.parametrize(
    ("name", "category", "assumed"),
    [
        ("FBAFees / Hoverboard Handling Fee / Base fee", "fee.fulfilment", True),
        ("FBAFees / Hoverboard Handling Fee / Discount on Fee", "fee.fulfilment", True),
        ("AmazonFees / Hoverboard Fee / Base fee", "fee.other", True),
        ("Sky / Hoverboard Fee / Base fee", "fee.other", True),
        ("FBAFees / AWD Storage Fee / Discount on Fee", "fee.storage", False),
        ("FBAFees / Hoverboard Handling Fee / Tax on fee", "tax.on_fees", False),
        ("other-transaction / other-transaction / Hoverboard Fee", "unclassified", False),
    ],
)
def test_a_fee_of_a_known_family_is_booked_there_and_said_to_be_assumed(
    name: str, category: str, assumed: bool
) -> None:
    (placed,) = classify("amazon", [name])
    assert (placed.category, placed.assumed) == (category, assumed)


@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("FBAFees / FBA Customer Returns Fee (Apparel) for ASIN: B0ABCDEFGH (2027-11) / Base fee",
         "fee.return_processing"),
        ("FBAFees / AWD Processing Fee / Base fee", "fee.inbound"),
        ("FBAFees / AWD Transportation Fee / Base fee", "fee.inbound"),
        ("FBAFees / Inbound Defect Fee / Base fee", "fee.inbound"),
        ("FBAFees / Capacity Reservation Fee / Base fee", "fee.storage"),
        ("FBAFees / FBA Low-Inventory-Level Fee / Base fee", "fee.storage"),
        ("other-transaction / Amazon Warehousing & Distribution (AWD) / AWD Storage Fee",
         "fee.storage"),
        ("AmazonFees / Amazon service fee for EPR Pay on Behalf - GB - Packaging - "
         "(Period 01.07.2027 - 31.12.2027) / Base fee", "fee.regulatory"),
        ("AmazonFees / Eco-contribution for EPR Pay on Behalf - FR / Base fee", "fee.regulatory"),
        ("Other / MCF Preferred Pricing Seller Credit / Base charge", "fee.fulfilment"),
        ("Liquidations / ItemPrice / Principal", "sales.principal"),
        ("Liquidations / ItemPrice / Tax", "tax.seller_collected"),
        ("Liquidations / ItemFees / LiquidationsBrokerageFee", "fee.removal_disposal"),
        ("Liquidations Adjustments / ItemPrice / Principal", "refund.principal"),
        ("Liquidations Adjustments / ItemFees / LiquidationsBrokerageFee", "fee.removal_disposal"),
    ],
)  # fmt: skip
def test_amazons_words_of_2025_and_2026_have_their_category(name: str, category: str) -> None:
    (placed,) = classify("amazon", [name])
    assert (placed.category, placed.assumed) == (category, False)


def test_a_reversed_reimbursement_is_placed_by_its_sign() -> None:
    (placed,) = classify("amazon", [f"{OTHER}REVERSAL_REIMBURSEMENT"])
    assert (placed.category, placed.if_positive) == (
        "reimbursement.clawback",
        "reimbursement.inventory",
    )


@pytest.mark.parametrize(
    ("words", "category"),
    [
        ("WFS InventoryRemovalOrder", "fee.removal_disposal"),
        ("Inventory Removal", "fee.removal_disposal"),
        ("WFS Returned Item Disposal Fee", "fee.removal_disposal"),
        ("Walmart Product Advertising Credit", "fee.advertising"),
        ("Advertising credits", "fee.advertising"),
        ("Discount Adjustment", "fee.adjustment"),
    ],
)
def test_walmarts_words_have_their_category(words: str, category: str) -> None:
    (placed,) = classify("walmart", [f"Adjustment / Fee/Reimbursement / {words}"])
    assert placed.category == category


def test_the_owners_word_wins_over_the_table() -> None:
    name = "Order / ItemPrice / Principal"
    assert classify("amazon", [name], {name: "tip"})[0].category == "tip"


def test_the_more_exact_rule_wins() -> None:
    exact = "FBAFees / FBA Inventory Storage Fee / Tax on fee"
    assert classify("amazon", [exact])[0].category == "tax.on_fees"
    assert classify("amazon", [exact.replace("Tax on fee", "Any")])[0].category == "fee.storage"


@pytest.mark.parametrize(
    ("channel", "word", "gateway"),
    [
        ("woocommerce", "gateway / ppcp-gateway", "ppcp-gateway"),
        ("woocommerce", "gateway / woocommerce_payments_klarna", "woocommerce_payments"),
        ("woocommerce", "payments / charge", "woocommerce_payments"),
        ("shopify", "gateway / PayPal Express / SALE", "PayPal Express"),
        ("shopify", "gateway / gift_card / SALE", None),
        ("square", "TENDER / EXTERNAL / CHECK", "CHECK"),
        ("square", "TENDER / EXTERNAL", "other"),
        ("amazon", "Order / ItemPrice / Principal", None),
    ],
)
def test_a_gateway_is_named_by_its_rule(channel: str, word: str, gateway: str | None) -> None:
    (classification,) = classify(channel, [word])
    assert (classification.category == GATEWAY) is (gateway is not None)
    assert (classification.source_type, classification.gateway) == (word, gateway)


@pytest.mark.parametrize(
    ("gateway", "component"),
    [
        ("ppcp_gateway", "Ppcp-Gateway"),
        ("PayPal Express", "PayPal-Express"),
        ("Cash (on delivery)", "Cash-On-Delivery"),
        ("2checkout", "2checkout"),
        ("銀行振込", "Gateway-銀行振込"),
        ("überweisung", "Überweisung"),
        (" - ", "Other"),
        (None, "Other"),
    ],
)
def test_a_gateway_becomes_part_of_an_account(gateway: str | None, component: str) -> None:
    assert through(gateway) == component


@given(st.text())
def test_any_gateway_becomes_part_of_an_account(gateway: str) -> None:
    account = f"Assets:Clearing-Gateways:{through(gateway)}"
    assert checked_account(account) == account


def test_gateways_stand_in_no_other_account() -> None:
    with pytest.raises(ValidationError, match="leave it out there"):
        MappingConfig(accounts={"sales": "Income:Sales:{gateway}"})
