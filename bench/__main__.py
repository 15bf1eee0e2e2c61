"""`python -m bench [path|text|start|commands|index …]`: measure, print, and keep the tables in RESULTS.md."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from bench import clips, commands, flood, index, machine, memory, path, results, start, text, video
from bench.results import Table

SECTIONS: dict[str, Callable[[Path], Coroutine[Any, Any, Table]]] = {
    "path": path.measure,
    "text": text.measure,
    "flood": flood.measure,
    "start": start.measure,
    "memory": memory.measure,
    "commands": commands.measure,
    "index": index.measure,
    "index_large": index.measure_large,
    "video": video.measure,
    "clips": clips.measure,
}

LONG = {"index_large"}  # minutes, and 10 GB: only when named


def main() -> None:
    """Measure the named sections, all but the long ones when none is named."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure speed and memory of the real bot.")
    parser.add_argument(
        "sections",
        nargs="*",
        metavar="section",
        help=f"{', '.join(SECTIONS)}; all but {', '.join(LONG)} when none is named",
    )
    names = parser.parse_args().sections or [name for name in SECTIONS if name not in LONG]
    if unknown := set(names) - SECTIONS.keys():
        parser.error(f"no section is called {min(unknown)}; there are {', '.join(SECTIONS)}")
    print(machine.facts(), flush=True)
    for name in names:
        print(f"\n## {name}: measuring …", flush=True)
        where = machine.facts()
        with tempfile.TemporaryDirectory(prefix=f"haechi-bench-{name}-") as folder:
            table = asyncio.run(SECTIONS[name](Path(folder)))
        print(f"\n{table.markdown()}", flush=True)
        results.keep(name, where, table)


if __name__ == "__main__":
    main()
