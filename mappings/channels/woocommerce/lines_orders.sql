-- Money lines of a month of orders (`connectors.channels.woocommerce.months`).
-- grain: an amount of an order or of a refund; key: line_id, part
-- in: document_rows (operation, answer); macro coins; variables currency, coin
-- Items at their price before coupons, each coupon, shipping, fees charged to the buyer and taxes
-- come to the order's own total. What rounding leaves between them, up to a coin an amount (or to
-- what the store rounds to), is a line, and so is a greater difference, which somebody made by hand. The gateway's fee is in the
-- currency of the gateway's balance; where nothing is noted it is unknown, and no line. The rest of
-- the money goes on to the gateway, so that every order and every refund comes to nothing.
WITH scope AS (
    SELECT
        CAST(answer->>'$.since' AS TIMESTAMPTZ) AS since,
        CAST(answer->>'$.until' AS TIMESTAMPTZ) AS until,
        coalesce(CAST(answer->'$.unsold' AS VARCHAR[]), []) AS unsold,
        answer->>'$.payments' = 'true' AS payments,
        -- Totals are rounded to the store's own number of decimals, which may be fewer.
        greatest(
            CAST(getvariable('coin') AS DECIMAL(19,4)),
            CASE CAST(answer->>'$.decimals' AS INTEGER) WHEN 0 THEN 1 WHEN 1 THEN 0.1 ELSE 0 END
        ) AS rounds_to
    FROM document_rows
    WHERE operation = 'window'
),

-- Read once into a shape: all text, and what is missing is null.
listed AS (
    SELECT unnest(from_json(answer, '[{
        "id": "VARCHAR", "number": "VARCHAR", "status": "VARCHAR", "currency": "VARCHAR",
        "date_paid_gmt": "VARCHAR", "total": "VARCHAR", "payment_method": "VARCHAR",
        "billing": {"country": "VARCHAR"}, "shipping": {"country": "VARCHAR"},
        "meta_data": [{"id": "VARCHAR", "key": "VARCHAR", "value": "JSON"}],
        "line_items": [{
            "id": "VARCHAR", "name": "VARCHAR", "quantity": "VARCHAR", "subtotal": "VARCHAR",
            "total": "VARCHAR", "sku": "VARCHAR"
        }],
        "tax_lines": [{
            "id": "VARCHAR", "rate_code": "VARCHAR", "label": "VARCHAR", "tax_total": "VARCHAR",
            "shipping_tax_total": "VARCHAR"
        }],
        "shipping_lines": [{"id": "VARCHAR", "method_title": "VARCHAR", "total": "VARCHAR"}],
        "fee_lines": [{"id": "VARCHAR", "name": "VARCHAR", "total": "VARCHAR"}],
        "coupon_lines": [{
            "id": "VARCHAR", "code": "VARCHAR", "discount": "VARCHAR", "discount_type": "VARCHAR",
            "meta_data": [{"value": "JSON"}]
        }],
        "gift_cards": [{"id": "VARCHAR", "amount": "VARCHAR"}]
    }]')) AS o
    FROM document_rows
    WHERE operation = 'orders'
),

numbered AS (
    SELECT
        row_number() OVER ()::INTEGER AS row,
        o,
        o.id AS id,
        o.number AS number,
        o.currency AS currency,
        CAST(concat(o.date_paid_gmt, 'Z') AS TIMESTAMPTZ) AS paid_at,
        coalesce(nullif(o.payment_method, ''), 'other') AS method,
        coalesce(nullif(o.shipping.country, ''), nullif(o.billing.country, '')) AS country
    FROM listed
    WHERE o.date_paid_gmt IS NOT NULL
),

sold AS (
    SELECT n.*, s.since, s.until, s.payments
    FROM numbered AS n, scope AS s
    WHERE NOT list_contains(s.unsold, o.status)
),

noted AS (
    SELECT
        id, note.key AS key,
        max_by(note.value, coalesce(TRY_CAST(note.id AS BIGINT), 0)) AS value
    FROM (SELECT id, unnest(o.meta_data) AS note FROM sold)
    WHERE key IN (
        '_stripe_fee', '_stripe_currency', 'Stripe Fee', '_ppcp_paypal_fees',
        '_ppcp_paypal_refund_fees', 'PayPal Transaction Fee', '_wcpay_transaction_fee',
        '_wcpay_intent_currency'
    )
    GROUP BY ALL
),

