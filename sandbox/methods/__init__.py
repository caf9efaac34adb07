"""The Web API methods. Importing this fills the table."""

from sandbox.methods import (
    canvases,
    chat,
    connections,
    conversations,
    files,
    furniture,
    history,
    listing,
    membership,
    people,
    views,
)
from sandbox.methods.table import METHODS, Method

__all__ = [
    "METHODS",
    "Method",
    "canvases",
    "chat",
    "connections",
    "conversations",
    "files",
    "furniture",
    "history",
    "listing",
    "membership",
    "people",
    "views",
]
