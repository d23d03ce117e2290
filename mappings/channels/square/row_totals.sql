-- Rows of Square's transactions file whose parts do not make their totals.
-- grain: a total of a row; key: row, name
-- in: document_rows, counted_lines (its money lines); macros money
-- Net Total includes third-party fees in some files, and not in others.
WITH sums AS (
    SELECT row, sum(amount) AS parts
    FROM counted_lines
    WHERE part IS NULL OR part IN ('discounts', 'service', 'gift_cards', 'tax', 'tip', 'partial')
    GROUP BY 1
),

row_parts AS (
    SELECT
        row,
        coalesce(parts, 0) AS parts,
        coalesce(money("Total Collected"), 0) AS collected,
        coalesce(money("Net Total"), 0) AS net,
        coalesce(money("Fees"), 0) AS fees,
        coalesce(money("Third Party Fees"), 0) AS others
    FROM document_rows
    LEFT JOIN sums USING (row)
),

totals AS (
    SELECT row, 'Total Collected' AS name, collected AS declared, parts AS computed FROM row_parts
    UNION ALL
    SELECT
        row,
        'Net Total',
        net,
        collected + fees + CASE WHEN net = collected + fees THEN 0 ELSE others END
    FROM row_parts
)

SELECT row, name, declared, computed::DECIMAL(19,4) AS computed
FROM totals
WHERE declared <> computed
ORDER BY row, name DESC
