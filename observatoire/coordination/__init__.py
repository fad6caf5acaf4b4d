"""Works and events of the store, put before `observatoire.works` as a caller may see them."""
