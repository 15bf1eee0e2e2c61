"""The nouns that rooms hand to each other: frozen values. Nothing here needs a database, a network or a clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, NamedTuple

from bot.rules import DEFAULTS, Rules

if TYPE_CHECKING:
    from datetime import datetime

    from bot.survey import Survey

# --- who and where -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MessageRef:
    """One message of one chat, as Telegram numbers it."""

    chat_id: int
    message_id: int


class SenderKind(StrEnum):
    """What stands behind a message; only `USER` and `CHANNEL` can be punished."""

    USER = "user"
    BOT = "bot"
    CHANNEL = "channel"  # a channel identity in a group: banChatSenderChat, cannot be muted
    ANONYMOUS_ADMIN = "anonymous_admin"  # from 1087968824, sender_chat is the group itself
    LINKED_CHANNEL = "linked_channel"  # from 777000 or the chat linked to the group
    CHAT = "chat"  # a channel's own post
    SELF = "self"  # the bot


@dataclass(frozen=True, slots=True)
class Sender:
    """Who really posted: a user's id, or the id of the chat in whose name they posted."""

    kind: SenderKind
    id: int
    name: str
    language: str | None = None


# --- media ---------------------------------------------------------------------------------------


class MediaKind(StrEnum):
    """What Telegram calls the object that carries the file."""

    PHOTO = "photo"
    VIDEO = "video"
    ANIMATION = "animation"
    VIDEO_NOTE = "video_note"
    STICKER = "sticker"
    DOCUMENT = "document"
    THUMBNAIL = "thumbnail"
    COVER = "cover"
    LIVE_PHOTO = "live_photo"
    OTHER = "other"  # a carrier that this version has no name for: fetched and sniffed


@dataclass(frozen=True, slots=True)
class MediaRef:
    """One file that an update carries, found by the walker.

    `path` is where it stood in the raw JSON (``message.photo``, ``message.external_reply.video.cover`` …);
    `parent` is the `file_unique_id` of the file whose thumbnail or cover this is.
    """

    kind: MediaKind
    file_id: str = field(repr=False)
    file_unique_id: str = field(repr=False)
    path: str
    size: int | None = None
    width: int | None = None
    height: int | None = None
    mime_type: str | None = None
    parent: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class MediaPost:
    """One message that carries media, with who posted it and which album it belongs to."""

    ref: MessageRef
    sender: Sender
    date: datetime
    media: tuple[MediaRef, ...]
    album: str | None = None
    thread_id: int | None = None
    is_edit: bool = False
    chat_type: str = "supergroup"
    chat_title: str = ""
    chat_username: str | None = None

    @property
    def incident(self) -> str:
        """The key under which this post, and its whole album, is one incident of its chat."""
        return f"album:{self.album}" if self.album else f"message:{self.ref.message_id}"


# --- signals -------------------------------------------------------------------------------------


class SignalKind(StrEnum):
    """A kind of hash, by the field's standard names."""

    PDQ = "pdq"  # 256 bits, Hamming distance
    PHASH = "phash"  # 64 bits, imagehash.phash, Hamming distance
    MD5 = "md5"
    SHA256 = "sha256"
    VPDQ = "vpdq"  # the PDQ of a video's frames with their times: `bot.sequence`
    FILE = "file"  # Telegram's file_unique_id: the same upload, forwarded or not


class Part(StrEnum):
    """What of a clip's picture was hashed: a copy may have got a border, or lost its edges."""

    WHOLE = "whole"
    INSIDE = "inside a border"
    CROPPED = "with its edges drawn out"
    MIDDLE = "without its edges"


@dataclass(frozen=True, slots=True)
class Frame:
    """The perceptual hashes of one picture, or of one frame of a video.

    `pdq` holds the 8 hashes of the picture's mirror images and turns, 32 bytes each, itself first;
    `quality` is PDQ's own 0–100; `phash` is 8 bytes; `at` is the frame's time in seconds. `part` is what of a
    clip's picture was hashed.
    """

    pdq: tuple[bytes, ...] = field(repr=False)
    quality: int
    phash: bytes = field(repr=False)
    at: float = 0.0
    part: Part = Part.WHOLE


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """All signals of one file.

    `format` is the sniffed one (``jpeg``, ``mp4`` …); `damaged` says that only a tolerant decoder could read it.
    `sparse` says that only a clip's key frames were looked at. `surveys` are those of the pictures in it that have
    enough in them to be searched; they are never kept.
    """

    sha256: bytes = field(repr=False)
    md5: bytes = field(repr=False)
    format: str
    width: int
    height: int
    frames: tuple[Frame, ...] = ()
    damaged: bool = False
    surveys: tuple[Survey, ...] = ()
    sparse: bool = False


