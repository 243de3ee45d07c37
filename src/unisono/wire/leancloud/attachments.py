"""What stands in a message of a file or a place: LeanCloud's form and the one of native clients.

What does not fit is left out: whoever needs the exact text has it beside (`bodies`).
"""

from typing import Final

from unisono.domain.ids import Json

FILES: Final = frozenset({-2, -3, -4, -6})
"""Types with a file: image, sound, video, any other."""
LOCATION: Final = -5

_OURS: Final = frozenset({"id", "url", "mime"})
_MIME: Final = "mime_type"

Fields = dict[str, Json]


def file_of(lcfile: Json) -> Fields | None:
    """Give `data.file` for `_lcfile`; None where that names no file."""
    if not isinstance(lcfile, dict) or not isinstance(lcfile.get("url"), str):
        return None
    file: Fields = {"id": lcfile["objId"]} if isinstance(lcfile.get("objId"), str) else {}
    file["url"] = lcfile["url"]
    described = lcfile.get("metaData")
    if isinstance(described, dict):
        file |= {"mime" if name == _MIME else name: value for name, value in described.items() if name not in _OURS}
    return file


def lcfile_of(file: Json) -> Fields | None:
    """Give `_lcfile` for `data.file`; None where that names no file."""
    if not isinstance(file, dict) or not isinstance(file.get("url"), str):
        return None
    lcfile: Fields = {"objId": file["id"]} if "id" in file else {}
    described = {_MIME if name == "mime" else name: value for name, value in file.items() if name not in {"id", "url"}}
    return {**lcfile, "url": file["url"], "metaData": described}


def place_of(lcloc: Json) -> Fields | None:
    """Give `data.latitude` and `data.longitude` for `_lcloc`; None where that is no place."""
    if not isinstance(lcloc, dict) or not _is_place(lcloc):
        return None
    return {"longitude": lcloc["longitude"], "latitude": lcloc["latitude"]}


def lcloc_of(data: Fields) -> Fields | None:
    """Give `_lcloc` for `data`; None where that has no place."""
    return {"longitude": data["longitude"], "latitude": data["latitude"]} if _is_place(data) else None


def _is_place(fields: Fields) -> bool:
    return all(_is_number(fields.get(name)) for name in ("longitude", "latitude"))


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
