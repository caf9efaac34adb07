"""The store in memory: the same promises without a database, for fast tests and for trying things out."""

from storage.memory.store import MemoryStore

__all__ = ["MemoryStore"]
