"""The corner of Shopify's GraphQL schema that is emulated.

The contract test holds the corner against the whole.
"""

SCHEMA = """
type Query {
  shop: Shop!
  currentAppInstallation: AppInstallation!
  shopifyPaymentsAccount: ShopifyPaymentsAccount
  orders(after: String first: Int query: String sortKey: OrderSortKeys): OrderConnection!
  order(id: ID!): Order
  ordersCount(limit: Int query: String): Count
  bulkOperation(id: ID!): BulkOperation
  productVariants(after: String first: Int query: String): ProductVariantConnection!
  products(
    after: String first: Int query: String sortKey: ProductSortKeys
  ): ProductConnection!
  product(id: ID!): Product
  customers(
    after: String first: Int query: String sortKey: CustomerSortKeys
  ): CustomerConnection!
}
type Mutation {
  appUninstall: AppUninstallPayload
  bulkOperationRunQuery(query: String! groupObjects: Boolean!): BulkOperationRunQueryPayload
}
type BulkOperationRunQueryPayload {
  bulkOperation: BulkOperation userErrors: [BulkOperationUserError!]!
}
type BulkOperationUserError { code: BulkOperationUserErrorCode message: String! }
enum BulkOperationUserErrorCode { INVALID LIMIT_REACHED OPERATION_IN_PROGRESS }
type BulkOperation {
  id: ID! status: BulkOperationStatus! errorCode: BulkOperationErrorCode url: URL
}
enum BulkOperationStatus { CANCELED CANCELING COMPLETED CREATED EXPIRED FAILED RUNNING }
enum BulkOperationErrorCode { ACCESS_DENIED INTERNAL_SERVER_ERROR TIMEOUT }
scalar URL
type Count { count: Int! }
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
enum ProductSortKeys { UPDATED_AT }
enum CustomerSortKeys { UPDATED_AT }
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
scalar Money
type ProductVariant {
  id: ID! sku: String title: String! barcode: String price: Money! inventoryItem: InventoryItem!
}
type InventoryItem { id: ID! tracked: Boolean! unitCost: MoneyV2 }
type ProductConnection { nodes: [Product!]! pageInfo: PageInfo! }
type Product {
  id: ID! title: String! status: ProductStatus! productType: String! vendor: String!
  createdAt: DateTime! updatedAt: DateTime!
  variants(after: String first: Int): ProductVariantConnection!
}
enum ProductStatus { ACTIVE ARCHIVED DRAFT UNLISTED }
type CustomerConnection { nodes: [Customer!]! pageInfo: PageInfo! }
type Customer {
  id: ID! createdAt: DateTime! updatedAt: DateTime! numberOfOrders: UnsignedInt64!
  firstName: String lastName: String state: CustomerState! taxExempt: Boolean!
  defaultEmailAddress: CustomerEmailAddress defaultAddress: MailingAddress
}
enum CustomerState { DECLINED DISABLED ENABLED INVITED }
type CustomerEmailAddress { emailAddress: String! }
type MailingAddress { countryCodeV2: CountryCode }
type OrderApp { name: String! }
type LineItemConnection {
  edges: [LineItemEdge!]! nodes: [LineItem!]! pageInfo: PageInfo!
}
type LineItemEdge { node: LineItem! }
type LineItem {
  id: ID! sku: String name: String! title: String! quantity: Int! currentQuantity: Int!
  isGiftCard: Boolean! originalUnitPriceSet: MoneyBag! discountedTotalSet: MoneyBag!
  totalDiscountSet: MoneyBag! taxLines: [TaxLine!]! variant: ProductVariant product: Product
}
type TaxLine { priceSet: MoneyBag! }
type Refund { id: ID! createdAt: DateTime totalRefundedSet: MoneyBag! }
enum OrderDisplayFinancialStatus {
  AUTHORIZED EXPIRED PAID PARTIALLY_PAID PARTIALLY_REFUNDED PENDING REFUNDED VOIDED
}
enum OrderDisplayFulfillmentStatus {
  FULFILLED IN_PROGRESS ON_HOLD OPEN PARTIALLY_FULFILLED UNFULFILLED
}
type OrderConnection { edges: [OrderEdge!]! nodes: [Order!]! pageInfo: PageInfo! }
type OrderEdge { node: Order! }
type Order {
  id: ID! name: String! createdAt: DateTime! test: Boolean!
  processedAt: DateTime! updatedAt: DateTime! cancelledAt: DateTime currencyCode: CurrencyCode!
  displayFinancialStatus: OrderDisplayFinancialStatus
  displayFulfillmentStatus: OrderDisplayFulfillmentStatus! sourceName: String app: OrderApp
  tags: [String!]! paymentGatewayNames: [String!]! subtotalPriceSet: MoneyBag
  totalDiscountsSet: MoneyBag totalRefundedSet: MoneyBag! customer: Customer
  shippingAddress: MailingAddress lineItems(after: String first: Int): LineItemConnection!
  refunds(first: Int): [Refund!]!
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
