"""The workspace in a browser: drawn by the server, kept live by events, operated with a mouse or a thumb."""

from sandbox.page.routes import Page

__all__ = ["Page"]
