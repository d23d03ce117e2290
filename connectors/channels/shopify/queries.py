"""The queries of the Admin GraphQL API about money.

Only fields that lines, checks or readers need are queried: Shopify charges for every object.
The names are those of the schema of `graphql.VERSION`, which the contract tests hold them against.
"""

PAYOUTS = """query Payouts($first: Int!, $after: String, $query: String) {
  shopifyPaymentsAccount {
    payouts(first: $first, after: $after, query: $query, sortKey: ISSUED_AT) {
      nodes {
        legacyResourceId
        issuedAt
        status
        transactionType
        externalTraceId
        net { amount currencyCode }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}"""

TRANSACTIONS = """query BalanceTransactions($first: Int!, $after: String, $query: String) {
  shopifyPaymentsAccount {
    balanceTransactions(first: $first, after: $after, query: $query, sortKey: PROCESSED_AT) {
      nodes {
        id
        type
        test
        transactionDate
        amount { amount currencyCode }
        fee { amount }
        net { amount }
        sourceType
        sourceId
        adjustmentReason
        associatedOrder { name }
        associatedPayout { id status }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}"""

SCOPES = "query Scopes { currentAppInstallation { accessScopes { handle } } }"

# Which orders are not as they were; what they say now is asked for by the day they were made.
CHANGED = """query ChangedOrders($first: Int!, $after: String, $query: String) {
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {
    nodes { createdAt }
    pageInfo { hasNextPage endCursor }
  }
}"""

VARIANTS = """query VariantCosts($first: Int!, $after: String, $query: String) {
  productVariants(first: $first, after: $after, query: $query) {
    nodes { sku inventoryItem { unitCost { amount currencyCode } } }
    pageInfo { hasNextPage endCursor }
  }
}"""

ORDERS = """query Orders($first: Int!, $after: String, $query: String) {
  orders(first: $first, after: $after, query: $query, sortKey: CREATED_AT) {
    nodes {
      id
      name
      createdAt
      test
      totalPriceSet { shopMoney { amount currencyCode } }
      totalShippingPriceSet { shopMoney { amount } }
      totalTaxSet { shopMoney { amount } }
      totalTipReceivedSet { shopMoney { amount } }
      transactions {
        id
        kind
        status
        test
        gateway
        createdAt
        processedAt
        amountSet { shopMoney { amount currencyCode } }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}"""
