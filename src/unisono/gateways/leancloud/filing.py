"""Files as `AV.File` of LeanCloud's storage SDK puts them: a token, the bytes to where it says, a word that it is done.

The SDK knows several ways to put bytes; `s3` is the plain one, a `PUT` to `upload_url`, which is the link of any upload
here. Whoever shows no session of a user's owns nothing: LeanCloud lets everybody upload who has the app key.
"""

import mimetypes
import re
from typing import Final

from unisono.app.filing import Wish
from unisono.domain.errors import Invalid, NotFound, StorageFull
from unisono.domain.files import NAME_MAX_CHARS, UNKNOWN
from unisono.domain.ids import FileId, Json, UserId
from unisono.gateways.leancloud.desk import Asked, Endpoint, Fields, text_in
from unisono.gateways.leancloud.http import HttpRefusal
from unisono.gateways.leancloud.signing_in import user_of
from unisono.ports.files import FileRecord
from unisono.wire.codes import code_of
from unisono.wire.leancloud.places import iso_of

SESSION: Final = "X-LC-Session"
PROVIDER: Final = "s3"
URL_MAX_CHARS: Final = 4096
_NO_NAME: Final = re.compile(r"[\x00-\x1f\x7f-\x9f/\\]")
_ID: Final = re.compile(r"[0-9a-f]{32}")
_URL: Final = re.compile(r"https?://[^\s\x00-\x20]+")


async def _give_token(asked: Asked) -> Json:
    filing, fields = asked.app.node.filing, asked.body
    name, meta = _name_in(fields), _meta_in(fields)
    size = meta.get("size")
    wish = Wish(
        name,
        _type_in(fields, name),
        size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else None,
        attributes=meta,
    )
    try:
        record = await filing.begin(await _owner(asked), wish, _source(asked))
    except StorageFull as full:
        # The SDK shows number and name alone, and LeanCloud has none for it.
        raise HttpRefusal(code_of(full).status, full.text) from None
    put, until = filing.links.to_put(record)
    return {
        **_shown(asked, record),
        "provider": PROVIDER,
        "upload_url": _whole(asked, put),
        "token": f"{record.id}.{until}.{put.rpartition('=')[2]}",
    }


async def _note_end(asked: Asked) -> Json:
    """Take note that bytes were put, or not: then what was begun is forgotten at once."""
    file, _, proof = text_in(asked.body, "token").partition(".")
    if not _ID.fullmatch(file):
        raise NotFound()
    filing = asked.app.node.filing
    until, _, digest = proof.partition(".")
    filing.links.check("put", FileId(file), (until, digest), asked.now())
    if asked.body.get("result") is False:
        await filing.forget(FileId(file))
    return {}


async def _note_elsewhere(asked: Asked) -> Json:
    fields = {**asked.body, "name": asked.body.get("name") or asked.path.get("file", "")}
    url, name = text_in(fields, "url"), _name_in(fields)
    if len(url) > URL_MAX_CHARS or not _URL.fullmatch(url):
        raise Invalid(field="url", reason="an http or https URL is needed")
    filing = asked.app.node.filing
    wish = Wish(name, _type_in(fields, name), url=url, attributes=_meta_in(fields))
    return _shown(asked, await filing.begin(await _owner(asked), wish, _source(asked)))


async def _show(asked: Asked) -> Json:
    return _shown(asked, await asked.app.node.filing.get(_file_of(asked)))


async def _remove(asked: Asked) -> Json:
    filing, file = asked.app.node.filing, _file_of(asked)
    if asked.is_master:
        await filing.get(file)
        await filing.remove(file)
        return {}
    owner = await _owner(asked)
    if owner is None:
        raise HttpRefusal(401, "The master key, or the session of the file's owner, is needed.")
    await filing.remove_own(owner, file)
    return {}


async def _owner(asked: Asked) -> UserId | None:
    token = asked.headers.get(SESSION)
    return None if not token else await user_of(asked, token)


def _source(asked: Asked) -> str | None:
    # The app's own servers speak for all of its clients.
    return None if asked.is_master else asked.address


def _shown(asked: Asked, record: FileRecord) -> dict[str, Json]:
    at = iso_of(record.created_at)
    return {
        "objectId": record.id,
        "name": record.name,
        "url": _whole(asked, asked.app.node.filing.links.to_get(record)),
        "mime_type": record.type,
        "metaData": record.attributes or {},
        "key": record.id,
        "bucket": asked.app.id,
        "createdAt": at,
        "updatedAt": at,
    }


def _whole(asked: Asked, link: str) -> str:
    return asked.base + link if link.startswith("/") else link


def _file_of(asked: Asked) -> FileId:
    file = asked.path["file"]
    if not _ID.fullmatch(file):
        raise NotFound()
    return FileId(file)


def _name_in(fields: Fields) -> str:
    return _NO_NAME.sub("_", text_in(fields, "name"))[:NAME_MAX_CHARS]


def _type_in(fields: Fields, name: str) -> str:
    said = fields.get("mime_type")
    return said if isinstance(said, str) and said else mimetypes.guess_type(name)[0] or UNKNOWN


def _meta_in(fields: Fields) -> dict[str, Json]:
    meta = fields.get("metaData")
    if meta is not None and not isinstance(meta, dict):
        raise Invalid(field="metaData", reason="an object is needed")
    return meta or {}


FILE_ENDPOINTS: Final = (
    Endpoint("POST", "/1.1/fileTokens", "key", _give_token, status=201),
    Endpoint("POST", "/1.1/fileCallback", "key", _note_end),
    Endpoint("POST", "/1.1/files", "key", _note_elsewhere, status=201),
    Endpoint("POST", "/1.1/files/{file}", "key", _note_elsewhere, status=201),
    Endpoint("GET", "/1.1/files/{file}", "key", _show),
    Endpoint("DELETE", "/1.1/files/{file}", "key", _remove),
)
