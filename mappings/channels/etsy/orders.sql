-- grain: one receipt, which is Etsy's order. Amounts come with their divisor.
SELECT
    record_key,
    receipt_id AS order_id,
    receipt_id AS order_number,
    CAST(NULL AS VARCHAR) AS marketplace,
    CASE WHEN is_shipped THEN lower(status) || ' / shipped' ELSE lower(status) END
        AS platform_status,
    to_timestamp(updated_timestamp) AS updated_at,
    to_timestamp(list_min(list_transform(transactions, lambda line: line.paid_timestamp)))
        AS paid_at,
    grandtotal.currency_code AS currency,
    divided(grandtotal.amount, grandtotal.divisor) AS total,
    divided(total_shipping_cost.amount, total_shipping_cost.divisor) AS shipping,
    coalesce(divided(total_tax_cost.amount, total_tax_cost.divisor), 0)
        + coalesce(divided(total_vat_cost.amount, total_vat_cost.divisor), 0) AS tax,
    divided(discount_amt.amount, discount_amt.divisor) AS discount,
    coalesce(list_sum(list_transform(
        refunds, lambda refund: divided(refund.amount.amount, refund.amount.divisor)
    )), 0) AS refunded,
    country_iso AS ship_to,
    CAST(NULL AS VARCHAR) AS fulfilment,
    CAST(NULL AS VARCHAR) AS source,
    CAST(NULL AS VARCHAR) AS sub_source,
    false AS is_test,
    list_transform(transactions, lambda line: {
        'line_id': line.transaction_id,
        'sku': nullif(line.sku, ''),
        'listing_id': line.product_id,
        'title': line.title,
        'quantity': line.quantity,
        'amount': line.quantity * divided(line.price.amount, line.price.divisor),
        'discount': CAST(NULL AS DECIMAL(19, 4)),
        'tax': CAST(NULL AS DECIMAL(19, 4))
    }) AS lines,
    list_concat(
        CASE WHEN is_paid THEN [{
            'payment_id': 'receipt ' || receipt_id,
            'kind': 'payment',
            'status': 'paid',
            'platform_status': status,
            'method': payment_method,
            'paid_at': to_timestamp(
                list_min(list_transform(transactions, lambda line: line.paid_timestamp))
            ),
            'amount': divided(grandtotal.amount, grandtotal.divisor)
        }] ELSE [] END,
        list_transform(refunds, lambda refund, n: {
            'payment_id': concat_ws(' ', 'receipt', receipt_id, 'refund', n),
            'kind': 'refund',
            'status': 'paid',
            'platform_status': refund.status,
            'method': payment_method,
            'paid_at': to_timestamp(refund.created_timestamp),
            'amount': -divided(refund.amount.amount, refund.amount.divisor)
        })
    ) AS payments
FROM records
