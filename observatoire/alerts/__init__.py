"""Alerts: rules as data, judged on arrays. Pure: no store, no web; `observatoire.alerting` reads, keeps and rings."""
