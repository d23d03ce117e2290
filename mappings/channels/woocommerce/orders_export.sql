-- grain: one order of the export extension: a row each, or a row an item.
-- in: document_rows; macros money, moment, country
-- Items in one cell are `id:1|name:Mug|sku:MUG|quantity:2|total:20.00;id:2|...`, or JSON. When an order was
-- paid is in no column.
WITH rows AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY order_id ORDER BY row) AS place,
        CASE
            WHEN line_items LIKE '[%' THEN list_transform(
                from_json(line_items, '[{"id": "VARCHAR", "name": "VARCHAR", "product_id": "VARCHAR",
                    "sku": "VARCHAR", "quantity": "VARCHAR", "subtotal": "VARCHAR",
                    "total": "VARCHAR", "total_tax": "VARCHAR"}]'),
                lambda item: map {
                    'id': item.id, 'name': item.name, 'product_id': item.product_id,
                    'sku': item.sku, 'quantity': item.quantity, 'subtotal': item.subtotal,
                    'total': item.total, 'total_tax': item.total_tax
                }
            )
            -- An item begins with its id, or its name; texts within it may hold the same marks.
            ELSE list_transform(
                string_split(regexp_replace(line_items, ';(id|name):', chr(30) || '\1:', 'g'), chr(30)),
                lambda item: map_from_entries(list_distinct(list_transform(
                    list_filter(
                        regexp_extract_all(
                            item,
                            '(^|\|)(id|name|product_id|sku|quantity|subtotal|total|total_tax):[^|]*'
                        ),
                        lambda part: part NOT LIKE '%:'
                    ),
                    lambda part: {
                        'k': regexp_extract(part, '([a-z_]+):', 1),
                        'v': regexp_replace(part, '^\|?[a-z_]+:', '')
                    }
                )))
            )
        END AS items
    FROM document_rows
),

lines AS (
    SELECT
        order_id,
        list({
            'line_id': coalesce(item_id, CAST(place AS VARCHAR)),
            'sku': sku,
            'listing_id': nullif(product_id, '0'),
            'title': title,
            'quantity': money(quantity),
            'amount': money(amount),
            'discount': money(subtotal) - money(amount),
            'tax': money(item_tax)
        } ORDER BY row) FILTER (quantity IS NOT NULL) AS lines
    FROM rows
    GROUP BY order_id
),

orders AS (
    SELECT *, regexp_replace(lower(status), '^wc-', '') AS state
    FROM rows
    QUALIFY row_number() OVER (PARTITION BY order_id ORDER BY row) = 1
)

SELECT
    order_id,
    coalesce(number, order_id) AS order_number,
    NULL AS marketplace,
    state AS platform_status,
    CAST(NULL AS TIMESTAMPTZ) AS updated_at,
    CAST(NULL AS TIMESTAMPTZ) AS paid_at,
    currency,
    money(total) AS total,
    money(shipping) AS shipping,
    money(tax) AS tax,
    money(discount) AS discount,
    abs(money(refunded)) AS refunded,
    country(coalesce(country, billing_country)) AS ship_to,
    NULL AS fulfilment,
    NULL AS source,
    NULL AS sub_source,
    false AS is_test,
    coalesce(lines, list_transform(items, lambda item, n: {
        'line_id': coalesce(item['id'], CAST(n AS VARCHAR)),
        'sku': item['sku'],
        'listing_id': nullif(item['product_id'], '0'),
        'title': item['name'],
        'quantity': CAST(item['quantity'] AS DECIMAL(19, 4)),
        'amount': CAST(item['total'] AS DECIMAL(19, 4)),
        'discount': CAST(item['subtotal'] AS DECIMAL(19, 4)) - CAST(item['total'] AS DECIMAL(19, 4)),
        'tax': CAST(item['total_tax'] AS DECIMAL(19, 4))
    })) AS lines,
    list_concat(
        CASE WHEN state NOT IN ('processing', 'completed', 'refunded') THEN [] ELSE [{
            'payment_id': 'order ' || order_id,
            'kind': 'payment',
            'status': 'paid',
            'platform_status': state,
            'method': method,
            'paid_at': CAST(NULL AS TIMESTAMPTZ),
            'amount': money(total)
        }] END,
        CASE WHEN coalesce(money(refunded), 0) = 0 THEN [] ELSE [{
            'payment_id': 'refunds of order ' || order_id,
            'kind': 'refund',
            'status': 'paid',
            'platform_status': state,
            'method': method,
            'paid_at': CAST(NULL AS TIMESTAMPTZ),
            'amount': -abs(money(refunded))
        }] END
    ) AS payments,
    moment(ordered_at) AS created_at,
    CASE WHEN account <> '0' THEN 'id ' || account ELSE lower(email) END AS customer,
    coalesce(account, '0') = '0' AS is_guest
FROM orders JOIN lines USING (order_id)
