"""Commands that look at live systems and at what they left: evidence, drain, routes."""
