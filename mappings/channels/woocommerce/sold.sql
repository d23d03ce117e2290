-- Orders of the month that were paid and count as sold.
-- grain: order; key: id; in: document_rows (operation, answer)
-- from: scope
WITH listed AS (
    SELECT unnest(from_json(answer, '[{
        "id": "VARCHAR", "number": "VARCHAR", "status": "VARCHAR", "currency": "VARCHAR",
        "date_paid_gmt": "VARCHAR", "total": "VARCHAR", "payment_method": "VARCHAR",
        "billing": {"country": "VARCHAR", "state": "VARCHAR"},
        "shipping": {"country": "VARCHAR", "state": "VARCHAR"},
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
        coalesce(nullif(o.shipping.country, ''), nullif(o.billing.country, '')) AS country,
        -- The state of the address that the country is of.
        nullif(
            CASE
                WHEN coalesce(o.shipping.country, '') <> '' THEN o.shipping.state
                ELSE o.billing.state
            END,
            ''
        ) AS region,
        -- Some shops leave out the country before it.
        list_filter(
            list_transform(
                list_filter(o.meta_data, lambda m: list_contains([
                    '_billing_vat_number', '_vat_number', 'vat_number', '_billing_eu_vat_number',
                    '_billing_vat_id'
                ], m.key)),
                lambda m: upper(regexp_replace(m.value->>'$', '[^0-9A-Za-z]', '', 'g'))
            ),
            lambda n: regexp_matches(n, '[0-9]')
        )[1] AS vat_number,
        CASE WHEN regexp_matches(vat_number, '^[A-Z]{2}') THEN vat_number
            ELSE nullif(o.billing.country, '') || vat_number
        END AS buyer_tax_number
    FROM listed
    WHERE o.date_paid_gmt IS NOT NULL
)

SELECT n.*, s.since, s.until, s.payments
FROM numbered AS n, scope AS s
WHERE NOT list_contains(s.unsold, o.status)
