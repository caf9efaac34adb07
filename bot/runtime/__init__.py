"""The running process: dispatcher, scheduler, web server, background tasks."""
