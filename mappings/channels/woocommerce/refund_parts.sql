-- The parts of a refund: items, shipping, fees charged to the buyer, taxes.
-- grain: part of a refund; key: id, part; variable currency
-- from: refunds
SELECT
    row, id,
    unnest(list_concat(
        list_transform(
            r.line_items,
            lambda x: {
                part: concat('item-', x.id), label: 'refund / item',
                value: CAST(nullif(x.total, '') AS DECIMAL(28,9)),
                detail: x.name, item: x.id, sku: nullif(x.sku, ''),
                quantity: TRY_CAST(x.quantity AS INTEGER)
            }
        ),
        list_transform(
            r.shipping_lines,
            lambda x: {
                part: concat('shipping-', x.id), label: 'refund / shipping',
                value: CAST(nullif(x.total, '') AS DECIMAL(28,9)),
                detail: x.method_title, item: NULL, sku: NULL, quantity: NULL
            }
        ),
        list_transform(
            r.fee_lines,
            lambda x: {
                part: concat('fee-', x.id), label: 'refund / buyer fee',
                value: CAST(nullif(x.total, '') AS DECIMAL(28,9)),
                detail: x.name, item: NULL, sku: NULL, quantity: NULL
            }
        ),
        [{
            part: 'tax', label: 'refund / tax',
            value: coalesce(list_sum(list_transform(
                list_concat(
                    list_transform(r.line_items, lambda x: x.total_tax),
                    list_transform(r.shipping_lines, lambda x: x.total_tax),
                    list_transform(r.fee_lines, lambda x: x.total_tax)
                ),
                lambda x: CAST(nullif(x, '') AS DECIMAL(28,9))
            )), 0),
            detail: NULL, item: NULL, sku: NULL, quantity: NULL
        }]
    )) AS p
FROM refunds
WHERE currency = getvariable('currency')
