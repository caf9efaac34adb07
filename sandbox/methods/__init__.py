"""The Web API methods. Importing this fills the table."""

from sandbox.methods import chat, connections, conversations, files, furniture, people, views
from sandbox.methods.table import METHODS, Method

__all__ = ["METHODS", "Method", "chat", "connections", "conversations", "files", "furniture", "people", "views"]
