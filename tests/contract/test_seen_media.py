"""What is remembered of files: the same as was found, or nothing where it cannot be read any more."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from bot.model import Evidence, Fingerprint, Frame, Searched, Tier
from bot.store import media
from bot.store.db import Database
from bot.store.media import Known
from bot.store.tables import files

FRAMES = tuple(
    Frame(pdq=(bytes([number]) * 32,) * 8, quality=90, phash=bytes(8), at=float(number)) for number in (1, 2)
)
SEEN = Fingerprint(sha256=bytes(32), md5=bytes(16), format="gif", width=640, height=480, frames=FRAMES, damaged=True)
FOUND = Searched(
    7, (Evidence(3, Tier.T2, "inside a frame", 12, 0), Evidence(4, Tier.T3, "cropped", 40, 1)), capped=True
)


UNREAD = Fingerprint(sha256=bytes(32), md5=bytes(16), format="", width=0, height=0)


@pytest.mark.parametrize(
    "known", [Known(SEEN, None), Known(SEEN, None, FOUND), Known(None, "fetch"), Known(UNREAD, "broken")]
)
async def test_what_was_found_is_remembered(database: Database, known: Known) -> None:
    """A fingerprint, what its windows met at which state of the lists, or why there is none, come back as they were."""
    await database.write(lambda connection: media.keep(connection, "one", known))
    async with database.read() as connection:
        assert await media.known(connection, "one") == known
        assert await media.known(connection, "another") is None


@pytest.mark.parametrize("text", ["{}", '{"searched": [1]}', "no json"])
async def test_what_another_version_kept_is_looked_at_anew(database: Database, text: str) -> None:
    """A row in a form that this version does not know counts as never looked at, and stops nothing."""
    await database.write(lambda connection: media.keep(connection, "one", Known(SEEN, None)))
    await database.write(lambda connection: connection.execute(update(files).values(fingerprint=text)))
    async with database.read() as connection:
        assert await media.known(connection, "one") is None
