-- Money lines of Amazon's transactions on days that no settlement covers yet: provisional figures.
-- grain: an amount of a transaction; key: line_id, part
-- in: document_rows (operation, answer); macro exact; variable currency
-- A transaction's breakdowns are a tree; what stands at its ends is counted, and what the ends do
-- not make of the total is a line of its own. Items break the same money down again: not added.
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
        exact(t->>'$.totalAmount.currencyAmount') AS total
    FROM listed
    WHERE t->>'$.totalAmount.currencyCode' = getvariable('currency')
),

walked AS (
    SELECT row, [i] AS place, b->>'$.breakdownType' AS word,
        exact(b->>'$.breakdownAmount.currencyAmount') AS amount,
        CAST(json_extract(b, '$.breakdowns[*]') AS JSON[]) AS below
    FROM (
        SELECT row, unnest(CAST(json_extract(t, '$.breakdowns[*]') AS JSON[])) AS b,
            generate_subscripts(CAST(json_extract(t, '$.breakdowns[*]') AS JSON[]), 1) AS i
        FROM base
    )
    UNION ALL
    SELECT row, list_append(place, i), b->>'$.breakdownType',
        exact(b->>'$.breakdownAmount.currencyAmount'),
        CAST(json_extract(b, '$.breakdowns[*]') AS JSON[])
    FROM (
        SELECT row, place, unnest(below) AS b, generate_subscripts(below, 1) AS i
        FROM walked
        WHERE len(below) > 0
    )
),

ends AS (
    SELECT row, array_to_string(place, '.') AS part, word, amount
    FROM walked
    WHERE coalesce(len(below), 0) = 0 AND amount <> 0
),

stated AS (
    SELECT row, part, word, amount FROM ends
    UNION ALL
    SELECT row, 'rest', NULL, CAST(any_value(total) - coalesce(sum(amount), 0) AS DECIMAL(19,4)) AS rest
    FROM base LEFT JOIN ends USING (row)
    GROUP BY row
    HAVING rest <> 0
)

SELECT
    row,
    s.part AS part,
    line_id,
    NULL::VARCHAR AS settlement_id,
    concat_ws(' / ', type, coalesce(s.word, t->>'$.description')) AS source_type,
    t->>'$.marketplaceDetails.marketplaceName' AS marketplace,
    list_extract(list_transform(
        list_filter(
            CAST(json_extract(t, '$.relatedIdentifiers[*]') AS JSON[]),
            lambda r: r->>'$.relatedIdentifierName' = 'ORDER_ID'
        ),
        lambda r: r->>'$.relatedIdentifierValue'
    ), 1) AS order_id,
    NULL::VARCHAR AS order_item_id,
    t->>'$.items[0].contexts[0].sku' AS sku,
    NULL::INTEGER AS quantity,
    CAST(t->>'$.postedDate' AS TIMESTAMPTZ) AS posted_at,
    s.amount AS amount,
    t->>'$.description' AS description,
    NULL::VARCHAR AS fulfilment,
    NULL::VARCHAR AS ship_from,
    NULL::VARCHAR AS ship_to
FROM stated AS s
JOIN base USING (row)
ORDER BY row, part
