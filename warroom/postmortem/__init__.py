"""What follows an incident: the post-mortem and its reminders."""
