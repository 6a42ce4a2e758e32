"""A program per task that a Kubernetes CronJob starts. Yours to change."""
