"""The Web API methods. Importing this package registers them in METHODS."""

from sandbox.methods import (
    app,
    canvases,
    chat,
    conversation_history,
    conversation_lists,
    conversation_members,
    conversations,
    files,
    pins_bookmarks_reactions,
    users,
    views,
)
from sandbox.methods.registry import METHODS, Method

__all__ = [
    "METHODS",
    "Method",
    "app",
    "canvases",
    "chat",
    "conversation_history",
    "conversation_lists",
    "conversation_members",
    "conversations",
    "files",
    "pins_bookmarks_reactions",
    "users",
    "views",
]
