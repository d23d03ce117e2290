-- What the VAT Transactions Report says of orders: where goods came from and went, who collected
-- the tax, and the VAT number of a business that bought.
-- grain: order and SKU; key: order_id, sku
-- in: document_rows (row, and the report's columns as text)
SELECT
    transaction_event_id AS order_id,
    coalesce(seller_sku, '') AS sku,
    -- Goods of one item from two countries are not told apart by settlements.
    CASE WHEN count(DISTINCT ship_from) = 1 THEN min(ship_from) END AS ship_from,
    CASE WHEN count(DISTINCT ship_to) = 1 THEN min(ship_to) END AS ship_to,
    bool_and(is_marketplaces) AS is_marketplaces,
    CASE WHEN count(DISTINCT buyer_tax_number) = 1 AND bool_and(buyer_tax_number IS NOT NULL)
        THEN min(buyer_tax_number)
    END AS buyer_tax_number
FROM (
    SELECT
        transaction_event_id, seller_sku,
        CASE WHEN regexp_full_match(sale_depart_country, '[A-Z]{2}') THEN sale_depart_country END
            AS ship_from,
        CASE WHEN regexp_full_match(sale_arrival_country, '[A-Z]{2}') THEN sale_arrival_country END
            AS ship_to,
        coalesce(upper(tax_collection_responsibility) = 'MARKETPLACE', false) AS is_marketplaces,
        -- The number is written with its country before it, or without.
        CASE
            WHEN regexp_full_match(upper(buyer_vat_number), '[A-Z]{2}[0-9A-Z]{2,15}')
                THEN upper(buyer_vat_number)
            WHEN regexp_full_match(upper(buyer_vat_number_country), '[A-Z]{2}')
                THEN upper(buyer_vat_number_country) || upper(buyer_vat_number)
        END AS buyer_tax_number
    FROM document_rows
    WHERE transaction_type IN ('SALE', 'REFUND') AND transaction_event_id IS NOT NULL
)
GROUP BY ALL
