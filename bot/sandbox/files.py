"""The bytes behind every file id, kept within a budget; how pictures and videos are made of bytes is in media."""

from __future__ import annotations

import base64
import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

DOWNLOAD_LIMIT = 20 << 20  # bytes; the cloud Bot API's getFile
PATHS_KEPT = 1000  # before those that are too old are forgotten
PATH_SECONDS = 3600  # a file_path is good for at least an hour, and here for no longer

PREFIXES = {
    "thumbnail": "AAMC",
    "photo": "AgAC",
    "video": "BAAC",
    "document": "BQAC",
    "sticker": "CAAC",
    "animation": "CgAC",
    "video_note": "DQAC",
    "audio": "CQAC",
}
FOLDERS = {
    "photo": "photos",
    "thumbnail": "thumbnails",
    "animation": "animations",
    "sticker": "stickers",
    "video": "videos",
}


@dataclass(slots=True)
class StoredFile:
    """One file. `size` is what Telegram says it is, `owner` the kind and media object it is sent again with."""

    file_id: str
    file_unique_id: str
    kind: str
    data: bytes
    size: int
    mime_type: str
    suffix: str
    owner: Any = None

    def json(self) -> dict[str, Any]:
        """The three fields that every file of the Bot API has."""
        return {"file_id": self.file_id, "file_unique_id": self.file_unique_id, "file_size": self.size}


@dataclass(slots=True)
class FileStore:
    """All files; when their bytes are over `budget`, the oldest go."""

    budget: int
    seed: int = 0
    by_id: OrderedDict[str, StoredFile] = field(default_factory=OrderedDict)
    by_unique_id: dict[str, StoredFile] = field(default_factory=dict)
    _paths: dict[str, tuple[str, int]] = field(default_factory=dict)
    _uses: dict[int, int] = field(default_factory=dict)
    _held: int = 0
    _count: int = 0

    def add(self, kind: str, data: bytes, *, mime_type: str, suffix: str, size: int | None = None) -> StoredFile:
        """Keep bytes under new ids; the same bytes object again costs no memory."""
        self._count += 1
        digest = hashlib.blake2b(f"{self.seed}:{self._count}".encode(), digest_size=44).digest()
        text = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        unique = ("AQAD" if kind in {"photo", "thumbnail"} else "AgAD") + text[:11]
        stored = StoredFile(
            PREFIXES[kind] + text, unique, kind, data, len(data) if size is None else size, mime_type, suffix
        )
        self.by_id[stored.file_id] = self.by_unique_id[unique] = stored
        self._hold(data)
        return stored

    def _hold(self, data: bytes) -> None:
        uses = self._uses.get(id(data), 0)
        self._uses[id(data)] = uses + 1
        if not uses:
            self._held += len(data)
        while self._held > self.budget and len(self.by_id) > 1:
            self._drop()

    def _drop(self) -> None:
        _, oldest = self.by_id.popitem(last=False)
        self.by_unique_id.pop(oldest.file_unique_id, None)
        key = id(oldest.data)
        self._uses[key] -= 1
        if not self._uses[key]:
            del self._uses[key]
            self._held -= len(oldest.data)

    def path(self, stored: StoredFile, now: int) -> str:
        """Where the file can be fetched for the next hour."""
        name = f"{FOLDERS.get(stored.kind, 'documents')}/file_{stored.file_unique_id}{stored.suffix}"
        self._paths = (
            {old: kept for old, kept in self._paths.items() if kept[1] > now}
            if len(self._paths) > PATHS_KEPT
            else self._paths
        )
        self._paths[name] = (stored.file_id, now + PATH_SECONDS)
        return name

    def at(self, path: str, now: int) -> StoredFile | None:
        """The file that a path leads to, None when the path is unknown or too old."""
        file_id, until = self._paths.get(path, ("", 0))
        return self.by_id.get(file_id) if until > now else None
