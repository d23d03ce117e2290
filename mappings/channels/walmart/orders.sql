-- grain: one purchase order, as `GET /v3/orders` lists it. Each line has a state of its own: the
-- order has that of the line that is behind the others, cancelled ones left out.
WITH lines AS (
    SELECT record_key, unnest(orderLines.orderLine) AS line FROM records
),
charged AS (
    SELECT
        record_key, line,
        line.orderLineStatuses.orderLineStatus[1].status AS state,
        line.charges.charge[1].chargeAmount.currency AS currency,
        coalesce(list_sum(list_transform(
            list_filter(line.charges.charge, lambda c: c.chargeType = 'PRODUCT'),
            lambda c: c.chargeAmount.amount
        )), 0) AS goods,
        coalesce(list_sum(list_transform(
            list_filter(line.charges.charge, lambda c: c.chargeType <> 'PRODUCT'),
            lambda c: c.chargeAmount.amount
        )), 0) AS shipping,
        coalesce(list_sum(list_transform(line.charges.charge, lambda c: c.tax.taxAmount.amount)), 0)
            AS tax,
        coalesce(list_sum(list_transform(
            line.refund.refundCharges.refundCharge, lambda r: -r.charge.chargeAmount.amount
        )), 0) AS refunded
    FROM lines
),
whole AS (
    SELECT
        record_key,
        arg_min(state, CASE state WHEN 'Created' THEN 1 WHEN 'Acknowledged' THEN 2
            WHEN 'Shipped' THEN 3 WHEN 'Delivered' THEN 4 WHEN 'Refund' THEN 5
            WHEN 'Cancelled' THEN 6 ELSE 0 END) AS state,
        any_value(currency) AS currency,
        sum(goods + shipping + tax) AS total,
        sum(shipping) AS shipping,
        sum(tax) AS tax,
        sum(refunded) AS refunded,
        list({
            'line_id': line.lineNumber,
            'sku': nullif(line.item.sku, ''),
            'listing_id': CAST(NULL AS VARCHAR),
            'title': line.item.productName,
            'quantity': line.orderLineQuantity.amount,
            'amount': goods,
            'discount': CAST(NULL AS DECIMAL(19, 4)),
            'tax': tax
        } ORDER BY line.lineNumber) AS lines
    FROM charged
    GROUP BY record_key
)
SELECT
    record_key,
    purchaseOrderId AS order_id,
    customerOrderId AS order_number,
    CAST(NULL AS VARCHAR) AS marketplace,
    state AS platform_status,
    make_timestamptz(list_max(list_transform(orderLines.orderLine, lambda l: l.statusDate)) * 1000)
        AS updated_at,
    CAST(NULL AS TIMESTAMPTZ) AS paid_at,
    currency, total, shipping, tax,
    CAST(NULL AS DECIMAL(19, 4)) AS discount,
    refunded,
    CASE ship_to WHEN 'USA' THEN 'US' WHEN 'CAN' THEN 'CA' WHEN 'MEX' THEN 'MX' ELSE ship_to END
        AS ship_to,
    shipNode.type AS fulfilment,
    CAST(NULL AS VARCHAR) AS source,
    CAST(NULL AS VARCHAR) AS sub_source,
    false AS is_test,
    lines,
    -- What is shipped is charged; Walmart says neither when nor how.
    list_concat(
        CASE WHEN state = 'Cancelled' THEN [] ELSE [{
            'payment_id': 'order ' || purchaseOrderId,
            'kind': 'payment',
            'status': CASE WHEN state IN ('Created', 'Acknowledged') THEN 'pending' ELSE 'paid' END,
            'platform_status': state,
            'method': CAST(NULL AS VARCHAR),
            'paid_at': CAST(NULL AS TIMESTAMPTZ),
            'amount': total
        }] END,
        CASE WHEN refunded > 0 THEN [{
            'payment_id': 'refunds of ' || purchaseOrderId,
            'kind': 'refund',
            'status': 'paid',
            'platform_status': state,
            'method': CAST(NULL AS VARCHAR),
            'paid_at': CAST(NULL AS TIMESTAMPTZ),
            'amount': -refunded
        }] ELSE [] END
    ) AS payments
FROM records JOIN whole USING (record_key)
