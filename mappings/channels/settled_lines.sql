-- Lines with their settlements: each says itself which it is in, or is in the document's.
-- grain: line; in: lines; variables: settlement_id, period_end
SELECT
    * REPLACE (
        coalesce(settlement_id, getvariable('settlement_id')) AS settlement_id,
        coalesce(posted_at, getvariable('period_end')) AS posted_at
    )
FROM lines
