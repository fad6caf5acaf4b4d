"""The morning brief: what changed, what is on today, what lies ahead, and how sure we are; for one audience."""
