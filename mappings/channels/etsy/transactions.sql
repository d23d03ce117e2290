-- Canonical lines of one month of an Etsy shop, in the order of the statement.
-- grain, key, in, variables: those of canonical
-- from: canonical
SELECT * FROM canonical ORDER BY row, transaction_id
