-- grain: one order, as `getOrders` lists it. `total` is what the buyer pays the seller; tax that eBay
-- collects is not in it. A refund counts once it was made.
SELECT
    record_key,
    orderId AS order_id,
    orderId AS order_number,
    lineItems[1].purchaseMarketplaceId AS marketplace,
    CASE WHEN cancelStatus.cancelState = 'CANCELED' THEN 'CANCELED'
        ELSE concat_ws(' / ', orderPaymentStatus, orderFulfillmentStatus) END AS platform_status,
    CAST(lastModifiedDate AS TIMESTAMPTZ) AS updated_at,
    list_min(list_transform(
        list_filter(paymentSummary.payments, lambda p: p.paymentStatus = 'PAID'),
        lambda p: CAST(p.paymentDate AS TIMESTAMPTZ)
    )) AS paid_at,
    pricingSummary.total.currency AS currency,
    pricingSummary.total.value AS total,
    pricingSummary.deliveryCost.value AS shipping,
    pricingSummary.tax.value AS tax,
    abs(pricingSummary.priceDiscount.value) AS discount,
    coalesce(list_sum(list_transform(
        list_filter(paymentSummary.refunds, lambda r: r.refundStatus = 'REFUNDED'),
        lambda r: r.amount.value
    )), 0) AS refunded,
    fulfillmentStartInstructions[1].shippingStep.shipTo.contactAddress.countryCode AS ship_to,
    CAST(NULL AS VARCHAR) AS fulfilment,
    CAST(NULL AS VARCHAR) AS source,
    CAST(NULL AS VARCHAR) AS sub_source,
    false AS is_test,
    list_transform(lineItems, lambda line: {
        'line_id': line.lineItemId,
        'sku': nullif(line.sku, ''),
        'listing_id': nullif(line.sku, ''),
        'title': line.title,
        'quantity': line.quantity,
        'amount': coalesce(line.discountedLineItemCost.value, line.lineItemCost.value),
        'discount': line.lineItemCost.value
            - coalesce(line.discountedLineItemCost.value, line.lineItemCost.value),
        'tax': list_sum(list_transform(line.taxes, lambda tax: tax.amount.value))
    }) AS lines,
    list_concat(
        list_transform(paymentSummary.payments, lambda p, n: {
            'payment_id': coalesce(p.paymentReferenceId, concat_ws(' ', orderId, 'payment', n)),
            'kind': 'payment',
            'status': CASE p.paymentStatus WHEN 'PAID' THEN 'paid' WHEN 'FAILED' THEN 'failed'
                ELSE 'pending' END,
            'platform_status': p.paymentStatus,
            'method': p.paymentMethod,
            'paid_at': CAST(p.paymentDate AS TIMESTAMPTZ),
            'amount': p.amount.value
        }),
        list_transform(paymentSummary.refunds, lambda r, n: {
            'payment_id': coalesce(r.refundId, concat_ws(' ', orderId, 'refund', n)),
            'kind': 'refund',
            'status': CASE r.refundStatus WHEN 'REFUNDED' THEN 'paid' WHEN 'FAILED' THEN 'failed'
                ELSE 'pending' END,
            'platform_status': r.refundStatus,
            'method': CAST(NULL AS VARCHAR),
            'paid_at': CAST(r.refundDate AS TIMESTAMPTZ),
            'amount': -r.amount.value
        })
    ) AS payments
FROM records
