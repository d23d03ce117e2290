-- grain: one order, as `searchOrders` tells it. A pending order has no prices yet. Amazon tells
-- refunds in its finances alone, and who bought to nobody here.
SELECT
    record_key,
    orderId AS order_id,
    orderId AS order_number,
    salesChannel.marketplaceName AS marketplace,
    fulfillment.fulfillmentStatus AS platform_status,
    CAST(lastUpdatedTime AS TIMESTAMPTZ) AS updated_at,
    CAST(NULL AS TIMESTAMPTZ) AS paid_at,
    proceeds.grandTotal.currencyCode AS currency,
    proceeds.grandTotal.amount AS total,
    list_sum(list_transform(
        list_filter(proceeds.breakdowns, lambda part: part.type = 'SHIPPING'),
        lambda part: part.subtotal.amount
    )) AS shipping,
    list_sum(list_transform(
        list_filter(proceeds.breakdowns, lambda part: part.type = 'TAX'),
        lambda part: part.subtotal.amount
    )) AS tax,
    abs(list_sum(list_transform(
        list_filter(proceeds.breakdowns, lambda part: part.type = 'DISCOUNT'),
        lambda part: part.subtotal.amount
    ))) AS discount,
    0 AS refunded,
    CAST(NULL AS VARCHAR) AS ship_to,
    fulfillment.fulfilledBy AS fulfilment,
    salesChannel.channelName AS source,
    CAST(NULL AS VARCHAR) AS sub_source,
    false AS is_test,
    list_transform(orderItems, lambda item: {
        'line_id': item.orderItemId,
        'sku': nullif(item.product.sellerSku, ''),
        'listing_id': CAST(NULL AS VARCHAR),
        'title': item.product.title,
        'quantity': item.quantityOrdered,
        'amount': list_sum(list_transform(
            list_filter(item.proceeds.breakdowns, lambda part: part.type IN ('ITEM', 'DISCOUNT')),
            lambda part: part.subtotal.amount
        )),
        'discount': abs(list_sum(list_transform(
            list_filter(item.proceeds.breakdowns, lambda part: part.type = 'DISCOUNT'),
            lambda part: part.subtotal.amount
        ))),
        'tax': list_sum(list_transform(
            list_filter(item.proceeds.breakdowns, lambda part: part.type = 'TAX'),
            lambda part: part.subtotal.amount
        ))
    }) AS lines,
    -- What is shipped is charged; Amazon says neither when nor how.
    CASE WHEN proceeds.grandTotal.amount IS NULL OR status_of IN ('CANCELLED', 'UNFULFILLABLE')
        THEN [] ELSE [{
        'payment_id': 'order ' || orderId,
        'kind': 'payment',
        'status': CASE WHEN status_of IN ('SHIPPED', 'PARTIALLY_SHIPPED') THEN 'paid'
            ELSE 'pending' END,
        'platform_status': status_of,
        'method': CAST(NULL AS VARCHAR),
        'paid_at': CAST(NULL AS TIMESTAMPTZ),
        'amount': proceeds.grandTotal.amount
    }] END AS payments
FROM (SELECT *, fulfillment.fulfillmentStatus AS status_of FROM records)
