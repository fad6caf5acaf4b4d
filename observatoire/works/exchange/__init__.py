"""Works in the formats of others: bytes to model, model to bytes, and what a format cannot carry."""
