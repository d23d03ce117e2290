"""The corner of Shopify's GraphQL schema that is emulated, and what a query of it costs.

The contract test holds the corner against the whole. Costs: every object counts a point, those of a
page as many times as nodes are asked for; a query of more than 1,000 is refused. What an answer
comes to less is given back.
"""

import re
from collections.abc import Mapping
from typing import Any

LARGEST_COST = 1_000
_PAGED = re.compile(r"\bnodes\s*\{(.*?)\}\s*pageInfo", re.DOTALL)

SCHEMA = """
type Query {
  shop: Shop!
  currentAppInstallation: AppInstallation!
  shopifyPaymentsAccount: ShopifyPaymentsAccount
  orders(after: String first: Int query: String sortKey: OrderSortKeys): OrderConnection!
  productVariants(after: String first: Int query: String): ProductVariantConnection!
}
type Mutation { appUninstall: AppUninstallPayload }
type Shop {
  id: ID! name: String! myshopifyDomain: String! currencyCode: CurrencyCode!
  ianaTimezone: String! shopAddress: ShopAddress!
}
type ShopAddress { id: ID! countryCodeV2: CountryCode }
type AppUninstallPayload { app: App userErrors: [AppUninstallAppUninstallError!]! }
type App { id: ID! }
type AppInstallation { accessScopes: [AccessScope!]! }
type AccessScope { handle: String! }
type AppUninstallAppUninstallError {
  code: AppUninstallAppUninstallErrorCode field: [String!] message: String!
}
enum AppUninstallAppUninstallErrorCode { APP_NOT_FOUND APP_NOT_INSTALLED }
enum CurrencyCode { USD GBP CAD JPY EUR }
enum CountryCode { US GB }
scalar DateTime
scalar Decimal
scalar UnsignedInt64
scalar BigInt
type PageInfo { hasNextPage: Boolean! endCursor: String }
type MoneyV2 { amount: Decimal! currencyCode: CurrencyCode! }
type MoneyBag { shopMoney: MoneyV2! }
type ShopifyPaymentsAccount {
  payouts(
    after: String first: Int query: String sortKey: PayoutSortKeys
  ): ShopifyPaymentsPayoutConnection!
  balanceTransactions(
    after: String first: Int query: String sortKey: BalanceTransactionSortKeys
  ): ShopifyPaymentsBalanceTransactionConnection!
}
enum PayoutSortKeys { ISSUED_AT }
enum BalanceTransactionSortKeys { PROCESSED_AT }
enum OrderSortKeys { CREATED_AT UPDATED_AT }
type ShopifyPaymentsPayoutConnection { nodes: [ShopifyPaymentsPayout!]! pageInfo: PageInfo! }
type ShopifyPaymentsPayout {
  id: ID! legacyResourceId: UnsignedInt64! issuedAt: DateTime! externalTraceId: String
  status: ShopifyPaymentsPayoutStatus! transactionType: ShopifyPaymentsPayoutTransactionType!
  net: MoneyV2!
}
enum ShopifyPaymentsPayoutStatus { CANCELED FAILED IN_TRANSIT PAID SCHEDULED }
enum ShopifyPaymentsPayoutTransactionType { DEPOSIT WITHDRAWAL }
type ShopifyPaymentsBalanceTransactionConnection {
  nodes: [ShopifyPaymentsBalanceTransaction!]! pageInfo: PageInfo!
}
type ShopifyPaymentsBalanceTransaction {
  id: ID! type: ShopifyPaymentsTransactionType! test: Boolean! transactionDate: DateTime!
  amount: MoneyV2! fee: MoneyV2! net: MoneyV2!
  sourceType: ShopifyPaymentsSourceType sourceId: BigInt adjustmentReason: String
  associatedOrder: ShopifyPaymentsAssociatedOrder
  associatedPayout: ShopifyPaymentsBalanceTransactionAssociatedPayout!
}
enum ShopifyPaymentsSourceType {
  ADJUSTMENT ADJUSTMENT_REVERSAL CHARGE DISPUTE REFUND SYSTEM_ADJUSTMENT TRANSFER
}
enum ShopifyPaymentsTransactionType {
  BILLING_DEBIT CHARGE CHARGE_ADJUSTMENT CHARGEBACK_HOLD CHARGEBACK_HOLD_RELEASE
  DISPUTE_REVERSAL DISPUTE_WITHDRAWAL IMPORT_TAX LENDING_CAPITAL_REMITTANCE
  MERCHANT_GOODWILL_CREDIT REFUND RESERVED_FUNDS RESERVED_FUNDS_REVERSAL SHIPPING_LABEL
  SHOP_CASH_CREDIT TRANSFER TRANSFER_FAILURE
}
type ShopifyPaymentsAssociatedOrder { id: ID! name: String! }
type ShopifyPaymentsBalanceTransactionAssociatedPayout {
  id: ID status: ShopifyPaymentsBalanceTransactionPayoutStatus
}
enum ShopifyPaymentsBalanceTransactionPayoutStatus {
  CANCELED FAILED IN_TRANSIT PAID PENDING SCHEDULED
}
type ProductVariantConnection { nodes: [ProductVariant!]! pageInfo: PageInfo! }
type ProductVariant { id: ID! sku: String inventoryItem: InventoryItem! }
type InventoryItem { id: ID! unitCost: MoneyV2 }
type OrderConnection { nodes: [Order!]! pageInfo: PageInfo! }
type Order {
  id: ID! name: String! createdAt: DateTime! test: Boolean!
  totalPriceSet: MoneyBag! totalShippingPriceSet: MoneyBag! totalTaxSet: MoneyBag
  totalTipReceivedSet: MoneyBag! transactions(first: Int): [OrderTransaction!]!
}
type OrderTransaction {
  id: ID! kind: OrderTransactionKind! status: OrderTransactionStatus! test: Boolean!
  gateway: String createdAt: DateTime! processedAt: DateTime amountSet: MoneyBag!
}
enum OrderTransactionKind { AUTHORIZATION CAPTURE CHANGE REFUND SALE VOID }
enum OrderTransactionStatus { AWAITING_RESPONSE ERROR FAILURE PENDING SUCCESS UNKNOWN }
"""


def cost(query: str, nodes: int) -> int:
    """Return the points of a query for a page of nodes: requested ones, then actual ones."""
    paged = _PAGED.search(query)
    if paged is None:
        return query.count("{")
    return 2 + nodes * (1 + paged[1].count("{"))


def nodes_of(data: Any) -> int:
    """Return how many nodes the pages of an answer hold."""
    if isinstance(data, Mapping):
        own = len(data["nodes"]) if "nodes" in data else 0
        return own or sum(nodes_of(value) for value in data.values())
    return 0
