-- grain: one order of the items file, a row an item; rows of refunds lower what is left of it.
-- in: document_rows (sign); macros money, day, zone_of, currency_of
-- Tips are in no row, so that no payment is stated. A refund whose sale is in another file is left out.
WITH items AS (
    SELECT
        *,
        lower(coalesce(event, CASE WHEN net LIKE '-%' THEN 'refund' END, 'payment')) = 'refund'
            AS is_refund,
        row_number() OVER (PARTITION BY order_id ORDER BY row) AS place,
        money(net) + coalesce(money(tax), 0) AS pays,
        timezone(zone_of(zone), strptime(
            strftime(day(date), '%Y-%m-%d') || ' ' || time,
            ['%Y-%m-%d %H:%M:%S', '%Y-%m-%d %H:%M', '%Y-%m-%d %I:%M:%S %p', '%Y-%m-%d %I:%M %p']
        )) AS sold_at
    FROM document_rows
)

SELECT
    order_id,
    CAST(NULL AS VARCHAR) AS order_number,
    NULL AS marketplace,
    'COMPLETED' AS platform_status,
    CAST(NULL AS TIMESTAMPTZ) AS updated_at,
    min(sold_at) FILTER (NOT is_refund) AS paid_at,
    currency_of(max(sign)) AS currency,
    sum(pays) FILTER (NOT is_refund) AS total,
    CAST(NULL AS DECIMAL(19, 4)) AS shipping,
    sum(money(tax)) FILTER (NOT is_refund) AS tax,
    sum(abs(money(discount))) FILTER (NOT is_refund) AS discount,
    coalesce(-sum(pays) FILTER (is_refund), 0) AS refunded,
    CAST(NULL AS VARCHAR) AS ship_to,
    NULL AS fulfilment,
    NULL AS source,
    min(location) AS sub_source,
    false AS is_test,
    list({
        'line_id': CAST(place AS VARCHAR),
        'sku': sku,
        'listing_id': CAST(NULL AS VARCHAR),
        'title': concat_ws(' - ', title, nullif(variation, 'Regular')),
        'quantity': money(quantity),
        'amount': money(net),
        'discount': abs(money(discount)),
        'tax': money(tax)
    } ORDER BY row) FILTER (NOT is_refund) AS lines,
    NULL AS payments,
    min(sold_at) FILTER (NOT is_refund) AS created_at,
    min(customer_id) AS customer,
    min(customer_id) IS NULL AS is_guest
FROM items
GROUP BY order_id
HAVING NOT bool_and(is_refund)
