"""From uploaded bytes to the Bot API's media objects with files of their own; chats are elsewhere."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from bot.sandbox import movies, pictures
from bot.sandbox.pictures import Encoded, NotAPictureError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.sandbox.files import FileStore, StoredFile

KINDS = ("photo", "video", "animation", "sticker", "document", "video_note", "audio")
GZIP, EBML = b"\x1f\x8b", b"\x1a\x45\xdf\xa3"
STICKER_SIDE = 512
CACHED = 128  # prepared uploads: posting the same bytes again costs no encoding
MIME_TYPES = {
    ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".gif": "image/gif", ".webp": "image/webp",
    ".mp4": "video/mp4", ".webm": "video/webm", ".tgs": "application/x-tgsticker", ".mp3": "audio/mpeg",
    ".pdf": "application/pdf", ".zip": "application/zip", ".txt": "text/plain", ".svg": "image/svg+xml",
}  # fmt: skip
NO_MOVIE = movies.Movie()
SUFFIXES = {"photo": ".jpg", "video": ".mp4", "animation": ".mp4", "video_note": ".mp4", "audio": ".mp3"}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as somebody uploads it. `as_is` keeps a photo's bytes; `declared_size` is what Telegram says it weighs."""

    kind: str
    data: bytes = field(repr=False)
    filename: str | None = None
    as_is: bool = False
    width: int | None = None
    height: int | None = None
    duration: int | None = None
    declared_size: int | None = None
    mime_type: str | None = None
    emoji: str | None = None
    set_name: str | None = None
    thumbnail: bytes | None = field(default=None, repr=False)
    cover: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the bytes turn into before they get ids: all that is slow has been done."""

    sizes: tuple[Encoded, ...] = ()
    movie: movies.Movie = NO_MOVIE
    thumbnail: Encoded | None = None
    cover: tuple[Encoded, ...] = ()


class Preparer:
    """Prepares uploads, in any thread, and remembers the last ones."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[Any, ...], Prepared] = OrderedDict()

    def __call__(self, upload: Upload) -> Prepared:
        """The upload's sizes, facts and thumbnail; NotAPictureError when Telegram would not take it."""
        key = _key(upload)
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
        made = _prepared(upload)
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > CACHED:
                self._kept.popitem(last=False)
        return made


def _key(upload: Upload) -> tuple[Any, ...]:
    digests = [hashlib.sha256(part).digest() if part else b"" for part in (upload.data, upload.thumbnail, upload.cover)]
    return (upload.kind, upload.as_is, upload.width, upload.height, *digests)


def _prepared(upload: Upload) -> Prepared:
    given = pictures.thumbnail(upload.thumbnail) if upload.thumbnail else None
    if upload.kind == "photo":
        if not upload.as_is:
            return Prepared(sizes=tuple(pictures.photo_sizes(upload.data)))
        width, height = pictures.size_of(upload.data)
        return Prepared(sizes=(Encoded(upload.data, upload.width or width or 1, upload.height or height or 1),))
    if upload.kind == "sticker":
        return _prepared_sticker(upload, given)
    if upload.kind in {"document", "audio"}:
        return Prepared(thumbnail=given or (pictures.thumbnail(upload.data) if upload.kind == "document" else None))
    movie = movies.probe(upload.data)
    cover = tuple(pictures.photo_sizes(upload.cover)) if upload.cover else ()
    return Prepared(movie=movie, thumbnail=given or movie.thumbnail, cover=cover)


def _prepared_sticker(upload: Upload, given: Encoded | None) -> Prepared:
    if upload.data.startswith(GZIP):
        return Prepared(thumbnail=given or pictures.blank_thumbnail())
    if upload.data.startswith(EBML):
        movie = movies.probe(upload.data)
        return Prepared(movie=movie, thumbnail=given or movie.thumbnail)
    width, height = pictures.size_of(upload.data)
    return Prepared(movie=movies.Movie(width, height), thumbnail=given or pictures.webp_thumbnail(upload.data))


def mime_type(upload: Upload) -> str:
    """What the sender says the file is: the given type, else what its name suggests, else what its kind is."""
    named = MIME_TYPES.get(PurePath(upload.filename or "").suffix.lower())
    usual = {".jpg": "image/jpeg", ".mp4": "video/mp4", ".mp3": "audio/mpeg"}.get(SUFFIXES.get(upload.kind, ""))
    return upload.mime_type or named or usual or "application/octet-stream"


