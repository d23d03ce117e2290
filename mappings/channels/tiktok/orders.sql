-- grain: one order; each unit is a line of its own. Refunds are told with returns, and change
-- nothing here.
SELECT
    record_key,
    id AS order_id,
    id AS order_number,
    CAST(NULL AS VARCHAR) AS marketplace,
    status AS platform_status,
    to_timestamp(update_time) AS updated_at,
    to_timestamp(paid_time) AS paid_at,
    payment.currency AS currency,
    payment.total_amount AS total,
    payment.shipping_fee AS shipping,
    payment.tax AS tax,
    payment.seller_discount + payment.platform_discount AS discount,
    0 AS refunded,
    recipient_address.region_code AS ship_to,
    fulfillment_type AS fulfilment,
    commerce_platform AS source,
    CAST(NULL AS VARCHAR) AS sub_source,
    coalesce(is_sample_order, false) AS is_test,
    list_transform(line_items, lambda line: {
        'line_id': line.id,
        'sku': nullif(line.seller_sku, ''),
        'listing_id': line.sku_id,
        'title': concat_ws(' - ', line.product_name, nullif(line.sku_name, 'Default')),
        'quantity': CAST(1 AS DECIMAL(19, 4)),
        'amount': line.sale_price,
        'discount': line.seller_discount,
        'tax': CAST(NULL AS DECIMAL(19, 4))
    }) AS lines,
    CASE WHEN paid_time IS NULL THEN [] ELSE [{
        'payment_id': 'order ' || id,
        'kind': 'payment',
        'status': 'paid',
        'platform_status': status,
        'method': nullif(payment_method_name, ''),
        'paid_at': to_timestamp(paid_time),
        'amount': payment.total_amount
    }] END AS payments
FROM records
