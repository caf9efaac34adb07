"""What arrives from Slack and from the web, turned into commands for the use cases."""
