-- grain: one order of the export; its first row has what is of the whole order, each row a line.
-- in: document_rows; macros money, moment, country
-- Its words for states are those of the API in small letters. It states no transactions: what was paid
-- and what went back are one sum each. UNCONFIRMED: that a line's discount is that of all its units.
WITH lines AS (
    SELECT
        name,
        list({
            'line_id': CAST(place AS VARCHAR),
            'sku': sku,
            'listing_id': CAST(NULL AS VARCHAR),
            'title': title,
            'quantity': money(quantity),
            'amount': money(quantity) * money(price) - coalesce(money(line_discount), 0),
            'discount': money(line_discount),
            'tax': CAST(NULL AS DECIMAL(19, 4))
        } ORDER BY row) AS lines
    FROM (
        SELECT *, row_number() OVER (PARTITION BY name ORDER BY row) AS place FROM document_rows
    )
    WHERE quantity IS NOT NULL
    GROUP BY name
),

orders AS (
    SELECT
        *,
        'gid://shopify/Order/' || id AS order_id,
        upper(coalesce(financial, 'pending')) AS paid_state,
        coalesce(money(refunded), 0) AS went_back
    FROM document_rows
    QUALIFY row_number() OVER (PARTITION BY name ORDER BY row) = 1
)

SELECT
    order_id,
    name AS order_number,
    NULL AS marketplace,
    CASE
        WHEN cancelled_at IS NOT NULL THEN 'cancelled'
        WHEN lower(fulfilled) = 'fulfilled' THEN paid_state || ' / FULFILLED'
        ELSE paid_state
    END AS platform_status,
    CAST(NULL AS TIMESTAMPTZ) AS updated_at,
    moment(paid_at) AS paid_at,
    currency,
    money(total) AS total,
    money(shipping) AS shipping,
    money(tax) AS tax,
    money(discount) AS discount,
    went_back AS refunded,
    country(country) AS ship_to,
    NULL AS fulfilment,
    source,
    NULL AS sub_source,
    false AS is_test,
    lines,
    list_concat(
        CASE WHEN paid_at IS NULL THEN [] ELSE [{
            'payment_id': 'order ' || id,
            'kind': 'payment',
            'status': 'paid',
            'platform_status': financial,
            'method': method,
            'paid_at': moment(paid_at),
            'amount': money(total) - coalesce(money(outstanding), 0)
        }] END,
        CASE WHEN went_back = 0 THEN [] ELSE [{
            'payment_id': 'refunds of order ' || id,
            'kind': 'refund',
            'status': 'paid',
            'platform_status': financial,
            'method': method,
            'paid_at': CAST(NULL AS TIMESTAMPTZ),
            'amount': -went_back
        }] END
    ) AS payments,
    moment(created_at) AS created_at,
    lower(email) AS customer,
    false AS is_guest
FROM orders LEFT JOIN lines USING (name)
