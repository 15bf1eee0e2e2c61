"""Tables of numbers: as Markdown, and kept by section in RESULTS.md. How they were measured is not known here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).parent / "RESULTS.md"
HEAD = """# Results

Written by `make bench`; every section says when and on what machine it was measured. The numbers committed here are of
a machine of 2 cores, which other work shared where the load is high: absolute numbers vary, some of them severalfold.
"""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of numbers in words, under a sentence that says what was measured."""

    about: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        """Return sentence and table."""
        lines = [self.columns, tuple("---" for _ in self.columns), *self.rows]
        return "\n".join([self.about, "", *("| " + " | ".join(line) + " |" for line in lines)])


def keep(name: str, machine: str, table: Table) -> None:
    """Replace one section of RESULTS.md, leaving the others as they were measured."""
    sections = _sections(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    sections[name] = f"Measured {machine}.\n\n{table.markdown()}"
    text = "\n".join([HEAD, *(f"## {title}\n\n{body}\n" for title, body in sections.items())])
    FILE.write_text(text, encoding="utf-8")


def _sections(text: str) -> dict[str, str]:
    parts = re.split(r"^## (\w+)\n", text, flags=re.MULTILINE)[1:]
    return {name: body.strip() for name, body in zip(parts[::2], parts[1::2], strict=True)}


def milliseconds(seconds: float) -> str:
    """Return a time in words."""
    return f"{seconds * 1000:,.0f} ms"
