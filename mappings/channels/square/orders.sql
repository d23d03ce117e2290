-- grain: one order; the returns that refunds make are orders at Square, and none here. Amounts are
-- minor units. UNCONFIRMED: that an order's net amounts hold what was returned of it later.
SELECT
    record_key,
    id AS order_id,
    reference_id AS order_number,
    location_id AS marketplace,
    state AS platform_status,
    CAST(updated_at AS TIMESTAMPTZ) AS updated_at,
    CAST(CASE state WHEN 'COMPLETED' THEN closed_at END AS TIMESTAMPTZ) AS paid_at,
    total_money.currency AS currency,
    in_units(total_money.amount, total_money.currency) AS total,
    CAST(NULL AS DECIMAL(19, 4)) AS shipping,
    in_units(total_tax_money.amount, total_money.currency) AS tax,
    in_units(total_discount_money.amount, total_money.currency) AS discount,
    in_units(
        total_money.amount - coalesce(net_amounts.total_money.amount, total_money.amount),
        total_money.currency
    ) AS refunded,
    CAST(NULL AS VARCHAR) AS ship_to,
    CAST(NULL AS VARCHAR) AS fulfilment,
    source.name AS source,
    location_id AS sub_source,
    false AS is_test,
    list_transform(line_items, lambda line: {
        'line_id': line.uid,
        'sku': CAST(NULL AS VARCHAR),
        'listing_id': line.catalog_object_id,
        'title': concat_ws(' - ', line.name, nullif(line.variation_name, 'Regular')),
        'quantity': line.quantity,
        'amount': in_units(line.total_money.amount, line.total_money.currency)
            - coalesce(in_units(line.total_tax_money.amount, line.total_money.currency), 0),
        'discount': in_units(line.total_discount_money.amount, line.total_money.currency),
        'tax': in_units(line.total_tax_money.amount, line.total_money.currency)
    }) AS lines,
    [] AS payments
FROM records
WHERE returns IS NULL
