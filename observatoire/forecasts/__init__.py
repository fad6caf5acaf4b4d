"""Forecasts as they are made, from the store and from files: what is read, kept, sealed and scored."""
