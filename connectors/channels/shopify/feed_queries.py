"""The queries of the Admin GraphQL API about orders, products and customers.

Every object costs a point, so nothing is asked for that is not stored. No query names a person but
`CUSTOMERS`: an order says which customer's it is, and which country it goes to, where Shopify lets
the application see that. Lines of an order and variants of a product come in pages of their own;
what does not fit into the first is asked for by `ORDER_LINES` and `PRODUCT_VARIANTS`. A bulk
operation takes a query of edges, without pages.
"""

import json

_CUSTOMER = """
      customer { id numberOfOrders }
      shippingAddress { countryCodeV2 }"""
_ORDER = f"""id
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
      totalTaxSet {{ shopMoney {{ amount }} }}
      totalShippingPriceSet {{ shopMoney {{ amount }} }}
      totalDiscountsSet {{ shopMoney {{ amount }} }}
      totalRefundedSet {{ shopMoney {{ amount }} }}
      transactions {{
        id
        kind
        status
        test
        gateway
        processedAt
        amountSet {{ shopMoney {{ amount currencyCode }} }}
      }}{_CUSTOMER}"""

_LINE = """id
          sku
          name
          title
          quantity
          currentQuantity
          isGiftCard
          discountedTotalSet { shopMoney { amount } }
          totalDiscountSet { shopMoney { amount } }
          taxLines { priceSet { shopMoney { amount } } }
          variant { id }"""

_VARIANTS = """pageInfo { hasNextPage endCursor }
        nodes {
          id
          sku
          title
          barcode
          price
          inventoryItem { tracked unitCost { amount currencyCode } }
        }"""

ORDER_FEED = f"""query OrderFeed($first: Int!, $after: String, $query: String) {{
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {{
    nodes {{
      {_ORDER}
      lineItems(first: 5) {{
        nodes {{
          {_LINE}
        }}
        pageInfo {{ hasNextPage endCursor }}
      }}
    }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}"""

ORDER_LINES = f"""query OrderLines($first: Int!, $after: String, $id: ID!) {{
  order(id: $id) {{
    lineItems(first: $first, after: $after) {{
        nodes {{
          {_LINE}
        }}
        pageInfo {{ hasNextPage endCursor }}
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

ORDERS_COUNT = """query OrdersCount($query: String) {
  ordersCount(query: $query, limit: null) { count }
}"""

RUN_BULK = """mutation RunBulk($query: String!) {
  bulkOperationRunQuery(query: $query, groupObjects: false) {
    bulkOperation { id }
    userErrors { code message }
  }
}"""

BULK_OPERATION = """query BulkOperation($id: ID!) {
  bulkOperation(id: $id) { status errorCode url }
}"""


def anonymous(query: str) -> str:
    """Return a query of orders for applications that may not see customers."""
    return query.replace(_CUSTOMER, "")


def bulk_orders(search: str) -> str:
    """Return the query of a bulk operation: the orders that a search selects, with all lines."""
    return f"""{{
  orders(query: {json.dumps(search)}) {{
    edges {{
      node {{
      {_ORDER}
      lineItems {{ edges {{ node {{
          {_LINE}
      }} }} }}
      }}
    }}
  }}
}}"""
