"""Collections of grid cells as rasters: a Cloud-Optimized GeoTIFF, and PNG tiles."""
