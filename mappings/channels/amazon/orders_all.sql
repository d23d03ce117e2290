-- grain: one order of the All Orders report, a row an item.
-- in: document_rows; macros money, moment, country
-- An item's price is that of all its units; a pending order has none. UNCONFIRMED: that tax is added to
-- prices in America and Canada alone, and contained in them elsewhere.
WITH items AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY order_id ORDER BY row) AS place,
        coalesce(abs(money(discount)), 0) AS off,
        coalesce(abs(money(shipping_discount)), 0) AS shipping_off,
        coalesce(money(tax), 0) + coalesce(money(shipping_tax), 0)
            + coalesce(money(wrapping_tax), 0) AS taxes
    FROM document_rows
),

orders AS (
    SELECT
        order_id,
        arg_min(status, row) AS status,
        min(moment(ordered_at)) AS ordered_at,
        max(moment(updated_at)) AS updated_at,
        min(marketplace) AS marketplace,
        min(upper(fulfilment)) AS fulfilment,
        min(currency) AS currency,
        min(country) AS country,
        sum(
            money(price) + coalesce(money(shipping), 0) + coalesce(money(wrapping), 0)
            - off - shipping_off
            + CASE WHEN marketplace IN ('Amazon.com', 'Amazon.ca') THEN taxes ELSE 0 END
        ) AS total,
        sum(money(shipping) - shipping_off) AS shipping,
        sum(taxes) AS tax,
        sum(off + shipping_off) AS discount,
        list({
            'line_id': CAST(place AS VARCHAR),
            'sku': sku,
            'listing_id': CAST(NULL AS VARCHAR),
            'title': title,
            'quantity': money(quantity),
            'amount': money(price) - off,
            'discount': off,
            'tax': money(tax)
        } ORDER BY row) AS lines
    FROM items
    GROUP BY order_id
)

SELECT
    order_id,
    order_id AS order_number,
    marketplace,
    status AS platform_status,
    updated_at,
    CAST(NULL AS TIMESTAMPTZ) AS paid_at,
    currency,
    total,
    shipping,
    tax,
    discount,
    0 AS refunded,
    country(country) AS ship_to,
    CASE fulfilment WHEN 'AFN' THEN 'AMAZON' WHEN 'MFN' THEN 'MERCHANT' ELSE fulfilment END
        AS fulfilment,
    CASE WHEN marketplace LIKE 'Non-Amazon%' THEN 'NON_AMAZON' ELSE 'AMAZON' END AS source,
    NULL AS sub_source,
    false AS is_test,
    lines,
    CASE WHEN total IS NULL OR status = 'Cancelled' THEN [] ELSE [{
        'payment_id': 'order ' || order_id,
        'kind': 'payment',
        'status': CASE WHEN regexp_matches(status, '^(Ship|Complete|Partially)') THEN 'paid'
            ELSE 'pending' END,
        'platform_status': status,
        'method': CAST(NULL AS VARCHAR),
        'paid_at': CAST(NULL AS TIMESTAMPTZ),
        'amount': total
    }] END AS payments,
    ordered_at AS created_at,
    CAST(NULL AS VARCHAR) AS customer,
    false AS is_guest
FROM orders