notes AS (
    SELECT
        id,
        coalesce(
            max(value->>'$') FILTER (key = '_stripe_fee'),
            max(value->>'$') FILTER (key = 'Stripe Fee')
        ) AS stripe,
        max(value->>'$') FILTER (key = '_stripe_currency') AS stripe_currency,
        coalesce(
            max(value->>'$.paypal_fee.value') FILTER (key = '_ppcp_paypal_fees'),
            max(value->>'$') FILTER (key = 'PayPal Transaction Fee')
        ) AS paypal,
        max(value->>'$.paypal_fee.currency_code') FILTER (key = '_ppcp_paypal_fees')
            AS paypal_currency,
        max(value->>'$.paypal_fee.value') FILTER (key = '_ppcp_paypal_refund_fees') AS returned,
        max(value->>'$.paypal_fee.currency_code') FILTER (key = '_ppcp_paypal_refund_fees')
            AS returned_currency,
        max(value->>'$') FILTER (key = '_wcpay_transaction_fee') AS wcpay,
        max(value->>'$') FILTER (key = '_wcpay_intent_currency') AS wcpay_currency
    FROM noted
    GROUP BY ALL
),

gateway_fees AS (
    SELECT
        s.id,
        CASE
            WHEN n.stripe <> '' THEN n.stripe
            WHEN n.paypal <> '' THEN n.paypal
            WHEN n.wcpay <> '' AND NOT s.payments THEN n.wcpay
        END AS fee,
        upper(coalesce(nullif(CASE
            WHEN n.stripe <> '' THEN n.stripe_currency
            WHEN n.paypal <> '' THEN n.paypal_currency
            ELSE n.wcpay_currency
        END, ''), s.currency)) AS fee_currency,
        n.returned,
        upper(coalesce(n.returned_currency, s.currency)) AS returned_currency
    FROM sold AS s
    JOIN notes AS n USING (id)
),

order_parts AS (
    SELECT
        row, id, true AS of_total,
        unnest(list_concat(
            list_transform(
                o.line_items,
                lambda x: {
                    part: concat('item-', x.id), word: 'item',
                    value: CAST(nullif(x.subtotal, '') AS DECIMAL(28,9)),
                    said: x.name, item: x.id, sku: nullif(x.sku, ''),
                    quantity: TRY_CAST(x.quantity AS INTEGER)
                }
            ),
            list_transform(
                o.coupon_lines,
                lambda x: {
                    part: concat('coupon-', x.id),
                    word: concat_ws(' / ', 'coupon', coalesce(
                        x.discount_type, x.meta_data[1].value->>'$.discount_type'
                    )),
                    value: -CAST(nullif(x.discount, '') AS DECIMAL(28,9)),
                    said: x.code, item: NULL, sku: NULL, quantity: NULL
                }
            ),
            -- What a line was lowered by without a coupon.
            [{
                part: 'discount', word: 'discount',
                value: coalesce(list_sum(list_transform(
                    o.line_items,
                    lambda x: CAST(nullif(x.total, '') AS DECIMAL(28,9))
                        - CAST(nullif(x.subtotal, '') AS DECIMAL(28,9))
                )), 0) + coalesce(list_sum(list_transform(
                    o.coupon_lines,
                    lambda x: CAST(nullif(x.discount, '') AS DECIMAL(28,9))
                )), 0),
                said: NULL, item: NULL, sku: NULL, quantity: NULL
            }],
            list_transform(
                o.shipping_lines,
                lambda x: {
                    part: concat('shipping-', x.id), word: 'shipping',
                    value: CAST(nullif(x.total, '') AS DECIMAL(28,9)),
                    said: x.method_title, item: NULL, sku: NULL, quantity: NULL
                }
            ),
            list_transform(
                o.fee_lines,
                lambda x: {
                    part: concat('fee-', x.id),
                    word: concat('buyer fee / ', replace(x.name, ' / ', '/')),
                    value: CAST(nullif(x.total, '') AS DECIMAL(28,9)),
                    said: x.name, item: NULL, sku: NULL, quantity: NULL
                }
            ),
            list_transform(
                o.tax_lines,
                lambda x: {
                    part: concat('tax-', x.id),
                    word: concat('tax / ', replace(x.rate_code, ' / ', '/')),
                    value: CAST(nullif(x.tax_total, '') AS DECIMAL(28,9)) + coalesce(
                        CAST(nullif(x.shipping_tax_total, '') AS DECIMAL(28,9)), 0
                    ),
                    said: x.label, item: NULL, sku: NULL, quantity: NULL
                }
            ),
            list_transform(
                o.gift_cards,
                lambda x: {
                    part: concat('gift-', x.id), word: 'gift card',
                    value: -CAST(nullif(x.amount, '') AS DECIMAL(28,9)),
                    said: NULL, item: NULL, sku: NULL, quantity: NULL
                }
            )
        )) AS p
    FROM sold
    WHERE currency = getvariable('currency') AND paid_at >= since AND paid_at < until
),

