"""bench/matching.md: the answers of all methods as tables, with what was measured, where and how. No counting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import isnan
from pathlib import Path
from typing import Final

from bench.matching import plot, scores
from bench.matching.attacks import battery
from bench.matching.measure import METHODS, Sizes, kept
from bench.matching.originals import FOLDS
from bench.matching.packages import DATA
from bench.matching.posted import HELD_OUT, TUNING, UNRELATED
from bench.matching.scores import Answers, Column

FILE: Final = Path(__file__).parent.parent / "matching.md"
PICTURE: Final = Path(__file__).parent.parent.parent / "docs" / "matching.svg"
STEPS: Final = (12, 20, 25, 31, 36, 40, 46, 50, 54, 60, 70)


def write(sizes: Sizes, where: str, *, is_kept: bool) -> None:
    """Write the report: the one that is kept, or one in bench/.data. Methods without answers are left out."""
    answers = {name: found for name in METHODS if (found := kept(name, sizes)) and _is_enough(found)}
    if not answers:
        print("Nothing is measured yet")
        return
    columns = _columns(answers)
    parts = [_head(sizes, where, answers), *_recall(columns)]
    if "ours" in answers:
        parts += [_alarms(answers["ours"]), _stages(answers["ours"])]
    path = FILE if is_kept else DATA / "matching.md"
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    shown = [one for one in columns if one.heading in _shown(columns)]
    plot.draw(PICTURE if is_kept else DATA / "matching.svg", shown)
    print(f"\n{_summary(columns)}\n\nThe whole report is {path}")


def _is_enough(answers: Answers) -> bool:
    """Whether something of each kind was answered."""
    return {one.kind for one in answers} == {UNRELATED, TUNING, HELD_OUT}


def _columns(answers: dict[str, Answers]) -> list[Column]:
    columns: list[Column] = []
    if plain := answers.get("plain"):
        for method, usual in (("pHash", 8), ("PDQ", 31), ("PDQ ×8", 31)):
            columns += [scores.within(method, plain, usual), scores.at_budget(method, plain)]
    if ours := answers.get("ours"):
        columns += [scores.ours(ours, tier) for tier in (1, 2, 3)]
    return columns


def _shown(columns: list[Column]) -> set[str]:
    """The headings for the plot: what others ship, and ours."""
    return {"PDQ ≤ 31", "PDQ ×8 ≤ 31", columns[-1].heading}


def _head(sizes: Sizes, where: str, answers: dict[str, Answers]) -> str:
    ways = len(battery(held_out=False))
    return f"""# How well altered copies are recognised

Written by `make bench-matching` ({where}). {sizes.originals} photos, each attacked in {ways} ways of ten families and
saved as Telegram saves photos (at most 1280 px, JPEG 87); {sizes.unrelated:,} unrelated posted pictures, half of them
attacked; lists of {sizes.entries:,} hashes of crops of other pictures than the posted one. The photos come from openly
licensed packages (`bench/matching/SOURCES.md`). Seeds are fixed.

*Held-out* are the half of the photos and the strengths of the attacks that no threshold was chosen by; where an attack
has no strength (a mirror image) it is the photos alone. Thresholds after `≤` are bits. A method's second column is the
widest threshold at which at most one unrelated picture in 1,000 raises a false alarm, so that these columns and *ours*
stand at equal false alarms.

{_counts(sizes, answers)}"""


def _counts(sizes: Sizes, answers: dict[str, Answers]) -> str:
    """How many pictures of each kind each method has answered, and whether that is all."""
    every = sum(len(sizes.posted(fold)) for fold in range(FOLDS))
    is_short = any(len(found) < every for found in answers.values())
    kinds = (UNRELATED, TUNING, HELD_OUT)
    counts = {name: Counter(one.kind for one in found) for name, found in answers.items()}
    words = (f"{name}: " + ", ".join(f"{count[kind]:,} {kind}" for kind in kinds) for name, count in counts.items())
    return (
        f"Answered are {'; '.join(words)}.{' **The run was cut short: the numbers are coarse.**' if is_short else ''}"
    )


def _recall(columns: list[Column]) -> list[str]:
    return [
        f"## Summary\n\n{_summary(columns)}",
        *(
            f"## Recall by family, {kind}\n\n{_by_family(columns, kind)}\n\n"
            f"## Recall by attack, {kind}\n\n{_by_attack(columns, kind)}"
            for kind in (HELD_OUT, TUNING)
        ),
    ]


def _summary(columns: list[Column]) -> str:
    rows = []
    for one in columns:
        raised, of = one.alarms()
        rows.append((one.heading, _percent(one.mean(HELD_OUT)), _percent(one.mean(TUNING)), f"{raised} of {of:,}"))
    return table(("method", "mean recall, held-out", "mean recall, tuning", "false alarms"), rows)


def _by_family(columns: list[Column], kind: str) -> str:
    found = [one.families(kind) for one in columns]
    rows = [(family, *(_percent(one[family]) for one in found)) for family in found[0]]
    return table(("family", *(one.heading for one in columns)), rows)


def _by_attack(columns: list[Column], kind: str) -> str:
    found = [one.recall(kind) for one in columns]
    attacks = battery(held_out=kind == HELD_OUT)
    rows = [
        (attack.family, attack.name, *(_percent(one[place]) for one in found)) for place, attack in enumerate(attacks)
    ]
    return table(("family", "attack", *(one.heading for one in columns)), rows)


def _alarms(answers: Answers) -> str:
    alarms = scores.alarms_by_stage(answers)
    settled = {kind: scores.settled_by(answers, kind) for kind in (HELD_OUT, TUNING)}
    keys = sorted({*alarms, *settled[HELD_OUT], *settled[TUNING]})
    rows = [
        (
            f"T{key[0]}",
            key[1],
            f"{settled[HELD_OUT].get(key, 0):,}",
            f"{settled[TUNING].get(key, 0):,}",
            str(len(alarms.get(key, ()))),
            ", ".join(map(str, sorted(alarms.get(key, ())))) or "–",
        )
        for key in keys
    ]
    heads = ("tier", "stage", "copies settled, held-out", "copies settled, tuning", "false alarms", "at bits")
    several = len([one for one in answers if one.kind != UNRELATED])
    return (
        f"## Ours by tier and stage\n\nFalse alarms here are those of the unrelated pictures and, beyond them, entries "
        f"that an attacked picture ({several:,} more posted pictures) should not have met.\n\n{table(heads, rows)}"
    )


def _stages(answers: Answers) -> str:
    names = sorted({stage for answer in answers.values() for stage in answer["near"]})
    groups = [((name,), name) for name in names] + [(tuple(names), "any")]
    parts = []
    for title, kinds, digits in (
        ("unrelated pictures with an entry that near (share of posted pictures)", (UNRELATED,), 5),
        ("copies that near, held-out", (HELD_OUT,), 3),
        ("copies that near, tuning", (TUNING,), 3),
    ):
        rows = [
            (label, *(f"{scores.share_within(answers, kinds, stages, bits):.{digits}f}" for bits in STEPS))
            for stages, label in groups
        ]
        parts.append(f"### {title}\n\n{table(('stage', *(f'≤ {bits}' for bits in STEPS)), rows)}")
    return "## How near each stage comes\n\nWithout any threshold; thresholds are chosen by these.\n\n" + "\n\n".join(
        parts
    )


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [columns, ["---" for _ in columns], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _percent(share: float) -> str:
    return "–" if isnan(share) else f"{share * 100:.1f}"
