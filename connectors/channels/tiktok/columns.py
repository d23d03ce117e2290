"""The columns of TikTok Shop's income exports, by name: layouts differ by market and year.

Names are those of exports that sellers and developers published (South-East Asia 2024; the layout
with statements of 2025 and 2026; the United States and the United Kingdom of 2026); a name stands
here folded. What is in no list may be money or
not: it counts only where a row's own total is short of just that.
"""

import csv
from collections.abc import Sequence
from typing import Final

TOTAL: Final = "total settlement amount"
# What a row is about; each may have other names in other years.
FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "type": ("type", "transaction type"),
    "number": ("order/adjustment id",),
    "currency": ("currency",),
    "total": (TOTAL,),
    "settled": ("statement date", "order settled time", "order settled date"),
    "statement_id": ("statement id",),
    "payment_id": ("payment id",),
    "status": ("status",),
    "sku": ("sku id",),
    "quantity": ("quantity",),
    "related": ("related order id",),
    "reason": ("adjustment reason",),
    "product": ("product name",),
}
# The leaves of the American and British layouts, and the API's field that holds the same amount.
API_FIELDS: Final[dict[str, str]] = {
    "gross sales": "subtotal_before_discount_amount",
    "gross sales refund": "refund_subtotal_before_discount_amount",
    "seller discount": "seller_discount_amount",
    "seller discount refund": "seller_discount_refund_amount",
    "fulfilled by tiktok shop (fbt) shipping fee": "fbt_shipping_cost_amount",
    "fulfilled by tiktok shop shipping fee": "fbt_shipping_cost_amount",
    "customer-paid shipping fee": "customer_paid_shipping_fee_amount",
    "customer-paid shipping fee refund": "refund_customer_shipping_fee_amount",
    "limited-time sign up shipping incentive": "promo_shipping_incentive_amount",
    "shipping fee subsidy": "shipping_fee_subsidy_amount",
    "return shipping fee": "return_shipping_fee_amount",
    "return shipping label fee": "return_shipping_label_fee_amount",
    "fbt fulfillment fee": "fbt_fulfillment_fee_amount",
    "fbt fulfillment fee reimbursement": "fbt_fulfillment_fee_reimbursement_amount",
    "fee for fbt free shipping": "fbt_free_shipping_fee_amount",
    "customer shipping fee offset": "customer_shipping_fee_offset_amount",
    "signature confirmation service fee": "signature_confirmation_fee_amount",
    "signature confirmation fee": "signature_confirmation_fee_amount",
    "shipping insurance fee": "shipping_insurance_fee_amount",
    "shipping insurance fee tax": "shipping_insurance_fee_tax_amount",
    "affiliate partner shop ads commission": "tap_shop_ads_commission",
    "tiktok shop partner commission": "tsp_commission_amount",
    "co-funded creator bonus": "cofunded_creator_bonus_amount",
    "co-funded promotion (seller-funded)": "cofunded_promotion_service_fee_amount",
    # Both spellings occur, in layouts of different years.
    "sales tax on referral fees": "sales_tax_referral_fee_amount",
    "sales tax on referral fee": "sales_tax_referral_fee_amount",
    "smart promotion fee": "smart_promotion_fee_amount",
    "smart promotion fee tax": "smart_promotion_fee_tax_amount",
    "campaign service fee": "campaign_period_fee_cfp_amount",
    "campaign resource fee": "campaign_resource_fee",
    "brand campaign fee": "brand_campaign_fee",
    "vat": "vat_amount",
    "import vat": "import_vat_amount",
    "customs duty": "customs_duty_amount",
    "customs clearance": "customs_clearance_amount",
}
REQUIRED: Final = ("type", "number", "currency", "total", "settled")
LEAVES: Final[frozenset[str]] = frozenset(
    {
        "subtotal before discounts",
        "seller discounts",
        "refund subtotal before seller discounts",
        "refund of seller discounts",
        "actual shipping fee",
        "platform shipping fee discount",
        "customer shipping fee",
        "refunded customer shipping fee",
        "refund customer shipping fee",
        "tiktok shop shipping fee",
        "tiktok shop shipping incentive",
        "tiktok shop shipping incentive refund",
        "shipping subsidy",
        "actual return shipping fee",
        "transaction fee",
        "tiktok shop commission fee",
        "referral fee",
        "refund administration fee",
        "credit card handling fee",
        "dynamic commission",
        "affiliate commission",
        "affiliate partner commission",
        "affiliate shop ads commission",
        "sfp service fee",
        "fee per item sold",
        "live specials service fee",
        "voucher xtra service fee",
        "flash sales service fee",
        "bonus cashback service fee",
        "mall service fee",
        "pre-order service fee",
        "adjustment amount",
        *API_FIELDS,
    }
)
# What the buyer's shipping fee is made of, where that stands beside it.
_OF_SHIPPING: Final[dict[str, tuple[str, ...]]] = {
    "customer-paid shipping fee": (
        "customer-paid shipping fee before discounts",
        "seller shipping fee discount",
        "tiktok shop shipping fee discount to customers",
        "tiktok shop shipping fee discount",
    ),
    "customer shipping fee": ("seller shipping fee discount",),
}
# Sums of leaves, and what is said beside the amounts.
NO_LEAVES: Final[frozenset[str]] = frozenset(
    {
        TOTAL,
        "total revenue",
        "net sales",
        "subtotal after seller discounts",
        "refund subtotal after seller discounts",
        "shipping",
        "seller shipping fee",
        "total fees",
        "fees",
        "customer payment",
        "customer refund",
        "platform discounts",
        "platform discounts refund",
        "platform co-funded voucher discounts",
        "platform co-funded voucher discounts refund",
        "seller co-funded voucher discount",
        "seller co-funded voucher discount refund",
        "platform discounts refunds",
        "refund of platform discounts",
        "refund of platform co-funded voucher discounts",
        "refund of seller co-funded voucher discount",
        "sales tax payment",
        "sales tax refund",
        "retail delivery fee payment",
        "retail delivery fee refund",
        "tax and duty",
        "affiliate commission before pit (personal income tax)",
        "personal income tax withheld from affiliate commission",
        "sku name",
        "order created time",
        "order created date",
        "order delivery date",
        "delivery option",
        "collection methods",
        "chargeable package weight",
        "estimated package weight",
        "actual package weight",
    }
)


def columns(header: str) -> tuple[str, ...]:
    """Return the names of a header's columns as they stand there, but for blanks."""
    return tuple(" ".join(name.split()) for name in next(csv.reader([header]), []))


def folded(column: str) -> str:
    """Return a column's name without what differs from one export to the next."""
    return column.casefold().replace("\\", "/").removesuffix("(utc)").strip()


def field(named: Sequence[str], what: str) -> str | None:
    """Return the column that holds a field; None where the layout has none."""
    return next((column for column in named if folded(column) in FIELDS[what]), None)


def amounts(named: Sequence[str]) -> dict[str, bool]:
    """Return the columns that hold an amount, or may, and whether it is known that they do."""
    described = {name for names in FIELDS.values() for name in names}
    here = {folded(column) for column in named}
    for whole, parts in _OF_SHIPPING.items():
        described.update(parts if whole in here else ())
    return {
        column: folded(column) in LEAVES
        for column in named
        if column and folded(column) not in NO_LEAVES | described
    }
