"""Vector tiles: OGC API Tiles over the collections, each as its audience may see it."""
