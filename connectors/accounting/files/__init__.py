"""Files for an accounting program that Daybook does not reach: journals to be imported there.

`target` writes one file an entry. `templates` are the programs' CSV files, `hledger` is plain-text
accounting as hledger and Ledger read it.
"""