def _store_sizes(
    store: FileStore, sizes: tuple[Encoded, ...], kind: str = "photo", suffix: str = ".jpg"
) -> list[dict[str, Any]]:
    mime = MIME_TYPES[suffix]
    stored = [(store.add(kind, size.data, mime_type=mime, suffix=suffix), size) for size in sizes]
    shown = [{**file.json(), "width": size.width, "height": size.height} for file, size in stored]
    if kind == "photo":
        for file, _ in stored:
            file.owner = ("photo", shown)
    return shown


def store(files: FileStore, upload: Upload, prepared: Prepared) -> dict[str, Any]:
    """Give the upload ids; the message fields that carry it, such as ``{"photo": [...]}``."""
    if upload.kind == "photo":
        return {"photo": _store_sizes(files, prepared.sizes)}
    suffix = PurePath(upload.filename or "").suffix or SUFFIXES.get(upload.kind, "")
    if upload.kind == "sticker":
        suffix = ".tgs" if upload.data.startswith(GZIP) else ".webm" if upload.data.startswith(EBML) else ".webp"
    mime = MIME_TYPES[suffix] if upload.kind == "sticker" else mime_type(upload)
    stored = files.add(upload.kind, upload.data, mime_type=mime, suffix=suffix, size=upload.declared_size)
    body = {**stored.json(), **_SHAPES[upload.kind](upload, prepared)}
    if prepared.thumbnail:
        thumb_suffix = ".webp" if prepared.thumbnail.data.startswith(b"RIFF") else ".jpg"
        body["thumbnail"] = _store_sizes(files, (prepared.thumbnail,), "thumbnail", thumb_suffix)[0]
    if prepared.cover and upload.kind == "video":
        body["cover"] = _store_sizes(files, prepared.cover)
    stored.owner = (upload.kind, body)
    return fields(stored)


def fields(stored: StoredFile) -> dict[str, Any]:
    """The message fields that carry the media a file belongs to; an animation is shown as a document too."""
    kind, body = stored.owner
    if kind == "animation":
        as_document = {name: value for name, value in body.items() if name not in {"width", "height", "duration"}}
        return {"animation": body, "document": as_document}
    return {kind: body}


def _film(upload: Upload, prepared: Prepared) -> dict[str, Any]:
    movie = prepared.movie
    named = {"file_name": upload.filename} if upload.filename else {}
    size = {"width": upload.width or movie.width, "height": upload.height or movie.height}
    return {**size, "duration": upload.duration or movie.duration, "mime_type": mime_type(upload), **named}


def _note(upload: Upload, prepared: Prepared) -> dict[str, Any]:
    side = upload.width or min(prepared.movie.width, prepared.movie.height) or 1
    return {"length": side, "duration": upload.duration or prepared.movie.duration}


def _document(upload: Upload, _: Prepared) -> dict[str, Any]:
    return {"mime_type": mime_type(upload), **({"file_name": upload.filename} if upload.filename else {})}


def _audio(upload: Upload, prepared: Prepared) -> dict[str, Any]:
    return {"duration": upload.duration or 1, **_document(upload, prepared)}


def _sticker(upload: Upload, prepared: Prepared) -> dict[str, Any]:
    vector, film = upload.data.startswith(GZIP), upload.data.startswith(EBML)
    size = {
        "width": upload.width or prepared.movie.width or STICKER_SIDE,
        "height": upload.height or prepared.movie.height or STICKER_SIDE,
    }
    body = {"type": "regular", **size, "is_animated": vector, "is_video": film, "emoji": upload.emoji or "🙂"}
    return {**body, "set_name": upload.set_name} if upload.set_name else body


_SHAPES: dict[str, Callable[[Upload, Prepared], dict[str, Any]]] = {
    "video": _film,
    "animation": _film,
    "video_note": _note,
    "document": _document,
    "audio": _audio,
    "sticker": _sticker,
}
__all__ = ["KINDS", "NotAPictureError", "Prepared", "Preparer", "Upload", "fields", "mime_type", "store"]
