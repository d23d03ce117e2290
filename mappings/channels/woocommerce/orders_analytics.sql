-- grain: one order of the report of Analytics.
-- in: document_rows (sign); macros moment, currency_of
-- Its revenue is without tax and shipping, and less refunds: what the buyer pays is not stated.
SELECT
    order_id,
    order_id AS order_number,
    NULL AS marketplace,
    regexp_replace(lower(status), '^wc-', '') AS platform_status,
    CAST(NULL AS TIMESTAMPTZ) AS updated_at,
    CAST(NULL AS TIMESTAMPTZ) AS paid_at,
    currency_of(nullif(sign, '')) AS currency,
    CAST(NULL AS DECIMAL(19, 4)) AS total,
    CAST(NULL AS DECIMAL(19, 4)) AS shipping,
    CAST(NULL AS DECIMAL(19, 4)) AS tax,
    CAST(NULL AS DECIMAL(19, 4)) AS discount,
    CAST(NULL AS DECIMAL(19, 4)) AS refunded,
    CAST(NULL AS VARCHAR) AS ship_to,
    NULL AS fulfilment,
    source,
    NULL AS sub_source,
    false AS is_test,
    -- A name may hold a comma: an item begins with its number of units.
    list_transform(
        regexp_extract_all(
            regexp_replace(products, ', (\d+(\.\d+)?× )', chr(30) || '\1', 'g'), '[^\x1e]+'
        ),
        lambda item, n: {
            'line_id': CAST(n AS VARCHAR),
            'sku': CAST(NULL AS VARCHAR),
            'listing_id': CAST(NULL AS VARCHAR),
            'title': regexp_replace(item, '^[\d.]+× ', ''),
            'quantity': TRY_CAST(nullif(regexp_extract(item, '^([\d.]+)× ', 1), '') AS DECIMAL(19, 4)),
            'amount': CAST(NULL AS DECIMAL(19, 4)),
            'discount': CAST(NULL AS DECIMAL(19, 4)),
            'tax': CAST(NULL AS DECIMAL(19, 4))
        }
    ) AS lines,
    NULL AS payments,
    moment(ordered_at) AS created_at,
    CAST(NULL AS VARCHAR) AS customer,
    false AS is_guest
FROM document_rows