returned AS (
    SELECT r, row_number() OVER ()::INTEGER AS number
    FROM (
        SELECT unnest(from_json(answer, '[{
            "id": "VARCHAR", "parent_id": "VARCHAR", "date_created_gmt": "VARCHAR",
            "amount": "VARCHAR", "reason": "VARCHAR", "refunded_payment": "VARCHAR",
            "line_items": [{
                "id": "VARCHAR", "name": "VARCHAR", "quantity": "VARCHAR", "total": "VARCHAR",
                "total_tax": "VARCHAR", "sku": "VARCHAR"
            }],
            "shipping_lines": [{
                "id": "VARCHAR", "method_title": "VARCHAR", "total": "VARCHAR",
                "total_tax": "VARCHAR"
            }],
            "fee_lines": [{
                "id": "VARCHAR", "name": "VARCHAR", "total": "VARCHAR", "total_tax": "VARCHAR"
            }]
        }]')) AS r
        FROM document_rows
        WHERE operation = 'refunds'
    )
),

refunds AS (
    SELECT
        s.row + r.number AS row,
        r.r,
        r.r.id AS id,
        s.id AS order_id,
        s.number,
        s.currency,
        s.method,
        s.country,
        CAST(concat(r.r.date_created_gmt, 'Z') AS TIMESTAMPTZ) AS refunded_at
    FROM returned AS r
    JOIN sold AS s ON s.id = r.r.parent_id
    WHERE refunded_at >= s.since AND refunded_at < s.until
),

refund_parts AS (
    SELECT
        row, id,
        unnest(list_concat(
            list_transform(
                r.line_items,
                lambda x: {
                    part: concat('item-', x.id), word: 'refund / item',
                    value: CAST(nullif(x.total, '') AS DECIMAL(28,9)),
                    said: x.name, item: x.id, sku: nullif(x.sku, ''),
                    quantity: TRY_CAST(x.quantity AS INTEGER)
                }
            ),
            list_transform(
                r.shipping_lines,
                lambda x: {
                    part: concat('shipping-', x.id), word: 'refund / shipping',
                    value: CAST(nullif(x.total, '') AS DECIMAL(28,9)),
                    said: x.method_title, item: NULL, sku: NULL, quantity: NULL
                }
            ),
            list_transform(
                r.fee_lines,
                lambda x: {
                    part: concat('fee-', x.id), word: 'refund / buyer fee',
                    value: CAST(nullif(x.total, '') AS DECIMAL(28,9)),
                    said: x.name, item: NULL, sku: NULL, quantity: NULL
                }
            ),
            [{
                part: 'tax', word: 'refund / tax',
                value: coalesce(list_sum(list_transform(
                    list_concat(
                        list_transform(r.line_items, lambda x: x.total_tax),
                        list_transform(r.shipping_lines, lambda x: x.total_tax),
                        list_transform(r.fee_lines, lambda x: x.total_tax)
                    ),
                    lambda x: CAST(nullif(x, '') AS DECIMAL(28,9))
                )), 0),
                said: NULL, item: NULL, sku: NULL, quantity: NULL
            }]
        )) AS p
    FROM refunds
    WHERE currency = getvariable('currency')
),

