"""Log, directory and sessions in memory: a fake for unit tests, held to the same contract as the real ones."""

from unisono.stores.memory.store import MemoryStore

__all__ = ["MemoryStore"]
