"""The yardstick of the index: PDQIndex of the package threatexchange. Ours is not known here."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / ".data" / "rivals"


def index_type() -> Any:
    """The class PDQIndex. Raises SystemExit, saying what to do, when the package has not been fetched."""
    if not FOLDER.exists():
        raise SystemExit("threatexchange is not there to measure beside; make bench fetches it")
    sys.path.append(str(FOLDER))  # behind everything else, so that numpy stays ours
    import faiss  # noqa: PLC0415 - not installed with the project
    from threatexchange.signal_type.pdq.pdq_index import PDQIndex  # noqa: PLC0415 - likewise

    faiss.omp_set_num_threads(1)
    return PDQIndex


def build(codes: Iterable[bytes]) -> Any:
    """An index of `codes`, each with its number, as its documentation builds one."""
    return index_type()([(code.hex(), number) for number, code in enumerate(codes, 1)])
