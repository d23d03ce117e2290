"""From categories to accounts, and from a day's transactions to one balanced entry."""
