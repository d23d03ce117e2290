-- Money lines of eBay's transaction report (CSV).
-- grain: an amount of a row; key: row, part
-- in: document_rows (row and its texts; items and fees: lists of column and text); macros money,
-- day, coins; variables currency, coin, time_zone
-- A row brings its net: items, shipping and the seller's tax (the gross), less fees. eBay's own tax
-- is in no amount. An order of several items is a row with its net, and a row an item without: the
-- items are the lines, and the order's row adds only what no item says. Together they are a unit,
-- which must come to the net. Amounts in another currency than the payout's are converted by the
-- row's rate; the gross takes the rounding. Payout rows close settlements: only a fee is a line.
-- Further columns are for verification: unit, items (how many), net, left_over and what is allowed.
WITH typed AS (
    SELECT
        row,
        type,
        type IN ('Order', 'Refund') AS tells_items,
        lower(type) = 'payout' AS is_payout,
        CASE
            WHEN type = 'Other fee' THEN coalesce(
                nullif(regexp_extract(
                    description,
                    '(?i)^\s*(Ad Fee [a-z]+|Promoted Listings|Store subscription|Insertion fee)', 1
                ), ''),
                -- Its name, without the item that it is for.
                nullif(trim(regexp_extract(description, '(?i)^(.*?)(?:\s+for\s|:|\(|$)', 1)), '')
            )
        END AS label,
        order_id,
        payout_id,
        item_id,
        transaction_id,
        sku,
        TRY_CAST(quantity AS INTEGER) AS quantity,
        coalesce(description, title) AS description,
        ship_to,
        ship_to_region,
        day(day) AS posted_on,
        money(net) AS net,
        money(gross) AS gross,
        lower(type) <> 'payout'
        AND coalesce(transaction_currency, payout_currency) <> getvariable('currency') AS is_foreign,
        CAST(exchange_rate AS DECIMAL(19,9)) AS rate,
        list_concat(
            list_transform(items, lambda m: {label: m.label, fee: false, value: money(m.text)}),
            list_transform(fees, lambda m: {label: m.label, fee: true, value: money(m.text)})
        ) AS amounts
    FROM document_rows
),

orders AS (
    SELECT row AS unit, type, order_id
    FROM typed
    WHERE net IS NOT NULL AND item_id IS NULL AND order_id IS NOT NULL
),

item_rows AS (
    SELECT t.row, coalesce(above.unit, below.unit) AS unit
    FROM typed AS t
    ASOF LEFT JOIN orders AS above
        ON t.type = above.type AND t.order_id = above.order_id AND t.row >= above.unit
    ASOF LEFT JOIN orders AS below
        ON t.type = below.type AND t.order_id = below.order_id AND t.row <= below.unit
    WHERE t.net IS NULL
),

said_by_items AS (
    SELECT
        i.unit,
        count(*)::INTEGER AS items,
        flatten(list(list_transform(
            list_filter(t.amounts, lambda m: coalesce(m.value, 0) <> 0), lambda m: m.label
        ))) AS words
    FROM item_rows AS i
    JOIN typed AS t ON t.row = i.row
    GROUP BY i.unit
),

counted AS (
    SELECT
        t.* EXCLUDE (ship_to, ship_to_region, payout_id, net, gross, is_foreign, rate, amounts, posted_on),
        h.row AS unit,
        h.payout_id,
        h.net,
        -- The order's own row has the address of all its items.
        coalesce(t.ship_to, h.ship_to) AS ship_to,
        coalesce(t.ship_to_region, h.ship_to_region) AS ship_to_region,
        coalesce(t.posted_on, h.posted_on) AS posted_on,
        h.is_foreign,
        coalesce(h.rate, t.rate) AS rate,
        s.items,
        CASE WHEN s.items IS NULL THEN t.gross END AS gross,
        t.net IS NOT NULL AS is_head,
        list_filter(
            t.amounts,
            lambda m: coalesce(m.value, 0) <> 0 AND (m.fee OR NOT t.is_payout)
            AND (t.net IS NULL OR NOT list_contains(coalesce(s.words, []), m.label))
        ) AS amounts
    FROM typed AS t
    LEFT JOIN item_rows AS i ON i.row = t.row
    LEFT JOIN typed AS h ON h.row = coalesce(i.unit, CASE WHEN t.net IS NOT NULL THEN t.row END)
    LEFT JOIN said_by_items AS s ON s.unit = h.row
),

sums AS (
    SELECT
        *,
        coalesce(list_sum(list_transform(
            list_filter(amounts, lambda m: m.fee), lambda m: m.value
        )), 0)::DECIMAL(19,4) AS fees,
        coalesce(list_sum(list_transform(
            list_filter(amounts, lambda m: NOT m.fee), lambda m: m.value
        )), 0)::DECIMAL(19,4) AS of_items
    FROM counted
),

-- The part of a row's gross outside the item columns; for other types, all of it.
rests AS (
    SELECT
        * REPLACE (CASE WHEN is_payout THEN fees ELSE net END AS net),
        CAST(
            CASE
                WHEN is_payout THEN 0
                WHEN items IS NULL AND is_head THEN coalesce(gross, net - fees)
                ELSE of_items
            END
            - CASE WHEN tells_items THEN of_items ELSE 0 END AS DECIMAL(19,4)
        ) AS rest
    FROM sums
),

parts AS (
    SELECT
        * EXCLUDE (amounts),
        unnest(list_concat(
            list_filter(amounts, lambda m: tells_items AND NOT m.fee),
            CASE WHEN rest <> 0 OR is_head THEN [{label: NULL::VARCHAR, fee: false, value: rest}] END,
            list_filter(amounts, lambda m: m.fee)
        )) AS stated
    FROM rests
),

converted AS (
    SELECT
        *,
        CAST(CASE WHEN is_foreign THEN coins(stated.value * rate) ELSE stated.value END
            AS DECIMAL(19,4)) AS value
    FROM parts
),

left_over AS (
    SELECT
        *,
        CAST(net - sum(value) OVER (PARTITION BY unit) AS DECIMAL(19,4)) AS left_over,
        row_number() OVER (
            PARTITION BY unit ORDER BY value = 0, stated.fee, row, stated.label NULLS FIRST
        ) = 1 AS takes_it
    FROM converted
),

lines AS (
    SELECT
        *,
        CAST(value + CASE WHEN takes_it THEN left_over ELSE 0 END AS DECIMAL(19,4)) AS amount
    FROM left_over
)

SELECT
    row,
    trim(regexp_replace(lower(stated.label), '[^a-z0-9]+', '-', 'g'), '-') AS part,
    NULL::VARCHAR AS line_id,
    coalesce(payout_id, concat('open-', getvariable('currency'))) AS settlement_id,
    concat_ws(' / ', type, coalesce(stated.label, label)) AS source_type,
    NULL::VARCHAR AS marketplace,
    order_id,
    transaction_id AS order_item_id,
    sku,
    CASE WHEN type = 'Order' AND stated.label = 'Item subtotal' THEN quantity END AS quantity,
    posted_on::TIMESTAMP AT TIME ZONE getvariable('time_zone') AS posted_at,
    amount,
    description,
    NULL::VARCHAR AS fulfilment,
    NULL::VARCHAR AS ship_from,
    ship_to,
    ship_to_region,
    posted_on,
    unit,
    items,
    net,
    left_over,
    CASE WHEN is_foreign THEN 0.05 + abs(net) * 0.0001 ELSE 0 END AS allowed
FROM lines
WHERE amount <> 0 OR (takes_it AND left_over <> 0)
ORDER BY row, stated.fee, stated.label NULLS FIRST
