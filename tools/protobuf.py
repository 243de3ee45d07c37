"""The module that reads and writes frames of protobuf, made from its `.proto`."""

from functools import cache
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from grpc_tools import protoc

from tools.sources import ROOT

PROTO: Final = "unisono/wire/leancloud/realtime.proto"


def module() -> str:
    """Give the Python module."""
    return _made()[0]


def stubs() -> str:
    """Give the types of the Python module."""
    return _made()[1]


@cache
def _made() -> tuple[str, str]:
    path = PROTO.removesuffix(".proto")
    with TemporaryDirectory() as folder:
        words = ["protoc", f"-I{ROOT / 'src'}", f"--python_out={folder}", f"--pyi_out={folder}", PROTO]
        if protoc.main([*words, f"-I{files('grpc_tools') / '_proto'}"]) != 0:
            raise RuntimeError(f"{PROTO} cannot be read")
        module, types = (Path(folder, f"{path}_pb2{ending}") for ending in (".py", ".pyi"))
        return module.read_text(encoding="utf-8"), types.read_text(encoding="utf-8")
