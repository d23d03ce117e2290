-- The parts of an order's total: items, coupons, shipping, fees charged to the buyer, taxes.
-- grain: part of an order; key: id, part; variable currency
-- from: sold
SELECT
    row, id, true AS of_total,
    unnest(list_concat(
        list_transform(
            o.line_items,
            lambda x: {
                part: concat('item-', x.id), label: 'item',
                value: CAST(nullif(x.subtotal, '') AS DECIMAL(28,9)),
                detail: x.name, item: x.id, sku: nullif(x.sku, ''),
                quantity: TRY_CAST(x.quantity AS INTEGER)
            }
        ),
        list_transform(
            o.coupon_lines,
            lambda x: {
                part: concat('coupon-', x.id),
                label: concat_ws(' / ', 'coupon', coalesce(
                    x.discount_type, x.meta_data[1].value->>'$.discount_type'
                )),
                value: -CAST(nullif(x.discount, '') AS DECIMAL(28,9)),
                detail: x.code, item: NULL, sku: NULL, quantity: NULL
            }
        ),
        -- What a line was lowered by without a coupon.
        [{
            part: 'discount', label: 'discount',
            value: coalesce(list_sum(list_transform(
                o.line_items,
                lambda x: CAST(nullif(x.total, '') AS DECIMAL(28,9))
                    - CAST(nullif(x.subtotal, '') AS DECIMAL(28,9))
            )), 0) + coalesce(list_sum(list_transform(
                o.coupon_lines,
                lambda x: CAST(nullif(x.discount, '') AS DECIMAL(28,9))
            )), 0),
            detail: NULL, item: NULL, sku: NULL, quantity: NULL
        }],
        list_transform(
            o.shipping_lines,
            lambda x: {
                part: concat('shipping-', x.id), label: 'shipping',
                value: CAST(nullif(x.total, '') AS DECIMAL(28,9)),
                detail: x.method_title, item: NULL, sku: NULL, quantity: NULL
            }
        ),
        list_transform(
            o.fee_lines,
            lambda x: {
                part: concat('fee-', x.id),
                label: concat('buyer fee / ', replace(x.name, ' / ', '/')),
                value: CAST(nullif(x.total, '') AS DECIMAL(28,9)),
                detail: x.name, item: NULL, sku: NULL, quantity: NULL
            }
        ),
        list_transform(
            o.tax_lines,
            lambda x: {
                part: concat('tax-', x.id),
                label: concat('tax / ', replace(x.rate_code, ' / ', '/')),
                value: CAST(nullif(x.tax_total, '') AS DECIMAL(28,9)) + coalesce(
                    CAST(nullif(x.shipping_tax_total, '') AS DECIMAL(28,9)), 0
                ),
                detail: x.label, item: NULL, sku: NULL, quantity: NULL
            }
        ),
        list_transform(
            o.gift_cards,
            lambda x: {
                part: concat('gift-', x.id), label: 'gift card',
                value: -CAST(nullif(x.amount, '') AS DECIMAL(28,9)),
                detail: NULL, item: NULL, sku: NULL, quantity: NULL
            }
        )
    )) AS p
FROM sold
WHERE currency = getvariable('currency') AND paid_at >= since AND paid_at < until
