"""A disk that forgets what was never synced: a shim that keeps the journal, and the replay that rebuilds the disk."""

from tests.support.lossy_disk.disk import LossyDisk, compile_shim
from tests.support.lossy_disk.replay import Replay, UntracedError

__all__ = ["LossyDisk", "Replay", "UntracedError", "compile_shim"]
