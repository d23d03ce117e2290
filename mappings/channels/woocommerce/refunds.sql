-- Refunds of the month's orders that fall into it, each with its order's number and country.
-- grain: refund; key: id; in: document_rows (operation, answer)
-- from: sold
WITH returned AS (
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
)

SELECT
    s.row + r.number AS row,
    r.r,
    r.r.id AS id,
    s.id AS order_id,
    s.number,
    s.currency,
    s.method,
    s.country, s.region, s.buyer_tax_number,
    CAST(concat(r.r.date_created_gmt, 'Z') AS TIMESTAMPTZ) AS refunded_at
FROM returned AS r
JOIN sold AS s ON s.id = r.r.parent_id
WHERE refunded_at >= s.since AND refunded_at < s.until
