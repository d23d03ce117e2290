"""Square: a point of sale and online shop that pays out per location."""
