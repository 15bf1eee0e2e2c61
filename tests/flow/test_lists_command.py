"""The commands `haechi lists`, `hash` and `match`, run as the operator runs them."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

from bot.sandbox.samples import sample
from tests.running import haechi, haechi_on_terminal

GOOD = "f" * 8 + "0" * 8
PDQ = (GOOD * 4)[:64]


async def test_good_lines_are_kept_and_bad_ones_named(tmp_path: Path) -> None:
    """Every bad line is reported by its number and what was expected, the good ones are listed; exit code 1."""
    file = tmp_path / "list.txt"
    file.write_text(f"# a comment\npdq {PDQ}\npdq nonsense\n\nmd5 {'0f' * 16}\npdq {PDQ[:-2]}\n", encoding="utf-8")
    code, out, err = await haechi(tmp_path, "lists", "import", str(file), "--name", "mine")
    assert code == 1
    assert "mine: 2 entries added" in out
    assert "alembic" not in err
    assert f"{file}:3:" in err
    assert f"{file}:6:" in err
    assert PDQ[:-2] not in err
    code, out, _ = await haechi(tmp_path, "lists", "show")
    assert code == 0
    assert "mine" in out


async def test_an_import_shows_how_far_it_is(tmp_path: Path) -> None:
    """On a terminal a bar counts the entries up to the last; where there is no terminal nothing is drawn."""
    file = tmp_path / "long.txt"
    hashes = [hashlib.sha256(number.to_bytes(2)).hexdigest() for number in range(11_000)]
    file.write_text("".join(f"sha256 {one}\n" for one in hashes), encoding="utf-8")
    code, out, shown = await haechi_on_terminal(tmp_path, "lists", "import", str(file))
    assert code == 0
    assert "Importing long.txt" in shown
    assert "━" in shown
    assert "11000/11000" in shown
    assert "long: 11000 entries added" in out
    code, out, err = await haechi(tmp_path, "lists", "import", str(file), TERM="xterm")
    assert code == 0
    assert "long: 0 entries added, 11000 were listed before" in out
    assert not any(sign in out + err for sign in ("Importing", "━", "/11000"))


async def test_importing_again_adds_nothing(tmp_path: Path) -> None:
    """An entry that is listed already is counted as known."""
    file = tmp_path / "list.txt"
    file.write_text(f"{PDQ}\n", encoding="utf-8")
    assert (await haechi(tmp_path, "lists", "import", str(file)))[0] == 0
    code, out, _ = await haechi(tmp_path, "lists", "import", str(file))
    assert code == 0
    assert "0 entries added, 1 was listed before" in out


async def test_a_file_in_the_wrong_format_adds_nothing(tmp_path: Path) -> None:
    """A file that is no list at all is refused in one line that says what was expected, and no list is made."""
    file = tmp_path / "list.json"
    file.write_text('{"pdq": []}\n', encoding="utf-8")
    code, out, err = await haechi(tmp_path, "lists", "import", str(file))
    assert code == 2
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1
    assert "expected" in err
    _, out, _ = await haechi(tmp_path, "lists", "show")
    assert "list" not in out.split()


async def test_what_is_exported_can_be_imported(tmp_path: Path) -> None:
    """An export holds every entry with its provenance, in a file that only its owner can read."""
    source = tmp_path / "source.csv"
    source.write_text(
        f"signal_type,signal,category,note\npdq,{PDQ},ncii,first\nmd5,{'0f' * 16},ncii,\n", encoding="utf-8"
    )
    assert (await haechi(tmp_path, "lists", "import", str(source), "--name", "a"))[0] == 0
    target = tmp_path / "export.csv"
    assert (await haechi(tmp_path, "lists", "export", "a", "-o", str(target)))[0] == 0
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    code, out, _ = await haechi(tmp_path, "lists", "import", str(target), "--name", "b")
    assert code == 0
    assert "2 entries added" in out
    code, _, err = await haechi(tmp_path, "lists", "export", "a", "-o", str(target))
    assert code == 2
    assert "cannot be written" in err


async def test_a_list_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Asking for an unknown list says which lists there are."""
    code, _, err = await haechi(tmp_path, "lists", "remove", "nowhere", "--yes")
    assert code == 2
    assert "there is no list called 'nowhere'" in err


async def test_single_entries_can_be_removed(tmp_path: Path) -> None:
    """Entries named in a file leave the list; the others stay."""
    file, gone = tmp_path / "list.txt", tmp_path / "gone.txt"
    file.write_text(f"pdq {PDQ}\nmd5 {'0f' * 16}\n", encoding="utf-8")
    gone.write_text(f"md5 {'0f' * 16}\n", encoding="utf-8")
    await haechi(tmp_path, "lists", "import", str(file))
    code, out, _ = await haechi(tmp_path, "lists", "remove", "list", "--entries", str(gone))
    assert code == 0
    assert "1 entry removed" in out
    code, out, _ = await haechi(tmp_path, "lists", "export", "list", "--format", "plain")
    assert out.splitlines() == [f"pdq {PDQ}"]


async def test_a_hashed_file_is_matched_once_its_hashes_are_listed(tmp_path: Path) -> None:
    """What `hash` prints can be imported, and `match` then finds the file and not another."""
    for name in ("listed-1", "clean-1"):
        (tmp_path / f"{name}.jpg").write_bytes(sample(name).data())
    code, out, _ = await haechi(tmp_path, "hash", "listed-1.jpg")
    assert code == 0
    (tmp_path / "mine.txt").write_text(out, encoding="utf-8")
    assert (await haechi(tmp_path, "lists", "import", "mine.txt"))[0] == 0
    code, out, _ = await haechi(tmp_path, "match", "listed-1.jpg", "clean-1.jpg")
    assert code == 1
    assert "listed-1.jpg: match: list 'mine', T0" in out
    assert "clean-1.jpg: clean" in out


async def test_what_cannot_be_scanned_says_so(tmp_path: Path) -> None:
    """A file that is no picture is named with the reason, the others are hashed, and the exit code is 1."""
    (tmp_path / "text.jpg").write_text("I am no picture", encoding="utf-8")
    (tmp_path / "good.jpg").write_bytes(sample("clean-1").data())
    code, out, err = await haechi(tmp_path, "hash", "text.jpg", "good.jpg")
    assert code == 1
    assert "text.jpg" in err
    assert "good.jpg" in out
    code, _, err = await haechi(tmp_path, "match", "nowhere.jpg")
    assert code == 2
    assert "nowhere.jpg: cannot be read" in err
