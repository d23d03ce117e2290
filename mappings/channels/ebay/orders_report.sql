-- grain: one order of the Orders report. A row without an item has the sums of an order of several.
-- in: document_rows (sign); macros money, moment, country, currency_of
-- What eBay collects as tax is no part of what the buyer pays the seller. A row without an order's number
-- was never paid.
WITH rows AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY order_id ORDER BY item IS NULL, row) AS place,
        bool_or(item IS NULL) OVER (PARTITION BY order_id) AS has_sums,
        money(total) - CASE WHEN lower(is_included) = 'yes' THEN coalesce(money(collected), 0)
            ELSE 0 END AS pays
    FROM document_rows
    WHERE order_id IS NOT NULL
),

orders AS (
    SELECT
        order_id,
        max(sign) AS sign,
        min(moment(sold_on)) AS sold_on,
        min(moment(paid_on)) AS paid_on,
        max(moment(shipped_on)) AS shipped_on,
        min(username) AS username,
        min(method) AS method,
        min(country) AS country,
        sum(pays) FILTER (NOT has_sums OR item IS NULL) AS total,
        sum(money(shipping)) FILTER (NOT has_sums OR item IS NULL) AS shipping,
        sum(money(tax)) FILTER (NOT has_sums OR item IS NULL) AS tax,
        list({
            'line_id': coalesce(item || '-' || transaction_id, CAST(place AS VARCHAR)),
            'sku': sku,
            'listing_id': sku,
            'title': title,
            'quantity': money(quantity),
            'amount': money(quantity) * money(price),
            'discount': CAST(NULL AS DECIMAL(19, 4)),
            'tax': money(tax)
        } ORDER BY row) FILTER (item IS NOT NULL) AS lines
    FROM rows
    GROUP BY order_id
)

SELECT
    order_id,
    order_id AS order_number,
    NULL AS marketplace,
    CASE
        WHEN paid_on IS NULL THEN 'PENDING / NOT_STARTED'
        WHEN shipped_on IS NULL THEN 'PAID / NOT_STARTED'
        ELSE 'PAID / FULFILLED'
    END AS platform_status,
    CAST(NULL AS TIMESTAMPTZ) AS updated_at,
    paid_on AS paid_at,
    currency_of(sign) AS currency,
    total,
    shipping,
    tax,
    CAST(NULL AS DECIMAL(19, 4)) AS discount,
    CAST(NULL AS DECIMAL(19, 4)) AS refunded,
    country(country) AS ship_to,
    NULL AS fulfilment,
    NULL AS source,
    NULL AS sub_source,
    false AS is_test,
    lines,
    CASE WHEN paid_on IS NULL THEN [] ELSE [{
        'payment_id': order_id || ' payment 1',
        'kind': 'payment',
        'status': 'paid',
        'platform_status': CAST(NULL AS VARCHAR),
        'method': method,
        'paid_at': paid_on,
        'amount': total
    }] END AS payments,
    sold_on AS created_at,
    username AS customer,
    false AS is_guest
FROM orders
