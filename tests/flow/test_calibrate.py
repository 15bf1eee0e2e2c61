"""`haechi lists add`, `calibrate` and `match --explain`, run as the operator runs them."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from PIL import Image

from tests.running import haechi
from tests.texture import encode, texture

LISTED = texture(1, 400, 300)


def save(path: Path, picture: Image.Image, kind: str = "jpeg") -> None:
    """Write a picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode(picture, kind))


def benign(folder: Path) -> Path:
    """A folder of harmless pictures, two of which resemble the listed one, and of files that are no pictures."""
    album = folder / "album"
    save(album / "a.jpg", texture(2, 400, 300))
    save(album / "b.png", texture(3, 400, 300), "png")
    save(album / "deep" / "er" / "near.jpg", LISTED.resize((200, 150)))
    save(album / "deep" / "mirrored.jpg", LISTED.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    (album / "notes.txt").write_text("no picture", encoding="utf-8")
    (album / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 broken")
    return album


def names(folder: Path) -> list[Path]:
    """All pictures and folders; the database and what is saved of the lists apart."""
    own = ("haechi.db", "index")
    return sorted(path for path in folder.rglob("*") if not path.relative_to(folder).parts[0].startswith(own))


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """What stands in the database."""
    with sqlite3.connect(folder / "haechi.db") as connection:
        found = connection.execute(query).fetchall()
    connection.close()
    return found


async def listed(folder: Path, *words: str) -> tuple[int, str, str]:
    """Have the listed picture on a list."""
    save(folder / "listed.jpg", LISTED)
    return await haechi(folder, "lists", "add", "listed.jpg", *words)


# --- lists add -----------------------------------------------------------------------------------


async def test_files_are_listed_as_block_does(tmp_path: Path) -> None:
    """A picture's exact and near signals go on the maintainers' list, which counts everywhere, and it matches then."""
    code, out, err = await listed(tmp_path, "--category", "ncii")
    assert code == 0, err
    assert "blocked by maintainers: 1 file, 3 entries added" in out
    query = "select entries.kind, category, chat_id, lists.source from entries join lists on lists.id = list_id"
    found = rows(tmp_path, query)
    assert [row[1:] for row in found] == [("ncii", None, "chat")] * 3
    assert {row[0] for row in found} >= {"md5", "pdq", "sha256"}
    assert rows(tmp_path, "select code from audit") == [("list.block",)]
    save(tmp_path / "copy.jpg", LISTED.resize((320, 240)))
    code, out, _ = await haechi(tmp_path, "match", "copy.jpg")
    assert code == 1
    assert "copy.jpg: match: list 'blocked by maintainers', ncii, T1" in out


async def test_listing_again_adds_nothing_and_allowing_takes_it_off(tmp_path: Path) -> None:
    """The same file twice is known; on the maintainers' allowlist it leaves their block list, as with /allow."""
    await listed(tmp_path)
    assert "0 entries added, 3 were listed before" in (await listed(tmp_path))[1]
    code, out, _ = await listed(tmp_path, "--kind", "allow")
    assert code == 0
    assert "allowed by maintainers: 1 file" in out
    sizes = "select name, (select count(*) from entries where list_id = lists.id) from lists"
    assert dict(rows(tmp_path, sizes)) == {"blocked by maintainers": 0, "allowed by maintainers": 3}
    assert (await haechi(tmp_path, "match", "listed.jpg"))[0] == 0


async def test_a_list_of_its_own_is_made_as_asked(tmp_path: Path) -> None:
    """With a name, the list is made anew with the kind and trust that were given."""
    await listed(tmp_path, "--list", "mine", "--trust", "notify")
    assert rows(tmp_path, "select name, kind, trust, chat_id from lists") == [("mine", "block", "notify", None)]


async def test_what_cannot_be_listed_is_named_and_the_rest_is_listed(tmp_path: Path) -> None:
    """A missing file and one that is no picture are named with the reason; a plain one is listed by its bytes alone."""
    (tmp_path / "text.jpg").write_text("no picture", encoding="utf-8")
    save(tmp_path / "plain.jpg", Image.new("RGB", (300, 200), "white"))
    code, out, err = await haechi(tmp_path, "lists", "add", "nowhere.jpg", "text.jpg", "plain.jpg", "--list", "mine")
    assert code == 1
    assert "mine: 1 file, 2 entries added" in out
    assert "nowhere.jpg: cannot be read: No such file" in err
    assert "text.jpg: neither a picture nor a video" in err
    assert "plain.jpg: too little in it" in err
    assert {kind for (kind,) in rows(tmp_path, "select kind from entries")} == {"md5", "sha256"}


async def test_if_nothing_can_be_listed_no_list_is_made(tmp_path: Path) -> None:
    """When no file could be read there is nothing to list, and no list."""
    code, out, _ = await haechi(tmp_path, "lists", "add", "nowhere.jpg", "--list", "mine")
    assert (code, out) == (1, "")
    assert (await haechi(tmp_path, "lists", "show"))[1].startswith("There are no lists yet")


# --- calibrate -----------------------------------------------------------------------------------


async def test_a_folder_is_counted_by_tier_and_stage(tmp_path: Path) -> None:
    """Matches are counted by tier and stage with their share, radii proposed, unreadable files named; exit 1."""
    await listed(tmp_path)
    benign(tmp_path)
    code, out, err = await haechi(tmp_path, "calibrate", "album")
    assert code == 1, err
    assert "2 of 4 pictures matched (50.00%; at most " in out
    assert "; 2 files passed over" in out
    assert re.search(r"T1, may punish +full frame +1 +25.00%", out)
    assert re.search(r"T1, may punish +mirrored or turned +1 +25.00%", out)
    assert re.search(r"blocked by maintainers +T1, full frame +1 +(a radius of \d+ bits|no radius)", out)
    assert "album/broken.jpg: could not be scanned: " in err
    assert "album/notes.txt: neither a picture nor a video" in err


async def test_entries_are_named_by_number_and_can_be_removed(tmp_path: Path) -> None:
    """--entries names each entry with its list and never its hash; removed by number, the folder is clean."""
    await listed(tmp_path)
    _, hashes, _ = await haechi(tmp_path, "hash", "listed.jpg")
    album = benign(tmp_path)
    save(album / "same.jpg", LISTED)
    _, out, _ = await haechi(tmp_path, "calibrate", "album", "--entries")
    assert not [line for line in hashes.splitlines() if line[0] != "#" and line.split()[1] in out]
    (command,) = re.findall(r"To remove them: haechi (lists remove 'blocked by maintainers' .*)", out)
    numbers = re.findall(r"--entry (\d+)", command)
    assert set(map(int, numbers)) == {number for (number,) in rows(tmp_path, "select id from entries")}
    words = [word for number in numbers for word in ("--entry", number)]
    code, out, _ = await haechi(tmp_path, "lists", "remove", "blocked by maintainers", *words)
    assert code == 0
    assert f"{len(numbers)} entries removed" in out
    assert rows(tmp_path, "select count(*) from lists") == [(1,)]
    code, _, err = await haechi(tmp_path, "calibrate", "album")
    assert code == 2
    assert "there is no block list with entries yet" in err


async def test_the_plot_is_a_picture_of_the_counts(tmp_path: Path) -> None:
    """--plot writes an SVG with a bar for each stage and the numbers; it never writes over a file."""
    await listed(tmp_path)
    benign(tmp_path)
    assert (await haechi(tmp_path, "calibrate", "album", "--plot", "plot.svg"))[0] == 1
    svg = ET.parse(tmp_path / "plot.svg").getroot()  # noqa: S314 - written a moment ago, by the command under test
    words = [text.text or "" for text in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert {"T1, full frame", "T1, mirrored or turned"} <= set(words)
    assert any("2 of 4 pictures matched" in text for text in words)
    assert len(list(svg.iter("{http://www.w3.org/2000/svg}rect"))) > 3
    code, _, err = await haechi(tmp_path, "calibrate", "album", "--plot", "plot.svg")
    assert code == 2
    assert "plot.svg: is there already" in err


async def test_a_clean_folder_says_how_sure_that_is(tmp_path: Path) -> None:
    """Without a match the exit code is 0, and the answer gives the share that pictures like these stay below."""
    await listed(tmp_path)
    for seed in (2, 3):
        save(tmp_path / "album" / f"{seed}.jpg", texture(seed, 400, 300))
    code, out, _ = await haechi(tmp_path, "calibrate", "album")
    assert code == 0
    assert "0 of 2 pictures matched (0.00%; at most 57.50% of all such pictures" in out


async def test_lists_that_are_off_or_of_one_chat_are_calibrated_too(tmp_path: Path) -> None:
    """What a list would do once it is on is seen before it is on."""
    await listed(tmp_path, "--list", "new", "--trust", "off")
    benign(tmp_path)
    assert "2 of 4 pictures matched" in (await haechi(tmp_path, "calibrate", "album"))[1]
    with sqlite3.connect(tmp_path / "haechi.db") as connection:
        connection.execute("update lists set trust = 'ban', chat_id = -100")
    connection.close()
    assert "2 of 4 pictures matched" in (await haechi(tmp_path, "calibrate", "album"))[1]


async def test_nothing_is_kept_of_the_pictures(tmp_path: Path) -> None:
    """After a calibration the database and the folder are what they were."""
    await listed(tmp_path)
    benign(tmp_path)
    tables = [name for (name,) in rows(tmp_path, "select name from sqlite_master where type = 'table'")]
    before = [rows(tmp_path, f"select count(*) from {table}") for table in tables], names(tmp_path)  # noqa: S608 - own
    await haechi(tmp_path, "calibrate", "album", "--entries")
    after = [rows(tmp_path, f"select count(*) from {table}") for table in tables], names(tmp_path)  # noqa: S608 - own
    assert after == before


async def test_a_folder_that_is_none_or_empty_is_said_so(tmp_path: Path) -> None:
    """A folder that is not there, a file, and an empty folder are one line of error each."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for name, words in (("nowhere", "is not a folder"), ("file", "is not a folder"), ("empty", "is empty")):
        code, _, err = await haechi(tmp_path, "calibrate", name)
        assert code == 2
        assert f"{name}: {words}" in err
        assert len(err.strip().splitlines()) == 1


# --- match --explain -----------------------------------------------------------------------------


async def test_a_match_is_explained(tmp_path: Path) -> None:
    """--explain says the stage, the list, how sure it is and how long each stage took; without a hash."""
    await listed(tmp_path, "--category", "ncii")
    save(tmp_path / "copy.jpg", LISTED.resize((320, 240)))
    _, hashes, _ = await haechi(tmp_path, "hash", "listed.jpg", "copy.jpg")
    code, out, _ = await haechi(tmp_path, "match", "--explain", "listed.jpg", "copy.jpg")
    assert code == 1
    exact, near = out.split("copy.jpg: ", 1)
    assert re.search(r"stage +exact file$", exact, re.MULTILINE)
    assert "T0: exact, the very same file" in exact
    assert re.search(r"stage +full frame, \d+ bits away", near)
    assert re.search(r"list +'blocked by maintainers', may at most ban; entry \d+", near)
    assert "sure   T1: near" in near
    for stage in ("read", "decode and hash", "look-up", "verdict", "in all"):
        assert re.search(rf"took +\d+\.\d ms  {stage}$", near, re.MULTILINE)
    assert not [line for line in hashes.splitlines() if line[0] != "#" and line.split()[1] in out]


async def test_what_does_not_match_is_explained_too(tmp_path: Path) -> None:
    """A clean picture, a plain one and one that cannot be scanned say what was seen of them."""
    await listed(tmp_path)
    save(tmp_path / "clean.jpg", texture(2, 400, 300))
    save(tmp_path / "plain.jpg", Image.new("RGB", (300, 200), "white"))
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 broken")
    code, out, _ = await haechi(tmp_path, "match", "--explain", "clean.jpg", "plain.jpg", "broken.jpg")
    assert code == 1
    assert re.search(r"clean.jpg: clean\n +seen +jpeg, 400x300, 1 frame\n", out)
    assert re.search(r"plain.jpg: clean\n +seen +jpeg, 300x200, 1 frame, 1 of them too plain for a near match\n", out)
    assert re.search(r"broken.jpg: unscannable \(broken\)\n +seen +nothing: broken\n", out)
