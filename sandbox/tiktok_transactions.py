"""Transactions settled at TikTok Shop on a day: orders with their trees, corrections, reserve.

Shapes: Partner Center's page "Get Transactions by Statement", 202501. Every leaf is there, most of
them nought; a refund takes back the sale and gives back the commission. Some leaves are copies, as
sellers found them to be. A correction carries its value twice.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

from mappings.money import coin

REVENUE = (
    "subtotal_before_discount_amount", "refund_subtotal_before_discount_amount",
    "seller_discount_amount", "seller_discount_refund_amount",
    "cod_service_fee_amount", "refund_cod_service_fee_amount", "distant_item_fee_amount",
)  # fmt: skip
SHIPPING = (
    "actual_shipping_fee_amount", "shipping_fee_discount_amount",
    "customer_paid_shipping_fee_amount", "return_shipping_fee_amount",
    "replacement_shipping_fee_amount", "signature_confirmation_fee_amount",
    "shipping_insurance_fee_amount", "fbt_fulfillment_fee_reimbursement_amount",
    "failed_delivery_subsidy_amount", "free_return_subsidy_amount", "logistics_service_fee",
    "tiktok_shop_shipping_incentive_amount",
)  # fmt: skip
FEES = (
    "platform_commission_amount", "referral_fee_amount", "refund_administration_fee_amount",
    "transaction_fee_amount", "affiliate_commission_amount",
    "affiliate_commission_amount_before_pit", "affiliate_partner_commission_amount",
    "affiliate_ads_commission_amount", "affiliate_commission_deposit",
    "affiliate_commission_release", "gmv_max_ad_fee_amount", "sfp_service_fee_amount",
    "smart_promotion_fee_amount", "voucher_xtra_service_fee_amount", "mall_service_fee_amount",
)  # fmt: skip
TAXES = (
    "vat_amount", "import_vat_amount", "customs_duty_amount", "sst_amount", "gst_amount",
    "iva_amount", "isr_amount", "local_vat_amount", "pit_amount", "sales_tax_referral_fee_amount",
)  # fmt: skip
# A field that says once more what another says.
COPIES = {
    "affiliate_commission_amount_before_pit": "affiliate_commission_amount",
    "tiktok_shop_shipping_incentive_amount": "shipping_fee_discount_amount",
}
# What a branch's total does not take up.
ASIDE = {*COPIES, "affiliate_commission_deposit", "affiliate_commission_release"}
# Corrections: how likely each is on a day, and which way it goes.
CORRECTIONS: tuple[tuple[float, str, int], ...] = (
    (0.15, "LOGISTICS_REIMBURSEMENT", 1),
    (0.08, "CHARGE_BACK", -1),
    (0.1, "GMV_PAYMENT_FOR_ADS", -1),
    (0.06, "PLATFORM_COMPENSATION", 1),
    (0.05, "FBT_WAREHOUSE_SERVICE_FEE", -1),
    (0.05, "PLATFORM_PENALTY", -1),
    (0.04, "Violation fee \uff08settlement fee\uff09", -1),
    (0.03, "BILL_PAYMENT_(NEGATIVE_BALANCE)", 1),
)


@dataclass
class Settled:
    """Makes the transactions of one shop, day by day; keeps what the reserve holds."""

    random: Random
    currency: str
    american: bool = False
    abroad: bool = False
    times: int = 1
    _number: int = 0
    _held: list[tuple[date, Decimal, str]] = field(default_factory=list)

    def transactions(self, day: date) -> list[dict[str, Any]]:
        """Return what the day's statement takes; nothing on most days of a weekend."""
        # Days without transactions, and so without a statement.
        if day.weekday() >= 5 and self.random.random() < 0.7:
            return []
        matches = [self._order(day) for _ in range(self.times * self.random.randint(1, 4))]
        if self.random.random() < 0.25:
            matches.append(self._refund(day))
        for likely, kind, sign in CORRECTIONS:
            if self.random.random() < likely:
                matches.append(self._correction(day, kind, sign))
        return matches + self._reserve(day, matches[0])

    def _order(self, day: date) -> dict[str, Any]:
        gross = self._amount(8, 90)
        discount = self._share(gross, "0.1") if self.random.random() < 0.4 else Decimal(0)
        postage = self._amount(2, 4)
        commission = self._share(gross - discount, "0.09")
        affiliate = self._share(gross, "0.12") if self.random.random() < 0.5 else Decimal(0)
        leaves = {
            "subtotal_before_discount_amount": gross,
            "seller_discount_amount": -discount,
            "actual_shipping_fee_amount": -postage - 1,
            "shipping_fee_discount_amount": self._share(postage, "0.5"),
            "customer_paid_shipping_fee_amount": postage,
            "affiliate_commission_amount": -affiliate,
            "affiliate_commission_deposit": -self._share(affiliate, "0.3"),
            self._commission: -commission,
        }
        if self.random.random() < 0.3:
            leaves["smart_promotion_fee_amount"] = -self._share(gross, "0.02")
        if self.abroad:
            leaves["vat_amount"] = -self._share(gross, "0.16")
        return self._stated(day, leaves, self._share(gross, "0.08"))

    def _refund(self, day: date) -> dict[str, Any]:
        gross = self._amount(8, 40)
        commission = self._share(gross, "0.09")
        leaves = {
            "refund_subtotal_before_discount_amount": -gross,
            "seller_discount_refund_amount": self._share(gross, "0.1"),
            "return_shipping_fee_amount": -self._amount(2, 4),
            "refund_administration_fee_amount": -self._share(commission, "0.2"),
            self._commission: commission,
        }
        if self.abroad:
            leaves["vat_amount"] = self._share(gross, "0.16")
        return self._stated(day, leaves, -self._share(gross, "0.08"))

    @property
    def _commission(self) -> str:
        return "referral_fee_amount" if self.american else "platform_commission_amount"

    def _correction(self, day: date, kind: str, sign: int) -> dict[str, Any]:
        value = sign * self._amount(2, 25)
        matches = self._stated(day, {})
        return matches | {
            "type": kind,
            "order_id": None,
            "adjustment_id": f"72{self._number:017}",
            "adjustment_order_id": self._order_number(),
            "settlement_amount": f"{value:f}",
            "adjustment_amount": f"{value:f}",
        }

    def _reserve(self, day: date, order: dict[str, Any]) -> list[dict[str, Any]]:
        """Hold a part of an order for ten days."""
        matches = []
        for until, value, associated in [h for h in self._held if h[0] <= day]:
            self._held.remove((until, value, associated))
            matches.append(self._reserved(day, value, "RELEASED", associated))
        if self.random.random() < 0.12:
            value = self._amount(1, 6)
            # The reserve of one statement is released in another.
            self._held.append((day + timedelta(days=10), value, order["order_id"]))
            matches.append(self._reserved(day, -value, "COLLECTED", order["order_id"]))
        return matches

    def _reserved(self, day: date, value: Decimal, status: str, order: str) -> dict[str, Any]:
        return self._stated(day, {}) | {
            "type": "RESERVE",
            "order_id": None,
            "reserve_id": f"56{self._number:06}",
            "reserve_amount": f"{value:f}",
            "reserve_status": status,
            "associated_order_id": order,
        }

    def _stated(
        self, day: date, leaves: dict[str, Decimal], tax: Decimal = Decimal(0)
    ) -> dict[str, Any]:
        """Return an order's transaction of these leaves; every other one is nought."""
        self._number += 1
        # Copies are in the breakdown and not in the sums: adding all leaves must fail.
        copied = leaves | {copy: leaves[of] for copy, of in COPIES.items() if of in leaves}
        created = datetime.combine(day, time(), UTC) - timedelta(
            days=self.random.randint(4, 20), minutes=self.random.randint(0, 1439)
        )
        branches = {"revenue": REVENUE, "shipping_cost": SHIPPING, "fee_tax": FEES + TAXES}
        sums = {
            name: sum(
                (leaves.get(leaf, Decimal(0)) for leaf in of if leaf not in ASIDE), Decimal(0)
            )
            for name, of in branches.items()
        }
        return {
            "id": f"16{self._number:017}",
            "type": "ORDER",
            "order_id": self._order_number(),
            "order_create_time": int(created.timestamp()),
            "adjustment_id": None,
            "adjustment_order_id": None,
            "adjustment_amount": "0",
            "settlement_amount": f"{sum(sums.values(), Decimal(0)):f}",
            "revenue_amount": f"{sums['revenue']:f}",
            "revenue_breakdown": _tree(REVENUE, copied),
            "shipping_cost_amount": f"{sums['shipping_cost']:f}",
            "shipping_cost_breakdown": {
                **_tree(SHIPPING, copied),
                "supplementary_component": {
                    "platform_shipping_fee_discount_amount": _text(
                        copied, "shipping_fee_discount_amount"
                    ),
                    "fbm_shipping_cost_amount": _text(copied, "actual_shipping_fee_amount"),
                },
            },
            "fee_tax_amount": f"{sums['fee_tax']:f}",
            "fee_tax_breakdown": {"fee": _tree(FEES, copied), "tax": _tree(TAXES, copied)},
            "supplementary_component": {
                "customer_payment_amount": _text(leaves, "subtotal_before_discount_amount"),
                # With a trailing blank, which readers must strip.
                "sales_tax_amount": f"{tax:f} " if self.american else "0 ",
            },
        }

    def _order_number(self) -> str:
        return f"5764{self._number:05}{self.random.randint(0, 999999):06}"

    def _amount(self, low: int, high: int) -> Decimal:
        smallest = coin(self.currency)
        return smallest * self.random.randint(int(low / smallest), int(high / smallest))

    def _share(self, of: Decimal, part: str) -> Decimal:
        return (of * Decimal(part)).quantize(coin(self.currency), ROUND_HALF_UP)


def _tree(names: tuple[str, ...], leaves: dict[str, Decimal]) -> dict[str, Any]:
    return {name: _text(leaves, name) for name in names}


def _text(leaves: dict[str, Decimal], name: str) -> str:
    return f"{leaves.get(name, Decimal(0)):f}"
