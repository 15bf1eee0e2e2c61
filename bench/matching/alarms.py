"""`python -m bench.matching.alarms`: a contact sheet of what our recipe took for something else, to be looked at."""

from __future__ import annotations

import io
import sys
from typing import NamedTuple

from PIL import Image, ImageDraw

from bench.matching.__main__ import FULL, QUICK
from bench.matching.distractors import distractors
from bench.matching.listed import OWN
from bench.matching.measure import Sizes, kept
from bench.matching.originals import FOLDS, present
from bench.matching.packages import DATA
from bench.matching.posted import Posted

CELL, COLUMNS = 160, 8


class _Alarm(NamedTuple):
    posted: Posted
    tier: int
    distance: int
    stage: str
    source: int


def alarms(sizes: Sizes) -> list[_Alarm]:
    """The surest alarm of each posted picture."""
    every = distractors(sizes.entries)
    sources = [every.outside(fold, sizes.entries).source for fold in range(FOLDS)]
    found = []
    for one, answer in kept("ours", sizes).items():
        false = [(tier, bits, stage, entry) for entry, tier, stage, bits in answer["found"] if entry < OWN]
        if false:
            tier, bits, stage, entry = min(false)
            found.append(_Alarm(one, tier, bits, stage, int(sources[one.fold][entry - 1])))
    return sorted(found, key=lambda alarm: (alarm.tier, alarm.distance))


def main() -> None:
    """Print them, and draw each posted picture above the picture whose crop it met."""
    found = alarms(QUICK if "--quick" in sys.argv else FULL)
    pictures = {one.number: one for one in present()}
    sheet = Image.new("RGB", (COLUMNS * CELL, -(-len(found) // COLUMNS) * (2 * CELL + 30) or 1))
    draw = ImageDraw.Draw(sheet)
    for place, one in enumerate(found):
        words = f"{one.posted.kind} {one.posted.name}: T{one.tier} at {one.distance} by {one.source}, {one.stage}"
        print(words)
        x, y = place % COLUMNS * CELL, place // COLUMNS * (2 * CELL + 30)
        draw.text((x, y), words[:28])
        with Image.open(io.BytesIO(one.posted.data())) as posted:
            posted.thumbnail((CELL - 4, CELL - 4))
            sheet.paste(posted, (x, y + 14))
        sheet.paste(pictures[one.source].open(CELL - 4), (x, y + CELL + 16))
    sheet.save(DATA / "alarms.png")
    print(f"{len(found)} alarms; drawn in {DATA / 'alarms.png'}")


if __name__ == "__main__":
    main()
