"""WooCommerce: shops on their owners' own servers; their gateways pay out, not WooCommerce."""
