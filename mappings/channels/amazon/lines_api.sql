-- Money lines of Amazon's transactions on days that no settlement covers yet: provisional figures.
-- grain: an amount of a transaction; key: line_id, part
-- in: document_rows (operation, answer); macro exact; variables currency, time_zone
-- Breakdowns are trees; their leaves are counted. Items break the transaction's money
-- down finer than it does itself: theirs are taken where they make its total, else its own. What
-- the ends do not make of the total is a line of its own. An end that says only which part of a
-- fee it is keeps the fee's name.
WITH RECURSIVE listed AS (
    SELECT unnest(json_extract(answer, '$[*]')) AS t
    FROM document_rows
    WHERE operation = 'listTransactions'
),

base AS (
    SELECT
        row_number() OVER ()::INTEGER AS row,
        t,
        t->>'$.transactionId' AS line_id,
        t->>'$.transactionType' AS type,
        exact(t->>'$.totalAmount.currencyAmount') AS total,
        CAST(t->>'$.postedDate' AS TIMESTAMPTZ) AS posted_at,
        CAST(json_extract(t, '$.items[*]') AS JSON[]) AS items
    FROM listed
    WHERE t->>'$.totalAmount.currencyCode' = getvariable('currency')
),

holders AS (
    SELECT row, 0 AS item, t AS holder FROM base
    UNION ALL
    SELECT row, unnest(range(1, len(items) + 1)), unnest(items) FROM base
),

walked AS (
    SELECT row, item, [i] AS place, b->>'$.breakdownType' AS label, NULL::VARCHAR AS above,
        exact(b->>'$.breakdownAmount.currencyAmount') AS amount,
        CAST(json_extract(b, '$.breakdowns[*]') AS JSON[]) AS below
    FROM (
        SELECT row, item, unnest(CAST(json_extract(holder, '$.breakdowns[*]') AS JSON[])) AS b,
            generate_subscripts(CAST(json_extract(holder, '$.breakdowns[*]') AS JSON[]), 1) AS i
        FROM holders
    )
    UNION ALL
    SELECT row, item, list_append(place, i), b->>'$.breakdownType', above,
        exact(b->>'$.breakdownAmount.currencyAmount'),
        CAST(json_extract(b, '$.breakdowns[*]') AS JSON[])
    FROM (
        SELECT row, item, place, label AS above, unnest(below) AS b,
            generate_subscripts(below, 1) AS i
        FROM walked
        WHERE len(below) > 0
    )
),

ends AS (
    SELECT
        row,
        item,
        concat_ws('.', CASE WHEN item > 0 THEN 'item' || item END, array_to_string(place, '.')) AS part,
        CASE WHEN label IN ('Base', 'Tax', 'Promo') THEN concat_ws(' / ', above, label) ELSE label END AS label,
        amount
    FROM walked
    WHERE coalesce(len(below), 0) = 0 AND amount <> 0
),

itemised AS (
    SELECT row
    FROM base
    JOIN ends USING (row)
    WHERE item > 0
    GROUP BY row
    HAVING sum(amount) = any_value(total)
),

counted AS (
    SELECT e.*
    FROM ends AS e
    LEFT JOIN itemised AS i USING (row)
    WHERE (e.item > 0) = (i.row IS NOT NULL)
),

stated AS (
    SELECT row, item, part, label, amount FROM counted
    UNION ALL
    SELECT row, 0, 'rest', NULL,
        CAST(any_value(total) - coalesce(sum(amount), 0) AS DECIMAL(19,4)) AS rest
    FROM base LEFT JOIN counted USING (row)
    GROUP BY row
    HAVING rest <> 0
),

-- A line of the transaction itself is about its item where there is but one.
fields AS (
    SELECT
        b.*,
        s.part, s.label, s.amount,
        CASE
            WHEN s.item > 0 THEN b.items[s.item]
            WHEN len(b.items) = 1 THEN b.items[1]
        END AS item
    FROM stated AS s
    JOIN base AS b USING (row)
),

placed AS (
    SELECT
        *,
        list_extract(list_filter(
            CAST(json_extract(item, '$.contexts[*]') AS JSON[]),
            lambda c: c->>'$.contextType' = 'ProductContext'
        ), 1) AS product
    FROM fields
)

SELECT
    row,
    part,
    line_id,
    concat_ws(
        '-', 'provisional', getvariable('currency'),
        CAST(posted_at AT TIME ZONE getvariable('time_zone') AS DATE)
    ) AS settlement_id,
    concat_ws(' / ', type, coalesce(label, t->>'$.description')) AS source_type,
    t->>'$.marketplaceDetails.marketplaceName' AS marketplace,
    list_extract(list_transform(
        list_filter(
            CAST(json_extract(t, '$.relatedIdentifiers[*]') AS JSON[]),
            lambda r: r->>'$.relatedIdentifierName' = 'ORDER_ID'
        ),
        lambda r: r->>'$.relatedIdentifierValue'
    ), 1) AS order_id,
    NULL::VARCHAR AS order_item_id,
    product->>'$.sku' AS sku,
    TRY_CAST(product->>'$.quantityShipped' AS INTEGER) AS quantity,
    posted_at,
    amount,
    coalesce(item->>'$.description', t->>'$.description') AS description,
    product->>'$.fulfillmentNetwork' AS fulfilment,
    NULL::VARCHAR AS ship_from,
    NULL::VARCHAR AS ship_to
FROM placed
ORDER BY row, part
