-- grain: one order of the export of items; its sums are in another export.
-- in: document_rows; macros money, moment, country
-- UNCONFIRMED: that a discount is that of the row.
SELECT
    ltrim(order_id, '#') AS order_id,
    ltrim(order_id, '#') AS order_number,
    NULL AS marketplace,
    CASE WHEN bool_or(shipped_on IS NOT NULL) THEN 'paid / shipped' ELSE 'paid' END
        AS platform_status,
    CAST(NULL AS TIMESTAMPTZ) AS updated_at,
    min(moment(paid_on)) AS paid_at,
    min(currency) AS currency,
    CAST(NULL AS DECIMAL(19, 4)) AS total,
    CAST(NULL AS DECIMAL(19, 4)) AS shipping,
    CAST(NULL AS DECIMAL(19, 4)) AS tax,
    CAST(NULL AS DECIMAL(19, 4)) AS discount,
    CAST(NULL AS DECIMAL(19, 4)) AS refunded,
    country(min(country)) AS ship_to,
    NULL AS fulfilment,
    NULL AS source,
    NULL AS sub_source,
    false AS is_test,
    list({
        'line_id': line_id,
        'sku': sku,
        'listing_id': CAST(NULL AS VARCHAR),
        'title': title,
        'quantity': money(quantity),
        'amount': money(quantity) * money(price) - coalesce(money(discount), 0),
        'discount': money(discount),
        'tax': CAST(NULL AS DECIMAL(19, 4))
    } ORDER BY row) AS lines,
    NULL AS payments,
    min(moment(sold_on)) AS created_at,
    CAST(NULL AS VARCHAR) AS customer,
    false AS is_guest
FROM document_rows
GROUP BY order_id
