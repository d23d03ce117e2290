-- grain: one order, in the shop's own currency. Its state is what was paid, and whether it was sent;
-- a transaction counts once its money moved, an authorisation never.
WITH moved AS (
    SELECT
        record_key,
        list_transform(
            list_filter(
                transactions,
                lambda t: t.kind IN ('SALE', 'CAPTURE', 'REFUND')
                    AND t.status IN ('SUCCESS', 'PENDING') AND NOT coalesce(t.test, false)
            ),
            lambda t: {
                'payment_id': t.id,
                'kind': CASE t.kind WHEN 'REFUND' THEN 'refund' ELSE 'payment' END,
                'status': CASE t.status WHEN 'SUCCESS' THEN 'paid' ELSE 'pending' END,
                'platform_status': t.kind || ' / ' || t.status,
                'method': t.gateway,
                'paid_at': CAST(t.processedAt AS TIMESTAMPTZ),
                'amount': CASE t.kind WHEN 'REFUND' THEN -1 ELSE 1 END
                    * t.amountSet.shopMoney.amount
            }
        ) AS payments
    FROM records
)
SELECT
    record_key,
    id AS order_id,
    name AS order_number,
    NULL AS marketplace,
    CASE
        WHEN cancelledAt IS NOT NULL THEN 'cancelled'
        WHEN displayFulfillmentStatus = 'FULFILLED'
            THEN concat_ws(' / ', displayFinancialStatus, displayFulfillmentStatus)
        ELSE displayFinancialStatus
    END AS platform_status,
    CAST(updatedAt AS TIMESTAMPTZ) AS updated_at,
    list_min(list_transform(
        list_filter(payments, lambda p: p.kind = 'payment' AND p.status = 'paid'),
        lambda p: p.paid_at
    )) AS paid_at,
    currencyCode AS currency,
    totalPriceSet.shopMoney.amount AS total,
    totalShippingPriceSet.shopMoney.amount AS shipping,
    totalTaxSet.shopMoney.amount AS tax,
    totalDiscountsSet.shopMoney.amount AS discount,
    totalRefundedSet.shopMoney.amount AS refunded,
    shippingAddress.countryCodeV2 AS ship_to,
    NULL AS fulfilment,
    sourceName AS source,
    app.name AS sub_source,
    coalesce(test, false) AS is_test,
    list_transform(lineItems.nodes, lambda line: {
        'line_id': line.id,
        'sku': nullif(line.sku, ''),
        'listing_id': line.variant.id,
        'title': line.name,
        'quantity': line.quantity,
        'amount': line.discountedTotalSet.shopMoney.amount,
        'discount': line.totalDiscountSet.shopMoney.amount,
        'tax': list_sum(
            list_transform(line.taxLines, lambda tax: tax.priceSet.shopMoney.amount)
        )
    }) AS lines,
    payments
FROM records JOIN moved USING (record_key)
