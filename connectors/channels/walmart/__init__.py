"""Walmart Marketplace: a marketplace that settles every two weeks, Pacific time."""
