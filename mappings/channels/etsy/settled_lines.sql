-- Lines of an Etsy month with their settlements: each is in that of the deposit that follows it.
-- grain: line; in: lines, settlements (the deposits of the document);
-- variables: open_settlement (that of the lines after the last deposit)
SELECT
    l.*,
    coalesce(s.settlement_id, getvariable('open_settlement')) AS settlement_id,
    NULL::VARCHAR AS order_item_id,
    NULL::VARCHAR AS sku,
    NULL::VARCHAR AS ship_from,
    NULL::VARCHAR AS ship_to,
    NULL::VARCHAR AS fulfilment
FROM lines AS l
ASOF LEFT JOIN (
    SELECT settlement_id, ordinal(deposit_day, row) AS ordinal
    FROM settlements
    WHERE payout IS NOT NULL
) AS s ON l.ordinal <= s.ordinal
