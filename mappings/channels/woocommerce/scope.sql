-- The facts of a month of orders, apart from its orders.
-- grain: the document, one row; in: document_rows (operation, answer); variable coin
SELECT
    CAST(answer->>'$.since' AS TIMESTAMPTZ) AS since,
    CAST(answer->>'$.until' AS TIMESTAMPTZ) AS until,
    coalesce(CAST(answer->'$.unsold' AS VARCHAR[]), []) AS unsold,
    answer->>'$.payments' = 'true' AS payments,
    -- Totals are rounded to the store's own number of decimals, which may be fewer.
    greatest(
        CAST(getvariable('coin') AS DECIMAL(19,4)),
        CASE CAST(answer->>'$.decimals' AS INTEGER) WHEN 0 THEN 1 WHEN 1 THEN 0.1 ELSE 0 END
    ) AS rounds_to
FROM document_rows
WHERE operation = 'window'
