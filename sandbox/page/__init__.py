"""The workspace in a browser: rendered by the server, updated by server-sent events."""

from sandbox.page.routes import WorkspacePage

__all__ = ["WorkspacePage"]
