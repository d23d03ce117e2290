-- Money lines of a document of orders, in a shop whose gateways are its own.
-- grain: a side of an order's transaction, or a part of it; key: line_id, part
-- in: document_rows (operation, answer); macros exact; variable currency
-- What an order was paid with brings nothing to the balance: what was sold, and that the gateway has
-- the money. One payment of the order's whole total is told apart into shipping, tax, tip and items;
-- any other is one sum. Authorisations, failures and tests move no money.
WITH orders AS (
    SELECT row_number() OVER ()::INTEGER AS row, answer AS o
    FROM document_rows
    WHERE operation = 'orders'
),

payments AS (
    SELECT
        row,
        o->>'$.name' AS order_id,
        exact(o->>'$.totalPriceSet.shopMoney.amount') AS total,
        exact(coalesce(o->>'$.totalShippingPriceSet.shopMoney.amount', '0')) AS shipping,
        exact(coalesce(o->>'$.totalTaxSet.shopMoney.amount', '0')) AS tax,
        exact(coalesce(o->>'$.totalTipReceivedSet.shopMoney.amount', '0')) AS tip,
        unnest(json_extract(o, '$.transactions[*]')) AS t
    FROM orders
    WHERE NOT CAST(o->>'$.test' AS BOOLEAN)
),

moved AS (
    SELECT
        *,
        t->>'$.kind' AS kind,
        t->>'$.kind' IN ('SALE', 'CAPTURE') AS is_payment,
        CASE
            WHEN t->>'$.amountSet.shopMoney.currencyCode' = getvariable('currency')
            THEN exact(t->>'$.amountSet.shopMoney.amount')
            ELSE error(concat('an amount is in ', t->>'$.amountSet.shopMoney.currencyCode'))
        END AS amount
    FROM payments
    WHERE t->>'$.status' = 'SUCCESS'
        AND NOT CAST(t->>'$.test' AS BOOLEAN)
        AND t->>'$.kind' IN ('SALE', 'CAPTURE', 'REFUND', 'CHANGE')
),

sold AS (
    SELECT
        row,
        regexp_extract(t->>'$.id', '(\d+)$', 1) AS line_id,
        order_id,
        CAST(coalesce(t->>'$.processedAt', t->>'$.createdAt') AS TIMESTAMPTZ) AS posted_at,
        kind,
        concat_ws(' / ', 'gateway', coalesce(t->>'$.gateway', 'unknown'), kind) AS gateway,
        CAST(CASE WHEN is_payment THEN amount ELSE -amount END AS DECIMAL(19,4)) AS amount,
        is_payment AND amount = total AND amount >= shipping + tax + tip
        AND count(*) FILTER (is_payment) OVER (PARTITION BY row) = 1 AS is_whole,
        shipping,
        tax,
        tip
    FROM moved
),

both_sides AS (
    SELECT *, unnest(list_concat(
        [{part: NULL::VARCHAR, label: gateway, value: CAST(-amount AS DECIMAL(19,4))}],
        CASE WHEN is_whole THEN [
            {
                part: 'items', label: 'order / items',
                value: CAST(amount - shipping - tax - tip AS DECIMAL(19,4))
            },
            {part: 'shipping', label: 'order / shipping', value: shipping},
            {part: 'tax', label: 'order / tax', value: tax},
            {part: 'tip', label: 'order / tip', value: tip}
        ] ELSE [{part: 'order', label: concat('order / ', kind), value: amount}] END
    )) AS stated
    FROM sold
)

SELECT
    row,
    stated.part AS part,
    line_id,
    NULL::VARCHAR AS settlement_id,
    stated.label AS source_type,
    NULL::VARCHAR AS marketplace,
    order_id,
    NULL::VARCHAR AS order_item_id,
    NULL::VARCHAR AS sku,
    NULL::INTEGER AS quantity,
    posted_at,
    stated.value AS amount,
    NULL::VARCHAR AS description,
    NULL::VARCHAR AS fulfilment,
    NULL::VARCHAR AS ship_from,
    NULL::VARCHAR AS ship_to
FROM both_sides
WHERE stated.part IS NULL OR stated.value <> 0
