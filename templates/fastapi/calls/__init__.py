"""A module per task that can be called over HTTP. Yours to change."""
