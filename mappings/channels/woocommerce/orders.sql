-- grain: one order, as `GET /orders` lists it. `total` holds tax and shipping and is not lowered
-- by refunds; a line's `total` is what is paid after coupons, without tax.
SELECT
    record_key,
    id AS order_id,
    number AS order_number,
    NULL AS marketplace,
    status AS platform_status,
    CAST(date_modified_gmt || 'Z' AS TIMESTAMPTZ) AS updated_at,
    CAST(date_paid_gmt || 'Z' AS TIMESTAMPTZ) AS paid_at,
    currency,
    total,
    shipping_total AS shipping,
    total_tax AS tax,
    discount_total AS discount,
    coalesce(list_sum(list_transform(refunds, lambda refund: -refund.total)), 0) AS refunded,
    coalesce(nullif(shipping_country, ''), nullif(billing_country, '')) AS ship_to,
    NULL AS fulfilment,
    nullif(created_via, '') AS source,
    NULL AS sub_source,
    false AS is_test,
    list_transform(line_items, lambda line: {
        'line_id': line.id,
        'sku': nullif(line.sku, ''),
        'listing_id': coalesce(nullif(line.variation_id, '0'), nullif(line.product_id, '0')),
        'title': line.name,
        'quantity': line.quantity,
        'amount': line.total,
        'discount': line.subtotal - line.total,
        'tax': line.total_tax
    }) AS lines,
    list_concat(
        CASE WHEN date_paid_gmt IS NULL THEN [] ELSE [{
            'payment_id': coalesce(nullif(transaction_id, ''), 'order ' || id),
            'kind': 'payment',
            'status': 'paid',
            'platform_status': status,
            'method': nullif(payment_method, ''),
            'paid_at': CAST(date_paid_gmt || 'Z' AS TIMESTAMPTZ),
            'amount': total
        }] END,
        list_transform(refunds, lambda refund: {
            'payment_id': 'refund ' || refund.id,
            'kind': 'refund',
            'status': 'paid',
            'platform_status': NULL,
            'method': nullif(payment_method, ''),
            'paid_at': NULL,
            'amount': refund.total
        })
    ) AS payments
FROM records
