"""Journal entries: categories to accounts, and a day's transactions to one balanced entry."""
