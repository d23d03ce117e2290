-- Money lines of a month of orders (`connectors.channels.woocommerce.months`).
-- grain: an amount of an order or of a refund; key: line_id, part; variable currency
-- from: totals, entries
-- Items at their price before coupons, each coupon, shipping, fees charged to the buyer and taxes
-- come to the order's own total. The gateway's fee is in the currency of the gateway's balance. The
-- rest of the money goes on to the gateway, so that every order and every refund comes to nothing.
WITH passed_on AS (
    SELECT
        e.kind, min(e.row) AS row, e.id, e.posted_at, e.number, e.method, e.country,
        e.region, e.buyer_tax_number,
        -sum(e.amount) AS amount, max(t.detail) AS detail
    FROM entries AS e
    LEFT JOIN totals AS t USING (kind, id)
    GROUP BY ALL
    HAVING sum(e.amount) <> 0
)

SELECT
    row,
    part,
    concat(kind, '-', id) AS line_id,
    NULL::VARCHAR AS settlement_id,
    label AS source_type,
    NULL::VARCHAR AS marketplace,
    number AS order_id,
    item AS order_item_id,
    sku,
    quantity,
    posted_at,
    amount,
    detail AS description,
    NULL::VARCHAR AS fulfilment,
    NULL::VARCHAR AS ship_from,
    country AS ship_to,
    region AS ship_to_region,
    buyer_tax_number
FROM entries
UNION ALL
SELECT
    row, concat('gateway-', getvariable('currency')), concat(kind, '-', id), NULL,
    concat('gateway / ', method), NULL, number, NULL,
    NULL, NULL, posted_at, CAST(amount AS DECIMAL(19,4)), nullif(detail, ''), NULL, NULL, country,
    region, buyer_tax_number
FROM passed_on
