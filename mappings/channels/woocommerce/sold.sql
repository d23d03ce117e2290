-- Orders of the month that were paid and count as sold.
-- grain: order; key: id; in: document_rows (operation, answer)
-- from: scope
WITH listed AS (
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
)

SELECT n.*, s.since, s.until, s.payments
FROM numbered AS n, scope AS s
WHERE NOT list_contains(s.unsold, o.status)
