"""eBay: a marketplace that pays sellers per country, through its own Finances API."""
