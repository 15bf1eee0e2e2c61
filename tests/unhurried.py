"""Limits of decoders for tests that are about something else: however slow the machine, files are read to their end."""

from __future__ import annotations

from typing import Final

from bot.media.limits import Limits

SECONDS: Final = 60
"""As long as a setting may let a picture take."""

UNHURRIED: Final = Limits(image_seconds=SECONDS, video_seconds=SECONDS)

SETTINGS: Final = {"HAECHI_MEDIA__IMAGE_SECONDS": str(SECONDS), "HAECHI_MEDIA__VIDEO_SECONDS": str(SECONDS)}
"""The same for a bot or a command."""
