-- Money lines of Square's transactions file.
-- grain: an amount of a row; key: line_id, part
-- in: document_rows (row, and the file's columns as text); macros money; variables currency,
-- date_format
-- A row's Total Collected is what its parts come to; Gross Sales is before discounts. Service
-- charges stand beside Net Sales in some files and are in Gross Sales in others: the row itself
-- tells. What was not paid through Square (cash, gift cards, other tenders) stands against its sale.
-- Fees are negative. Deposit ID says which deposit took the row.
WITH base AS (
    SELECT
        row,
        concat_ws(
            ' / ',
            coalesce("Event Type", CASE WHEN money("Total Collected") < 0 THEN 'Refund' ELSE 'Payment' END),
            CASE WHEN lower("Transaction Status") NOT IN ('complete', 'completed')
            THEN "Transaction Status" END
        ) AS type,
        "Transaction ID" AS order_id,
        coalesce("Payment ID", "Transaction ID") AS number,
        "Deposit ID" AS deposit_id,
        "Location" AS location,
        "Description" AS description,
        "Other Tender Type" AS other_type,
        timezone(
            "Time Zone",
            CAST(strptime("Date", getvariable('date_format')) AS DATE) + CAST(strptime(
                "Time", ['%H:%M:%S', '%H:%M', '%I:%M:%S %p', '%I:%M %p']
            ) AS TIME)
        ) AS posted_at,
        coalesce(money("Gross Sales"), 0) AS gross,
        coalesce(money("Discounts"), 0) AS discounts,
        coalesce(money("Service Charges"), 0) AS service,
        coalesce(money("Gift Card Sales"), 0) AS gift_cards,
        coalesce(money("Tax"), 0) AS tax,
        coalesce(money("Tip"), 0) AS tip,
        coalesce(money("Partial Refunds"), 0) AS partial,
        coalesce(money("Total Collected"), 0) AS collected,
        coalesce(money("Fees"), 0) AS fees,
        coalesce(money("Net Total"), 0) AS net,
        coalesce(money("Cash"), 0) AS cash,
        coalesce(money("Square Gift Card"), 0) AS gift_card,
        coalesce(money("Other Tender"), 0) AS other
    FROM document_rows
),

numbered AS (
    SELECT
        *,
        collected - gross - discounts - gift_cards - tax - tip AS beside,
        row_number() OVER (PARTITION BY number ORDER BY row) AS turn
    FROM base
),

-- `found` is the sum of a row's parts; a row with another total is refused.
parts AS (
    SELECT
        *,
        CASE
            WHEN beside = 0 THEN 0 WHEN beside IN (service, service + partial) THEN service ELSE 0
        END AS charged,
        CASE WHEN beside <> 0 AND beside IN (partial, service + partial) THEN partial ELSE 0 END
            AS given_back
    FROM numbered
),

stated AS (
    SELECT
        *,
        gross + discounts + gift_cards + tax + tip + charged + given_back AS found,
        unnest([
            {part: NULL, label: 'Gross Sales', value: gross},
            {part: 'discounts', label: 'Discounts', value: discounts},
            {part: 'service', label: 'Service Charges', value: charged},
            {part: 'gift_cards', label: 'Gift Card Sales', value: gift_cards},
            {part: 'tax', label: 'Tax', value: tax},
            {part: 'tip', label: 'Tip', value: tip},
            {part: 'partial', label: 'Partial Refunds', value: given_back},
            {part: 'fees', label: 'Fees', value: fees},
            {part: 'third_party', label: 'Third Party Fees', value: net - collected - fees},
            {part: 'cash', label: 'Cash', value: -cash},
            {part: 'gift_card', label: 'Square Gift Card', value: -gift_card},
            {part: 'other', label: concat_ws(' / ', 'Other Tender', other_type), value: -other}
        ]) AS amount_of
    FROM parts
)

SELECT
    row,
    amount_of.part AS part,
    concat(number, CASE WHEN turn > 1 THEN concat('-', turn) END) AS line_id,
    coalesce(deposit_id, concat('open-', getvariable('currency'))) AS settlement_id,
    concat_ws(' / ', type, amount_of.label) AS source_type,
    location AS marketplace,
    order_id,
    NULL::VARCHAR AS order_item_id,
    NULL::VARCHAR AS sku,
    NULL::INTEGER AS quantity,
    posted_at,
    amount_of.value::DECIMAL(19,4) AS amount,
    description,
    NULL::VARCHAR AS fulfilment,
    NULL::VARCHAR AS ship_from,
    NULL::VARCHAR AS ship_to
FROM stated
WHERE amount_of.value <> 0
