"""`python -m bench.matching`: measure recall and false alarms of every method, and write the report."""

from __future__ import annotations

import argparse
import os
import shutil
from typing import Final

from bench import machine
from bench.matching import report
from bench.matching.measure import METHODS, Sizes, measure
from bench.matching.originals import present

FULL: Final = Sizes(originals=160, unrelated=15_000, entries=1_000_000)
QUICK: Final = Sizes(originals=40, unrelated=2_000, entries=100_000)


def main() -> None:
    """Measure what is asked for; what was measured before with the same sizes is not measured again."""
    parser = argparse.ArgumentParser(prog="python -m bench.matching", description=__doc__)
    parser.add_argument("methods", nargs="*", metavar="method", help=f"{', '.join(METHODS)}; all when none is named")
    parser.add_argument(
        "--quick", action="store_true", help="some minutes: 40 originals, 2,000 unrelated, 100,000 entries"
    )
    for name in ("originals", "unrelated", "entries"):
        parser.add_argument(f"--{name}", type=int, help=f"how many {name} (default: {getattr(FULL, name):,})")
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)), help="at work at a time")
    parser.add_argument("--fresh", action="store_true", help="forget what the named methods answered before")
    parser.add_argument("--report", action="store_true", help="measure nothing, report what there is")
    asked = parser.parse_args()
    if unknown := set(asked.methods) - METHODS.keys():
        parser.error(f"no method is called {min(unknown)}; there are {', '.join(METHODS)}")
    default = QUICK if asked.quick else FULL
    sizes = Sizes(*(getattr(asked, name) or getattr(default, name) for name in ("originals", "unrelated", "entries")))
    present()
    where = machine.facts()
    print(where, flush=True)
    for name in () if asked.report else asked.methods or METHODS:
        if asked.fresh:
            shutil.rmtree(sizes.folder / name, ignore_errors=True)
        measure(name, sizes, asked.processes)
    report.write(sizes, where, is_kept=sizes == FULL)


if __name__ == "__main__":
    main()
