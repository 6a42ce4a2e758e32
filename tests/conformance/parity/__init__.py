"""The same calls against Celery and against the shim; outcomes must agree."""
