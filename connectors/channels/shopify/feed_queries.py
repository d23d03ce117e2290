"""The queries of the Admin GraphQL API about orders, products and customers.

No query names a person but `CUSTOMERS`: an order says which customer's it is, and which country it
goes to, where Shopify lets the application see that. Lines of an order and variants of a product
come in pages of their own; what does not fit into the first is asked for by `ORDER_LINES` and
`PRODUCT_VARIANTS`.
"""

_LINES = """pageInfo { hasNextPage endCursor }
        nodes {
          id
          sku
          name
          title
          quantity
          currentQuantity
          isGiftCard
          originalUnitPriceSet { shopMoney { amount } }
          discountedTotalSet { shopMoney { amount } }
          totalDiscountSet { shopMoney { amount } }
          taxLines { priceSet { shopMoney { amount } } }
          variant { id }
          product { id title }
        }"""

_VARIANTS = """pageInfo { hasNextPage endCursor }
        nodes {
          id
          sku
          title
          barcode
          price
          inventoryItem { tracked unitCost { amount currencyCode } }
        }"""

_CUSTOMER = """customer { id numberOfOrders }
      shippingAddress { countryCodeV2 }"""

ORDER_FEED = f"""query OrderFeed($first: Int!, $after: String, $query: String) {{
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {{
    nodes {{
      id
      name
      createdAt
      processedAt
      updatedAt
      cancelledAt
      test
      currencyCode
      displayFinancialStatus
      displayFulfillmentStatus
      sourceName
      app {{ name }}
      tags
      paymentGatewayNames
      totalPriceSet {{ shopMoney {{ amount currencyCode }} }}
      subtotalPriceSet {{ shopMoney {{ amount }} }}
      totalTaxSet {{ shopMoney {{ amount }} }}
      totalShippingPriceSet {{ shopMoney {{ amount }} }}
      totalDiscountsSet {{ shopMoney {{ amount }} }}
      totalTipReceivedSet {{ shopMoney {{ amount }} }}
      totalRefundedSet {{ shopMoney {{ amount }} }}
      {_CUSTOMER}
      transactions {{
        id
        kind
        status
        test
        gateway
        processedAt
        amountSet {{ shopMoney {{ amount currencyCode }} }}
      }}
      refunds {{ id createdAt totalRefundedSet {{ shopMoney {{ amount }} }} }}
      lineItems(first: 5) {{
        {_LINES}
      }}
    }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}"""

# For shops and applications that may not see customers.
ANONYMOUS_ORDER_FEED = ORDER_FEED.replace(f"      {_CUSTOMER}\n", "")

ORDER_LINES = f"""query OrderLines($first: Int!, $after: String, $id: ID!) {{
  order(id: $id) {{
    lineItems(first: $first, after: $after) {{
        {_LINES}
    }}
  }}
}}"""

PRODUCTS = f"""query Products($first: Int!, $after: String, $query: String) {{
  products(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {{
    nodes {{
      id
      title
      status
      productType
      vendor
      createdAt
      updatedAt
      variants(first: 10) {{
        {_VARIANTS}
      }}
    }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}"""

PRODUCT_VARIANTS = f"""query ProductVariants($first: Int!, $after: String, $id: ID!) {{
  product(id: $id) {{
    variants(first: $first, after: $after) {{
        {_VARIANTS}
    }}
  }}
}}"""

CUSTOMERS = """query Customers($first: Int!, $after: String, $query: String) {
  customers(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {
    nodes {
      id
      createdAt
      updatedAt
      numberOfOrders
      firstName
      lastName
      state
      taxExempt
      defaultEmailAddress { emailAddress }
      defaultAddress { countryCodeV2 }
    }
    pageInfo { hasNextPage endCursor }
  }
}"""