# --- lists ---------------------------------------------------------------------------------------


class Trust(StrEnum):
    """The most that a list's matches may do by themselves, weakest first."""

    OFF = "off"
    NOTIFY = "notify"
    DELETE = "delete"
    WARN = "warn"  # strikes count and may mute, never ban
    BAN = "ban"


class ListKind(StrEnum):
    """What an entry on the list means for a post that matches it."""

    BLOCK = "block"
    ALLOW = "allow"
    CANARY = "canary"  # removed to prove that the path works; nobody is punished


@dataclass(frozen=True, slots=True)
class HashList:
    """A named set of entries with one source and one trust level; `chat_id` is None for every chat."""

    id: int
    name: str
    kind: ListKind
    trust: Trust
    chat_id: int | None
    source: str
    created_at: datetime
    updated_at: datetime
    size: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One signal on one list."""

    id: int
    list_id: int
    kind: SignalKind
    value: bytes = field(repr=False)
    category: str = ""


# --- verdicts ------------------------------------------------------------------------------------


class Tier(IntEnum):
    """How sure a match is, surest first: T0 exact, T1 near and may punish, T2 delete and tell, T3 review only."""

    T0 = 0
    T1 = 1
    T2 = 2
    T3 = 3


class Evidence(NamedTuple):
    """One entry that a file meets: how surely, in what way, how near, and by which frame (None: by the file itself)."""

    entry_id: int
    tier: Tier
    how: str
    distance: int = 0
    frame: int | None = None


@dataclass(frozen=True, slots=True)
class Searched:
    """What a picture's windows met, at which state of the lists, and whether more might have been registered."""

    version: int
    evidence: tuple[Evidence, ...] = ()
    capped: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """A posted file's signal within an entry's threshold.

    `how` names the stage in words: ``exact file``, ``full frame``, ``mirrored or turned`` …
    """

    entry_id: int = field(repr=False)
    list_id: int
    list_name: str
    list_kind: ListKind
    trust: Trust
    category: str
    tier: Tier
    how: str


class VerdictKind(StrEnum):
    """What all matches of one post amount to."""

    CLEAN = "clean"
    MATCH = "match"
    UNSCANNABLE = "unscannable"
    CANARY = "canary"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement over one post: its kind, the best match if any, and whether all of every file was seen.

    `partly` is True when a file was over the fetch limit and only its thumbnail could be judged;
    `reasons` are the machine words of the files that could not be scanned; `capped`: not all candidates were moved.
    `others` are matches less sure, or on a list less trusted, that by a chat's own rules may do more than the best.
    """

    kind: VerdictKind
    match: Match | None = None
    partly: bool = False
    reasons: tuple[str, ...] = ()
    capped: bool = False
    entries: tuple[int, ...] = field(default=(), repr=False)  # those that act on this post, surest first, not all
    others: tuple[Match, ...] = field(default=(), repr=False)


# --- consequences --------------------------------------------------------------------------------


class Preset(StrEnum):
    """A chat's strictness."""

    WATCH = "watch"
    STANDARD = "standard"
    ZERO_TOLERANCE = "zero-tolerance"


class UnscannablePolicy(StrEnum):
    """What happens to a post that could not be checked."""

    NOTIFY = "notify"
    DELETE = "delete"
    HOLD = "hold"  # delete, and keep the case open for an admin


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """What a chat's admins chose."""

    chat_id: int
    preset: Preset = Preset.STANDARD
    unscannable: UnscannablePolicy = UnscannablePolicy.NOTIFY
    log_chat_id: int | None = None
    language: str = "en"
    owner_id: int | None = None
    title: str = ""
    rules: Rules = DEFAULTS


class ActionKind(StrEnum):
    """What may be done about a post or a person."""

    DELETE = "delete"
    STRIKE = "strike"
    MUTE = "mute"
    BAN = "ban"
    NOTIFY = "notify"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Action:
    """One consequence and why; `seconds` is the length of a mute or ban, None for ever."""

    kind: ActionKind
    reason: str
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What policy says of one verdict: the actions in order, and the strike's ordinal when one counts."""

    actions: tuple[Action, ...] = ()
    strike: int | None = None
    spared: str | None = None  # why the poster is not punished: "admin", "service", "linked channel" …

    def has(self, kind: ActionKind) -> bool:
        """Whether an action of `kind` is among the consequences."""
        return any(action.kind is kind for action in self.actions)
