"""Open311 GeoReport v2 at `/open311/v2`: the third door to reports, for apps and cities that speak it."""
