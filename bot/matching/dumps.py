"""What the indexes hold as facts and arrays, and back again. Where such a dump is written is not known here."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.matching import segments
from bot.matching.index import ExactIndex, HammingIndex
from bot.matching.origins import Origin, Origins
from bot.model import SignalKind

Arrays = dict[str, NDArray[Any]]
Part = tuple[str, dict[str, Any], Arrays]  # its name, facts that JSON can hold, and arrays by name


class Dump(NamedTuple):
    """All that is in memory about the entries: facts of each part, and arrays, which may come back read-only."""

    facts: dict[str, Any]
    arrays: Arrays


def dump_origins(origins: Origins) -> Part:
    """Where each entry stands."""
    known, numbers, pages = origins.columns()
    arrays: Arrays = {"origins/numbers": numbers}
    arrays |= {f"origins/{place}": page for place, page in enumerate(pages)}
    return "origins", {"known": known, "pages": len(pages)}, arrays


def restored_origins(dump: Dump) -> Origins:
    """Where each entry stood; pages are written to, so those that are read-only are copied."""
    facts = dump.facts["origins"]
    known = [Origin(list_id, SignalKind(kind), category) for list_id, kind, category in facts["known"]]
    pages = [np.require(dump.arrays[f"origins/{place}"], requirements="W") for place in range(facts["pages"])]
    return Origins.of_columns(known, dump.arrays["origins/numbers"], pages)


def dump_near(kind: SignalKind, index: HammingIndex) -> Part:
    """The segments of one index."""
    parts = [segments.dump(segment) for segment in index.segments]
    arrays = {f"{kind}/{place}/{name}": a for place, (_, part) in enumerate(parts) for name, a in part.items()}
    return kind, {"segments": [facts for facts, _ in parts]}, arrays


def restored_near(kind: SignalKind, bits: int, dump: Dump) -> HammingIndex:
    """The index of one kind with its segments."""
    parts = []
    for place, facts in enumerate(dump.facts[kind]["segments"]):
        prefix = f"{kind}/{place}/"
        arrays = {name.removeprefix(prefix): a for name, a in dump.arrays.items() if name.startswith(prefix)}
        parts.append(segments.restored(facts, arrays))
    return HammingIndex.of_segments(bits, tuple(parts))


def dump_exact(kind: SignalKind, index: ExactIndex) -> Part:
    """Ids and values of one index; values differ in length, so their ends are kept."""
    ids, values = index.columns()
    arrays: Arrays = {
        f"{kind}/ids": np.array(ids, np.int64),
        f"{kind}/ends": np.array([*accumulate(map(len, values))], np.int64),
        f"{kind}/values": np.frombuffer(b"".join(values), np.uint8),
    }
    return kind, {}, arrays


def fill_exact(kind: SignalKind, index: ExactIndex, dump: Dump) -> None:
    """Put ids and values into the empty `index` of one kind."""
    values = dump.arrays[f"{kind}/values"].tobytes()
    ends = dump.arrays[f"{kind}/ends"].tolist()
    index.add(dump.arrays[f"{kind}/ids"].tolist(), [values[start:end] for start, end in pairwise([0, *ends])])
