-- One line an amount, from the monthly statement CSV (8, 9 or 10 columns).
-- grain: document row and its source type; key: row, part
-- in: document_rows (row, and the file's columns as text); macros money, day, ordinal
-- A sale's amount holds the sales tax that Etsy collects and a row of its own takes it out again.
-- That row becomes three lines, so that sales are without tax and the tax nets to zero: what Etsy
-- withheld, the same as collected, and the sale's share of it. So do fees that the state lays on
-- buyers (Colorado's delivery fee), which Etsy passes on. Deposits are not lines: they close
-- settlements; one that the bank returned is a line.
WITH base AS (
    SELECT
        row,
        day("Date") AS posted_on,
        "Type" AS type,
        CASE
            WHEN starts_with("Title", 'Credit for transaction fee on') THEN 'Credit for transaction fee'
            -- Tax on a fee is named by the fee, which separates it from the tax that buyers pay.
            WHEN starts_with("Title", 'Tax: ') THEN trim("Title")
            WHEN "Type" = 'Deposit' THEN regexp_replace("Title", '^\S*\d\S*\s+', '')
            ELSE trim(regexp_replace(
                regexp_replace("Title", ':.*$', ''), '\s*#?\d[\d.,]*\s*$', ''
            ))
        END AS title,
        concat_ws(' · ', "Title", "Info") AS description,
        nullif(regexp_extract(concat_ws(' ', "Info", "Title"), 'Order #(\d+)', 1), '') AS order_id,
        money("Amount") AS gross,
        money("Fees & Taxes") AS charge
    FROM document_rows
    WHERE "Deposited" IS NULL
),

fields AS (
    SELECT *, unnest(
        CASE
            WHEN (
                type = 'Tax' AND title IN ('Sales tax paid by buyer', 'Refund to buyer for sales tax')
            ) OR type = 'Buyer Fee'
            THEN [
                {part: NULL, label: NULL, amount: coalesce(gross, 0) + coalesce(charge, 0)},
                {part: 'collected', label: 'collected', amount: -(coalesce(gross, 0) + coalesce(charge, 0))},
                {part: 'sale', label: 'out of the sale', amount: coalesce(gross, 0) + coalesce(charge, 0)}
            ]
            WHEN gross IS NOT NULL AND charge IS NOT NULL
            THEN [
                {part: NULL, label: NULL, amount: gross},
                {part: 'charge', label: 'fees & taxes', amount: charge}
            ]
            ELSE [{part: NULL, label: NULL, amount: coalesce(gross, charge, 0)}]
        END
    ) AS amount_of
    FROM base
)

SELECT
    row,
    amount_of.part AS part,
    NULL::VARCHAR AS line_id,
    ordinal(posted_on, row) AS ordinal,
    concat_ws(' / ', type, title, amount_of.label) AS source_type,
    NULL::VARCHAR AS marketplace,
    order_id,
    NULL::INTEGER AS quantity,
    posted_on::TIMESTAMP AT TIME ZONE getvariable('time_zone') AS posted_at,
    amount_of.amount::DECIMAL(19,4) AS amount,
    description
FROM fields
