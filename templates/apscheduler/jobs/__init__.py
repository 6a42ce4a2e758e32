"""What the schedule entries call: one module per task. Yours to change."""
