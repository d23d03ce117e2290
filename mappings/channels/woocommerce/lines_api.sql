-- Money lines of a document of WooPayments' answers: a deposit, or what none has taken yet.
-- grain: an amount of a transaction or of the deposit; key: line_id, part
-- in: document_rows (operation, answer); macros minor; variables currency, settlement_id
-- A charge comes from where its order left the money, and the deposit takes it. What a deposit is
-- more or less than its transactions is a line: WooPayments does not show them all. Amounts are
-- minor units.
WITH scope AS (
    SELECT
        CAST(answer->>'$.since' AS TIMESTAMPTZ) AS since,
        CAST(answer->>'$.until' AS TIMESTAMPTZ) AS until
    FROM document_rows
    WHERE operation = 'window'
),

moves AS (
    SELECT unnest(json_extract(answer, '$.data[*]')) AS t
    FROM document_rows
    WHERE operation = 'transactions'
),

balance AS (
    SELECT
        row_number() OVER ()::INTEGER AS row,
        t->>'$.transaction_id' AS line_id,
        t->>'$.type' AS type,
        coalesce(t->>'$.order.number', t->>'$.order_id') AS order_id,
        t->>'$.loan_id' AS loan_id,
        nullif(t->>'$.deposit_id', '') AS deposit_id,
        CASE WHEN regexp_full_match(t->>'$.date', '\d+')
            THEN epoch_ms(CAST(t->>'$.date' AS BIGINT)) AT TIME ZONE 'UTC'
            ELSE CAST(concat(replace(t->>'$.date', ' ', 'T'), 'Z') AS TIMESTAMPTZ)
        END AS posted_at,
        minor(t->>'$.amount') AS amount,
        minor(t->>'$.fees') AS fees,
        minor(t->>'$.net') AS net
    FROM moves
    WHERE upper(t->>'$.currency') = getvariable('currency')
),

moved AS (
    SELECT b.*
    FROM balance AS b
    LEFT JOIN scope AS s ON true
    WHERE CASE WHEN starts_with(getvariable('settlement_id'), 'open-')
        THEN (deposit_id IS NULL OR starts_with(deposit_id, 'wcpay_estimated'))
            AND posted_at >= s.since AND posted_at < s.until
        ELSE deposit_id = getvariable('settlement_id')
    END
),

move_parts AS (
    SELECT
        * EXCLUDE (amount, fees, net),
        unnest([
            {part: NULL::VARCHAR, label: NULL::VARCHAR, value: amount},
            {part: 'fee', label: 'fee', value: CAST(-coalesce(fees, 0) AS DECIMAL(19,4))},
            {
                part: 'rest', label: 'unexplained',
                value: CAST(net - amount + coalesce(fees, 0) AS DECIMAL(19,4))
            }
        ]) AS p
    FROM moved
),

deposits AS (
    SELECT
        answer AS d,
        answer->>'$.id' AS id,
        CAST(answer->>'$.date' AS BIGINT) AS milliseconds,
        CASE answer->>'$.type' WHEN 'withdrawal' THEN -abs(minor(answer->>'$.amount'))
            ELSE minor(answer->>'$.amount') END AS amount,
        coalesce(minor(answer->>'$.fee'), 0) AS fee
    FROM document_rows
    WHERE operation = 'deposits'
),

deposit_parts AS (
    SELECT
        id,
        -- A date: noon of it is that day nearly everywhere.
        epoch_ms(milliseconds + CASE WHEN milliseconds % 86400000 = 0 THEN 43200000 ELSE 0 END)
            AT TIME ZONE 'UTC' AS posted_at,
        unnest([
            {
                part: 'fee', label: 'payments / deposit fee',
                value: CAST(-fee AS DECIMAL(19,4))
            },
            {
                part: 'unexplained',
                label: CASE d->>'$.automatic' WHEN 'false' THEN 'payments / unexplained / manual'
                    ELSE 'payments / unexplained' END,
                value: CAST(
                    amount + fee - (SELECT coalesce(sum(p.value), 0) FROM move_parts)
                    AS DECIMAL(19,4)
                )
            }
        ]) AS p
    FROM deposits
)

SELECT
    row,
    p.part AS part,
    line_id,
    NULL::VARCHAR AS settlement_id,
    concat_ws(' / ', 'payments', type, p.label) AS source_type,
    NULL::VARCHAR AS marketplace,
    order_id,
    NULL::VARCHAR AS order_item_id,
    NULL::VARCHAR AS sku,
    NULL::INTEGER AS quantity,
    posted_at,
    p.value AS amount,
    loan_id AS description,
    NULL::VARCHAR AS fulfilment,
    NULL::VARCHAR AS ship_from,
    NULL::VARCHAR AS ship_to
FROM move_parts
WHERE p.value <> 0 OR p.part IS NULL
UNION ALL
SELECT
    0, p.part, concat('deposit-', id), NULL, p.label, NULL, NULL, NULL, NULL, NULL, posted_at,
    p.value, concat('Deposit ', id), NULL, NULL, NULL
FROM deposit_parts
WHERE p.value <> 0
