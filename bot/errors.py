"""The error tree: everything Haechi raises on purpose. No handling lives here.

HaechiError
├── UserError            shown to a person as one line, exit 2 on the command line
│   ├── ConfigError      a configuration key is unknown, missing or of the wrong type
│   └── ListFormatError  a list file is not in a format that can be read
├── StoreError           the database cannot take what was written
│   └── StoreBusy        … for now: retryable
├── MediaError           bytes that could not be turned into a fingerprint
│   ├── Unscannable      they could not be decoded, or not within the limits
│   ├── TooLarge         they are over the fetch limit
│   └── NotMedia         they are neither a picture nor a video
└── GatewayError         Telegram could not be asked
    ├── Unreachable      … for now: retryable
    ├── Conflict         another copy of the bot polls with the same token
    └── BadToken         Telegram does not know the token
"""

from __future__ import annotations


class HaechiError(Exception):
    """Root of every error raised on purpose."""


class UserError(HaechiError):
    """Something the person at the keyboard can mend; the text says what and how."""


class ConfigError(UserError):
    """A configuration key is unknown, missing or of the wrong type; the text names it."""


class ListFormatError(UserError):
    """A list file is not in a format that can be read; the text names line and expectation."""


class StoreError(HaechiError):
    """The database cannot take what was written; nothing of it was kept."""


class StoreBusy(StoreError):
    """The database is locked or its disk is full for now; worth another try."""


class MediaError(HaechiError):
    """Bytes that could not be turned into a fingerprint."""


class Unscannable(MediaError):
    """A picture or video that could not be decoded, or not within the limits.

    `reason` is one word of a small vocabulary (``type``, ``broken``, ``dimensions``, ``timeout`` …):
    fit for a counter, never holding anything of the file itself. `digests` are the SHA-256 and MD5 of a file that was
    fetched whole, for it may be listed by them; they are in no text of the error.
    """

    def __init__(self, reason: str, digests: tuple[bytes, bytes] | None = None) -> None:
        """Keep `reason`, a short machine word, and `digests`."""
        super().__init__(reason)
        self.reason = reason
        self.digests = digests


class TooLarge(MediaError):
    """The file is over the size that Telegram, or the configured limit, lets a bot fetch."""


class NotMedia(MediaError):
    """The bytes are neither a picture nor a video, whatever their name says."""


class GatewayError(HaechiError):
    """Telegram could not be asked."""


class Unreachable(GatewayError):
    """No answer for now: network, time-out or a 5xx; worth another try."""


class Conflict(GatewayError):
    """Another copy of the bot polls with the same token."""


class BadToken(GatewayError):
    """Telegram does not know the token."""
