"""What was changed in what runs: deployments, releases, settings."""
