-- grain: one order of the export, a row each; its items are in another export.
-- in: document_rows; macros money, moment, country
-- UNCONFIRMED: that an adjusted total is what is left after refunds, and 0 where nothing was adjusted.
WITH orders AS (
    SELECT
        *,
        ltrim(order_id, '#') AS receipt,
        CASE
            WHEN money(adjusted) > 0 AND money(adjusted) < money(total)
            THEN money(total) - money(adjusted)
            ELSE 0
        END AS went_back
    FROM document_rows
)

SELECT
    receipt AS order_id,
    receipt AS order_number,
    NULL AS marketplace,
    coalesce(lower(status), 'paid') || CASE WHEN shipped_on IS NULL THEN '' ELSE ' / shipped' END
        AS platform_status,
    CAST(NULL AS TIMESTAMPTZ) AS updated_at,
    CAST(NULL AS TIMESTAMPTZ) AS paid_at,
    currency,
    money(total) AS total,
    money(shipping) AS shipping,
    money(tax) AS tax,
    money(discount) AS discount,
    went_back AS refunded,
    country(country) AS ship_to,
    NULL AS fulfilment,
    order_type AS source,
    NULL AS sub_source,
    false AS is_test,
    NULL AS lines,
    list_concat(
        [{
            'payment_id': 'receipt ' || receipt,
            'kind': 'payment',
            'status': 'paid',
            'platform_status': status,
            'method': method,
            'paid_at': CAST(NULL AS TIMESTAMPTZ),
            'amount': money(total)
        }],
        CASE WHEN went_back = 0 THEN [] ELSE [{
            'payment_id': 'receipt ' || receipt || ' refunds',
            'kind': 'refund',
            'status': 'paid',
            'platform_status': status,
            'method': method,
            'paid_at': CAST(NULL AS TIMESTAMPTZ),
            'amount': -went_back
        }] END
    ) AS payments,
    moment(sold_on) AS created_at,
    username AS customer,
    false AS is_guest
FROM orders
