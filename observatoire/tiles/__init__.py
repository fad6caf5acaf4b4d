"""Pyramids of tiles, and the counts that stand for crowded places in them."""