-- Orders and refunds alike: an amount each, to the coin.
amounts AS (
    SELECT
        *,
        coins(value) AS amount
    FROM (
        SELECT 'order' AS kind, row, id, p.* REPLACE (CAST(p.value AS DECIMAL(28,9)) AS value)
        FROM order_parts
        UNION ALL
        SELECT 'refund', row, id, p.* REPLACE (CAST(p.value AS DECIMAL(28,9)) AS value)
        FROM refund_parts
    )
    WHERE value <> 0 OR word = 'item'
),

totals AS (
    SELECT
        'order' AS kind, row, id, paid_at AS posted_at, number, method, country,
        CAST(o.total AS DECIMAL(19,4)) AS total, NULL::VARCHAR AS said
    FROM sold
    WHERE currency = getvariable('currency') AND paid_at >= since AND paid_at < until
    UNION ALL
    SELECT
        'refund', row, id, refunded_at, number, method, country,
        -CAST(r.amount AS DECIMAL(19,4)),
        concat_ws(
            ': ',
            CASE r.refunded_payment WHEN 'false' THEN 'not through the gateway' END,
            nullif(r.reason, '')
        )
    FROM refunds
    WHERE currency = getvariable('currency')
),

differences AS (
    SELECT
        t.kind, t.id,
        t.total - coalesce(sum(a.amount), 0) AS amount,
        count(a.part) * (SELECT max(rounds_to) FROM scope) AS tolerance
    FROM totals AS t
    LEFT JOIN amounts AS a USING (kind, id)
    GROUP BY t.kind, t.id, t.total
),

fees AS (
    SELECT
        'order' AS kind, s.row, s.id, s.paid_at AS posted_at, s.number, s.method, s.country,
        'gateway-fee' AS part,
        -CAST(f.fee AS DECIMAL(28,9)) AS value
    FROM gateway_fees AS f
    JOIN sold AS s USING (id)
    WHERE f.fee_currency = getvariable('currency') AND s.paid_at >= s.since AND s.paid_at < s.until
    UNION ALL
    -- Known for all refunds of an order together: it stands with the last.
    SELECT
        'refund', r.row, r.id, r.refunded_at, r.number, r.method, r.country,
        'gateway-fee',
        CAST(f.returned AS DECIMAL(28,9))
    FROM gateway_fees AS f
    JOIN refunds AS r ON r.order_id = f.id
    WHERE f.returned_currency = getvariable('currency') AND f.returned <> ''
    QUALIFY row_number() OVER (PARTITION BY r.order_id ORDER BY r.refunded_at DESC, r.row DESC) = 1
),

entries AS (
    SELECT
        a.kind, a.row, a.id, t.posted_at, t.number, t.method, t.country, a.part, a.word, a.amount,
        a.said, a.item, a.sku, a.quantity
    FROM amounts AS a
    JOIN totals AS t USING (kind, id)
    UNION ALL
    SELECT
        t.kind, t.row, t.id, t.posted_at, t.number, t.method, t.country, 'difference',
        concat(t.kind, ' / ', CASE
            WHEN abs(d.amount) <= d.tolerance THEN 'rounding'
            WHEN t.kind = 'refund' THEN 'amount'
            ELSE 'unexplained'
        END),
        d.amount, nullif(t.said, ''), NULL, NULL, NULL
    FROM differences AS d
    JOIN totals AS t USING (kind, id)
    WHERE d.amount <> 0
    UNION ALL
    SELECT
        kind, row, id, posted_at, number, method, country, part, concat('fee / ', method),
        coins(value),
        'Fee of the gateway', NULL, NULL, NULL
    FROM fees
    WHERE value <> 0
),

passed_on AS (
    SELECT
        e.kind, min(e.row) AS row, e.id, e.posted_at, e.number, e.method, e.country,
        -sum(e.amount) AS amount, max(t.said) AS said
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
    word AS source_type,
    NULL::VARCHAR AS marketplace,
    number AS order_id,
    item AS order_item_id,
    sku,
    quantity,
    posted_at,
    amount,
    said AS description,
    NULL::VARCHAR AS fulfilment,
    NULL::VARCHAR AS ship_from,
    country AS ship_to
FROM entries
UNION ALL
SELECT
    row, concat('gateway-', getvariable('currency')), concat(kind, '-', id), NULL,
    concat('gateway / ', method), NULL, number, NULL,
    NULL, NULL, posted_at, CAST(amount AS DECIMAL(19,4)), nullif(said, ''), NULL, NULL, country
FROM passed_on
