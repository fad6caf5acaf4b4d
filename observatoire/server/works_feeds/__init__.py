"""Works as others read them: DATEX II, CIFS, GeoJSON, iCalendar, under `/works`."""
