"""Shopify: online shops; those that take Shopify Payments are paid out by Shopify."""
