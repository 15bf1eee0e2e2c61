"""Bad input for lists, as the operator meets it: each row of the tables under "Bad input" in docs/LISTS.md."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.running import haechi

DOCUMENT = Path(__file__).parents[2] / "docs" / "LISTS.md"


def pdq(number: int) -> str:
    """A hash with 128 of its bits set."""
    bits = bin(int.from_bytes(hashlib.sha256(bytes([number])).digest()[:16]) | 1 << 128)[3:]
    return f"{int(''.join({'0': '01', '1': '10'}[bit] for bit in bits), 2):064x}"


def md5(number: int) -> str:
    """A hash of 32 digits."""
    return hashlib.md5(bytes([number]), usedforsecurity=False).hexdigest()


def sha256(number: int) -> str:
    """A hash of 64 digits."""
    return hashlib.sha256(bytes([number])).hexdigest()


def ones(count: int, digits: int) -> str:
    """A hash with so many bits set."""
    return f"{(1 << count) - 1:0{digits}x}"


class Case(NamedTuple):
    """The lines of one row, the entries that they leave on the list, and the options they are imported with."""

    lines: tuple[str, ...]
    left: tuple[tuple[str, str], ...] = ()
    options: tuple[str, ...] = ()


HEAD = "pdq,md5,category,quality,note"

LINES = {
    "capitals in a hash": Case((f"PDQ {pdq(1).upper()}",), (("pdq", pdq(1)),)),
    "spaces, tabs, commas or semicolons between kind and hash, a comment behind them": Case(
        (f"pdq,{pdq(2)}", f"  pdq \t {pdq(3)}  # why", f"md5; {md5(1)}"),
        (("pdq", pdq(2)), ("pdq", pdq(3)), ("md5", md5(1))),
    ),
    "the same entry twice, or listed before": Case((f"pdq {pdq(4)}", f"{pdq(4).upper()}"), (("pdq", pdq(4)),)),
    "PDQ, all zeros": Case(("pdq " + "0" * 64,)),
    "PDQ, all ones": Case(("F" * 64,)),
    "PDQ with under 97 or over 159 of 256 bits set": Case((ones(96, 64), f"pdq {ones(160, 64)}")),
    "pHash with under 16 or over 48 of 64 bits set": Case((ones(15, 16), f"phash {ones(49, 16)}")),
    "MD5 or SHA-256, all zeros or all ones": Case(
        ("0" * 32, "md5 " + "f" * 32, "sha256 " + "0" * 64, "sha256 " + "F" * 64)
    ),
    "MD5 or SHA-256 of the empty file": Case(
        (hashlib.md5(b"", usedforsecurity=False).hexdigest(), "sha256 " + hashlib.sha256(b"").hexdigest())
    ),
    "an odd number of digits": Case((f"pdq {pdq(5)[:-1]}", md5(2)[:-1])),
    "another number of digits": Case((f"pdq {pdq(5)[:-4]}", pdq(5)[:-4])),
    "a hash of another kind than the line says": Case((f"pdq {md5(3)}",)),
    "other characters than 0-9 and a-f": Case((f"pdq {pdq(6)[:-1]}g", "pdq 0x" + pdq(6)[2:])),
    "SHA-1: no file that a bot sees is compared by it": Case(
        ("sha1 " + sha256(1)[:40], sha256(2)[:40], "sha256 " + sha256(3)[:40])
    ),
    "an unknown kind": Case((f"photodna {pdq(7)}",)),
    "more columns without a header": Case((f"pdq {pdq(8)} 100",)),
    "a `file_unique_id` with other signs than letters, digits, `-` and `_`": Case(("file AQ/AD+xyz",)),
    "control characters": Case((f"pdq {pdq(9)}\x07",)),
    "over 8,192 characters": Case((f"pdq {pdq(9)}" + " " + "x" * 8_192,)),
}

CSV = {
    "PDQ of a picture with a `quality` of 50 or more": Case((f"{pdq(20)},,c,50,",), (("pdq", pdq(20)),)),
    "PDQ with `quality` below 50: pictures that plain resemble each other": Case((f"{pdq(21)},,c,49,",)),
    "PDQ with a `quality` that is no number": Case((f"{pdq(21)},,c,good,", f"{pdq(21)},,c,-1,")),
    "another kind than PDQ, whatever its `quality`": Case((f",{md5(20)},c,1,",), (("md5", md5(20)),)),
    "PDQ and MD5 of the same picture, in columns of their own": Case(
        (f"{pdq(22)},{md5(22)},c,99,",), (("pdq", pdq(22)), ("md5", md5(22)))
    ),
    "a column named for one kind with a hash of another length": Case((f"{md5(23)},,c,99,",)),
    "category `NEGATIVE_CLASS` or `DISPUTED`: the exchange itself says that it is harmless, or not agreed on": Case(
        (f"{pdq(24)},,NEGATIVE_CLASS,99,", f"{pdq(24)},,disputed,99,")
    ),
    "no hash": Case((",,c,99,",)),
    "more columns than the header": Case((f"{pdq(25)},,c,99,n,more",)),
    "quotes that do not close": Case((f'{pdq(26)},,"c,99,',)),
}

FILES = {
    "declared PDQ (`--signal pdq`), bare hashes of other lengths in it": Case(
        (pdq(40), md5(40), pdq(41)), (("pdq", pdq(40)), ("pdq", pdq(41))), ("--signal", "pdq")
    ),
    "declared PDQ, lines in it that name another kind": Case(
        (pdq(40), f"md5 {md5(40)}"), (("pdq", pdq(40)), ("md5", md5(40))), ("--signal", "pdq")
    ),
    "undeclared, bare PDQ, MD5 and pHash mixed": Case(
        (pdq(40), md5(40), pdq(41)[:16]), (("pdq", pdq(40)), ("md5", md5(40)), ("phash", pdq(41)[:16]))
    ),
    "SHA-256, undeclared or declared PDQ, 16 entries or more": Case(tuple(sha256(number) for number in range(40))),
    "JSON": Case(('{"hashes": []}',)),
    "XML or HTML": Case(("<html>",)),
    "binary, or not UTF-8": Case(("\x89PNG", "\x00")),
    "a header without a column of hashes": Case(("name,size", "x,1")),
    "not there": Case(()),
}


def rows(head: str) -> dict[str, tuple[str, str]]:
    """The rows of the table in the document that begins with `head`: what happens, and what is said."""
    table = DOCUMENT.read_text(encoding="utf-8").split(f"| {head} |", 1)[1].split("\n\n", 1)[0]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()[2:]]
    return {first.strip(): (happens, said) for first, happens, said in cells}


def entries(folder: Path, name: str) -> set[tuple[str, str]]:
    """What stands on a list."""
    query = "select entries.kind, hex(value) from entries join lists on lists.id = list_id where name = ?"
    with sqlite3.connect(folder / "haechi.db") as connection:
        found = {(kind, value.lower()) for kind, value in connection.execute(query, (name,))}
    connection.close()
    return found


@pytest.mark.parametrize(("head", "cases"), [("a line", LINES), ("a line of CSV", CSV), ("a file", FILES)])
def test_every_row_of_the_document_is_tried(head: str, cases: dict[str, Case]) -> None:
    """The document's tables and the cases here name the same things."""
    assert list(rows(head)) == list(cases)


