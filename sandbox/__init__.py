"""A Slack-compatible workspace on loopback. Imports none of the other rooms."""
