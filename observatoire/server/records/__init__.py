"""The catalogue: what there is, as OGC API Records and as DCAT-AP."""