@pytest.mark.parametrize(("head", "cases", "first"), [("a line", LINES, ()), ("a line of CSV", CSV, (HEAD,))])
async def test_lines_are_taken_or_refused_as_written(
    tmp_path: Path, head: str, cases: dict[str, Case], first: tuple[str, ...]
) -> None:
    """Every line of a bad file is kept, normalised or refused by number and reason as its row says; exit code 1."""
    lines = [*first, *(line for case in cases.values() for line in case.lines)]
    file = tmp_path / "bad.txt"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    code, out, err = await haechi(tmp_path, "lists", "import", "bad.txt")
    assert code == 1
    said = dict(line.removeprefix("bad.txt:").split(": ", 1) for line in err.splitlines() if line.startswith("bad.txt"))
    number = len(first)
    for name, (happens, expected) in rows(head).items():
        for line in cases[name].lines:
            number += 1
            assert (str(number) in said) == (happens == "refused"), line
            assert happens != "refused" or expected in said[str(number)], line
            assert max(line.replace(",", " ").split(), key=len).lower() not in err.lower()
    left = [entry for case in cases.values() for entry in case.left]
    assert entries(tmp_path, "bad") == set(left)
    assert f"{len(left)} entries added" in out
    assert f"{len(said)} bad lines" in out


@pytest.mark.parametrize("name", FILES)
async def test_files_are_taken_or_refused_as_written(tmp_path: Path, name: str) -> None:
    """A file of another kind than declared, mixed, or no list at all is taken or refused as its row says."""
    case, (happens, expected) = FILES[name], rows("a file")[name]
    if case.lines:
        (tmp_path / "some.txt").write_bytes("\n".join(case.lines).encode("latin-1"))
    code, out, err = await haechi(tmp_path, "lists", "import", "some.txt", *case.options)
    assert code == {"accepted": 0, "the lines refused": 1, "refused whole": 2}[happens]
    if happens == "refused whole":
        assert expected in err
        assert len(err.strip().splitlines()) == 1
        assert (await haechi(tmp_path, "lists", "show"))[1].startswith("There are no lists yet")
    else:
        assert happens == "accepted" or expected in err
        assert entries(tmp_path, "some") == set(case.left)
        assert f"{len(case.left)} entries added" in out


async def test_sha_256_declared_pdq_is_refused_as_a_whole(tmp_path: Path) -> None:
    """A list of SHA-256 that is declared to be of PDQ is found out; under its right name it is taken."""
    bare = "".join(f"{sha256(number)}\n" for number in range(40))
    (tmp_path / "bare.txt").write_text(bare, encoding="utf-8")
    (tmp_path / "named.txt").write_text("pdq " + bare.strip().replace("\n", "\npdq "), encoding="utf-8")
    for words in (["bare.txt", "--signal", "pdq"], ["named.txt"]):
        code, _, err = await haechi(tmp_path, "lists", "import", *words)
        assert code == 2
        assert "of 40 entries taken for pdq have an odd number of bits set" in err
    code, out, _ = await haechi(tmp_path, "lists", "import", "bare.txt", "--signal", "sha256")
    assert code == 0
    assert "40 entries added" in out
