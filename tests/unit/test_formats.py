"""List files: what is read, what is refused and how it says so, and that what is written is read back."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ListFormatError
from bot.lists.formats import MAX_LINE, BadLine, Format, Row, parse, write
from bot.model import SignalKind
from bot.sequence import MOST_FRAMES, Shown, pack, unpack

PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
MD5 = "cab08b36195edb1a1231d2d09fa450e0"
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
PHASH = "c3d4e5f60718293a"
SHA1 = "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3"
FILE = "AQADyxoxG-9-abc"


def read(text: str, default: SignalKind | None = None) -> list[Row | BadLine]:
    """Parse a whole text by lines, as a file would be."""
    return list(parse(text.splitlines(keepends=True), default))


def row(kind: SignalKind, spelled: str, category: str = "", source: str = "", note: str = "") -> Row:
    """The row of a hash in hexadecimal."""
    return Row(kind, bytes.fromhex(spelled), category, source, note)


# --- what is read ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "kind", "spelled"),
    [
        (f"pdq {PDQ}", SignalKind.PDQ, PDQ),
        (f"PDQ {PDQ.upper()}", SignalKind.PDQ, PDQ),
        (f"video_md5 {MD5}", SignalKind.MD5, MD5),
        (f"md5\t{MD5}", SignalKind.MD5, MD5),
        (f"sha256,{SHA256}", SignalKind.SHA256, SHA256),
        (f"phash   {PHASH}  # from an old bot, by hand", SignalKind.PHASH, PHASH),
        (PDQ, SignalKind.PDQ, PDQ),
        (MD5, SignalKind.MD5, MD5),
        (PHASH, SignalKind.PHASH, PHASH),
    ],
)
def test_plain_line_is_read(line: str, kind: SignalKind, spelled: str) -> None:
    """A line names its kind in any case, or its length tells it."""
    assert read(line) == [row(kind, spelled)]


def test_file_ids_are_read() -> None:
    """Telegram's own file id is a signal as it stands, capitals and all."""
    assert read(f"file {FILE}") == [Row(SignalKind.FILE, FILE.encode())]


@pytest.mark.parametrize(("default", "expected"), [(None, SignalKind.PDQ), (SignalKind.SHA256, SignalKind.SHA256)])
def test_64_digits_are_pdq_unless_declared(default: SignalKind | None, expected: SignalKind) -> None:
    """A bare hash of 64 digits is taken for PDQ, unless the list is declared to be of SHA-256."""
    assert read(SHA256, default) == [row(expected, SHA256)]


def test_comments_blank_lines_marks_and_line_ends_are_passed_over() -> None:
    """A byte order mark, comments, blank lines and Windows line ends do not disturb, and the numbers stay right."""
    text = f"\ufeff# a list\r\n\r\n   \r\npdq {PDQ}\r\nnonsense\r\n"
    good, bad = read(text)
    assert good == row(SignalKind.PDQ, PDQ)
    assert isinstance(bad, BadLine)
    assert bad.number == 5


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("kind_column", ["signal_type", "kind", "type"])
@pytest.mark.parametrize("hash_column", ["signal", "hash", "value", "signal_str"])
def test_csv_columns_in_any_order(delimiter: str, kind_column: str, hash_column: str) -> None:
    """The header says which column is which, whatever the order, the delimiter and the case."""
    lines = [
        ["Note", hash_column.upper(), "ignored", "Reason", kind_column, "Source"],
        ["a note", PDQ, "x", "ncii", "pdq", "us"],
    ]
    text = "\n".join(delimiter.join(cells) for cells in lines)
    assert read("# exported\n" + text) == [row(SignalKind.PDQ, PDQ, "ncii", "us", "a note")]


def test_threatexchange_csv_is_read() -> None:
    """The CSV that threatexchange's own command line prints is read as it is."""
    text = (
        f"signal_type,signal_str,collab,category,tags\npdq,{PDQ},sample,POSITIVE_CLASS,a b\nvideo_md5,{MD5},sample,,\n"
    )
    assert read(text) == [
        row(SignalKind.PDQ, PDQ, "POSITIVE_CLASS", "sample", "a b"),
        row(SignalKind.MD5, MD5, "", "sample"),
    ]


def test_several_hash_columns_give_several_rows() -> None:
    """A line with a PDQ and an MD5 of the same picture is two signals; an empty cell is none."""
    text = f"pdqhex,md5,category\n{PDQ},{MD5},c\n{PDQ},,d\n"
    expected = [(SignalKind.PDQ, PDQ, "c"), (SignalKind.MD5, MD5, "c"), (SignalKind.PDQ, PDQ, "d")]
    assert read(text) == [row(*cells) for cells in expected]


def test_one_column_with_a_header() -> None:
    """A header of one word tells the kind of all lines below."""
    assert read(f"sha256\n{SHA256}\n") == [row(SignalKind.SHA256, SHA256)]


def test_quotes_hold_the_delimiter() -> None:
    """A quoted cell may hold the delimiter and doubled quotes."""
    assert read(f'pdq,note\n{PDQ},"so, ""this"" one"\n') == [row(SignalKind.PDQ, PDQ, note='so, "this" one')]


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("nonsense", "hexadecimal"),
        (f"pdq {PDQ[:-1]}", "63 digits, an odd number: expected 64 digits for pdq"),
        (f"md5 {PDQ}", "64 digits: expected 32 digits for md5"),
        (PDQ[:50], "50 digits: expected 64 digits (pdq or sha256), 32 (md5) or 16 (phash)"),
        (SHA1, "SHA-1"),
        (f"sha1 {SHA1}", "SHA-1"),
        (f"sha256 {SHA1}", "SHA-1"),
        (f"vpdq {PDQ}", "expected a JSON array of"),
        (f"tmk {PDQ}", "expected pdq, phash, md5, video_md5, vpdq, sha256 or file"),
        (f"{PDQ} pdq", "expected 'kind hash'"),
        (f"pdq {PDQ} 100", "a header as its first line"),
        (f"{PDQ},100,name", "a header as its first line"),
        ("0" * 64, "expected 97 to 159 of 256 bits set"),
        ("F" * 64, "expected 97 to 159 of 256 bits set"),
        ("0" * 49 + "7" + "f" * 14, "expected 97 to 159 of 256 bits set"),
        ("8000000000000000", "expected 16 to 48 of 64 bits set"),
        ("d41d8cd98f00b204e9800998ecf8427e", "hash of nothing"),
        ("0" * 32, "hash of nothing"),
        ("file AQ/AD+xyz", "file_unique_id"),
        (f"pdq {PDQ}\x01", "UTF-8"),
        ("pdq " + "a" * MAX_LINE, f"expected at most {MAX_LINE}"),
    ],
)
def test_bad_line_says_what_was_expected(line: str, expected: str) -> None:
    """A line that cannot be taken is named by its number, with what was expected; the others are kept."""
    before, bad, after = read(f"pdq {PDQ}\n{line}\npdq {PDQ}\n")
    assert before == after == row(SignalKind.PDQ, PDQ)
    assert isinstance(bad, BadLine)
    assert bad.number == 2
    assert expected in bad.reason


@pytest.mark.parametrize("ones", [97, 159])
def test_bounds_of_set_bits_are_taken(ones: int) -> None:
    """A PDQ hash with 31 bits more or fewer set than half is still within reach of a picture; with 32 it is not."""
    value = ((1 << ones) - 1).to_bytes(32)
    assert read(value.hex()) == [Row(SignalKind.PDQ, value)]
    outside = (1 << (ones + (1 if ones > 128 else -1))) - 1
    assert isinstance(read(f"{outside:064x}")[0], BadLine)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (f"pdq,{PDQ},c,100,n,more", "6 columns: expected the 5 of the header"),
        ("pdq,,c,100,n", "no hash"),
        (f"vpdq,{PDQ},c,100,n", "expected a JSON array of"),
        (f"tmk,{PDQ},c,100,n", "unknown signal type"),
        (f"pdq,{PDQ},NEGATIVE_CLASS,100,n", "harmless or disputed"),
        (f"pdq,{PDQ},c,49,n", "quality of at least 50"),
        (f"pdq,{PDQ},c,49.9,n", "quality of at least 50"),
        (f"pdq,{PDQ},c,good,n", "a quality that is no number"),
        (f"pdq,{PDQ},c,-1,n", "a quality that is no number"),
        (f'pdq,{PDQ},c,100,"n', "quotes that do not close"),
    ],
)
def test_bad_csv_line_says_what_was_expected(cells: str, expected: str) -> None:
    """A CSV line that cannot be taken is named by its number, with what was expected; the next one is kept."""
    bad, good = read(f"signal_type,signal,category,quality,note\n{cells}\n,{MD5},,,\n")
    assert isinstance(bad, BadLine)
    assert bad.number == 2
    assert expected in bad.reason
    assert good == row(SignalKind.MD5, MD5)


@given(st.text(st.sampled_from("0123456789abcdefABCDEFxz ,;\t#"), min_size=1, max_size=90), st.booleans())
def test_reasons_never_repeat_the_hash(line: str, is_csv: bool) -> None:
    """Whatever stands in a bad line, its reason repeats no run of it that could be a hash."""
    text = f"pdq,note\n{line}\n" if is_csv else f"pdq {PDQ}\n{line}\n"
    for result in read(text):
        if isinstance(result, BadLine):
            words = line.replace(",", " ").replace(";", " ").split()
            assert not any(word in result.reason for word in words if len(word) > 8)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('\n{"hashes": []}', "line 2: this looks like JSON; expected one hash a line"),
        ("[\n", "line 1: this looks like JSON"),
        ("<?xml version='1.0'?>", "line 1: this looks like XML"),
        ("\ufffdPNG\r\n", "line 1: a binary file, or not UTF-8 text"),
        ("p\x00d\x00q\x00", "line 1: a binary file, or not UTF-8 text"),
        ("name,size\nx,1\n", "line 1: a header without a column of hashes; expected one of signal"),
    ],
)
def test_other_formats_are_refused_as_a_whole(text: str, expected: str) -> None:
    """A file that is no list at all is an error that names the line and what was expected."""
    with pytest.raises(ListFormatError) as caught:
        read(text)
    assert expected in str(caught.value)


def test_bytes_that_are_not_utf8_are_named() -> None:
    """A strict decoder's error while reading becomes an error of the list, with the line."""

    def lines() -> Iterator[str]:
        yield f"pdq {PDQ}\n"
        yield b"\xff\xd8".decode()

    with pytest.raises(ListFormatError, match="line 2: not UTF-8"):
        list(parse(lines()))


@given(st.lists(st.text(max_size=60), max_size=8), st.sampled_from([None, *SignalKind]))
def test_any_text_is_rows_bad_lines_or_one_clear_error(lines: list[str], default: SignalKind | None) -> None:
    """No text makes the parser fail in another way than by a ListFormatError that names a line."""
    error = "line 1"
    results: list[Row | BadLine] = []
    try:
        results = list(parse(lines, default))
    except ListFormatError as caught:
        error = str(caught)
    assert error.startswith("line ")
    assert all(1 <= result.number <= len(lines) for result in results if isinstance(result, BadLine))


def test_lines_are_read_as_they_come() -> None:
    """The first row is there before the second line is asked for: a list of any size is streamed."""

    def lines() -> Iterator[str]:
        yield PDQ
        raise AssertionError("asked for too early")

    assert next(parse(lines())) == row(SignalKind.PDQ, PDQ)


def test_rows_do_not_show_their_hash() -> None:
    """A row in a log or an error shows its kind, never its hash."""
    assert "f8f8" not in repr(read(PDQ))
    assert PDQ not in repr(row(SignalKind.PDQ, PDQ)).lower()


# --- round trip -----------------------------------------------------------------------------------


@cache
def code(seed: int) -> bytes:
    """A hash of 128 set bits, another one for another `seed`."""
    bits = [0, 1] * 128
    random.Random(seed).shuffle(bits)  # noqa: S311 - no secret
    return int("".join(map(str, bits)), 2).to_bytes(32)


@st.composite
def rows(draw: st.DrawFn, *, is_plain: bool = False) -> Row:
    """A row as a list may hold it: half of the bits of a perceptual hash are set, texts are one line."""
    kind = draw(st.sampled_from(SignalKind))
    if kind is SignalKind.FILE:
        value = draw(st.from_regex(r"[A-Za-z0-9_-]{6,128}", fullmatch=True)).encode()
    elif kind is SignalKind.VPDQ:
        times = draw(st.lists(st.integers(0, 9_999_999), min_size=1, max_size=4, unique=True))
        value = pack(Shown(time, 50 + time % 51, code(time % 50)) for time in times)
    else:
        bits = [0, 1] * {SignalKind.PDQ: 128, SignalKind.SHA256: 128, SignalKind.MD5: 64, SignalKind.PHASH: 32}[kind]
        draw(st.randoms(use_true_random=False)).shuffle(bits)
        value = int("".join(map(str, bits)), 2).to_bytes(len(bits) // 8)
    if is_plain:
        return Row(kind, value)
    characters = st.characters(exclude_categories=["C"], exclude_characters="\ufffd")
    texts = [" ".join(draw(st.text(characters, max_size=12)).split()) for _ in range(3)]
    return Row(kind, value, *texts)


def written(values: Iterable[Row], form: Format) -> list[Row | BadLine]:
    """What is read back of what was written, with the lines split as a file's are."""
    return list(parse("".join(write(values, form)).split("\n")))


@given(st.lists(rows(), max_size=8))
def test_csv_round_trip(values: list[Row]) -> None:
    """CSV keeps everything: what is written is read back the same."""
    expected = [value for value in values if value.category.upper() not in {"NEGATIVE_CLASS", "DISPUTED"}]
    assert written(expected, "csv") == expected


@given(st.lists(rows(is_plain=True), max_size=8))
def test_plain_round_trip(values: list[Row]) -> None:
    """Plain lines keep kind and hash: what is written is read back the same."""
    assert written(values, "plain") == values


def test_texts_are_written_on_one_line() -> None:
    """Line breaks and control characters in a text become spaces or vanish, so that a row stays one line."""
    value = Row(SignalKind.PDQ, bytes.fromhex(PDQ), "a\nb", "\x00c", "d\r\n e")
    assert written([value], "csv") == [row(SignalKind.PDQ, PDQ, "a b", "c", "d e")]


# --- videos ---------------------------------------------------------------------------------------


def csv_cell(text: str) -> str:
    """`text` in quotes, as CSV has it."""
    return '"' + text.replace('"', '""') + '"'


SHOWN = tuple(Shown(second * 1000, 100, code(second)) for second in range(3))
STRING = json.dumps([f"{code(second).hex()},100,{second}.000" for second in range(3)])
FRAMES = "".join(f"{30 * second},100,{code(second).hex()},{second}.000\n" for second in range(3))
VIDEO = Row(SignalKind.VPDQ, pack(SHOWN))


@pytest.mark.parametrize(
    "text",
    [
        f"vpdq {STRING}\n",
        f"{STRING}\n",
        f"vpdq {STRING.upper()}\n",
        f"vpdq {STRING.replace(' ', '')}  # a comment\n",
        f"signal_type,signal_str\nvpdq,{csv_cell(STRING)}\n",
        f"vpdq\n{csv_cell(STRING)}\n",
        FRAMES,
        FRAMES.replace("\n", "\r\n"),
        f"# made by vpdq\n\n{FRAMES}",
    ],
)
def test_a_video_is_read_from_each_of_its_texts(text: str) -> None:
    """ThreatExchange's string alone, after its kind or in CSV, and vPDQ's lines, give the same sequence of frames."""
    assert read(text) == [VIDEO]


def test_vpdq_lines_of_several_videos_are_told_apart() -> None:
    """A frame that is not numbered higher than that before it begins another video."""
    other = FRAMES.replace(code(0).hex(), code(9).hex())
    rows_read = read(FRAMES + other)
    assert [len(unpack(row.value)) for row in rows_read if isinstance(row, Row)] == [3, 3]
    assert rows_read[0] == VIDEO != rows_read[1]


def test_vpdq_lines_are_written_as_vpdq_does() -> None:
    """Frame, quality, hash and seconds with three decimals; other kinds have no such lines."""
    lines = "".join(write([VIDEO, row(SignalKind.PDQ, PDQ)], "vpdq"))
    assert lines.splitlines()[1] == f"1,100,{code(1).hex()},1.000"
    assert read(lines + lines) == [VIDEO, VIDEO]


def test_the_string_is_written_as_threatexchange_does() -> None:
    """A video on a plain line is the JSON array that python-threatexchange makes of its frames."""
    assert "".join(write([VIDEO], "plain")) == f"vpdq {STRING}\n"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("vpdq []", "expected a JSON array of"),
        ('vpdq {"a": 1}', "expected 'kind hash'"),
        (f"vpdq {STRING[:-1]}", "expected a JSON array of"),
        ("vpdq [1]", "frame 1 of the video: expected"),
        (f'vpdq ["{PDQ},101,0.0"]', "frame 1 of the video: expected"),
        (f'vpdq ["{PDQ},100,0.0", "{PDQ[:-1]},100,1.0"]', "frame 2 of the video: expected"),
        (f'vpdq ["{PDQ},100,-1.0"]', "frame 1 of the video: expected"),
        (f'vpdq ["{PDQ},49,0.0"]', "expected one of quality 50 or more"),
        (f'vpdq ["{"0" * 64},100,0.0"]', "expected one of quality 50 or more"),
        (f"pdq {STRING}", "hexadecimal"),
        (f"vpdq [{'x' * (1 << 20)}]", "expected at most 1048576"),
    ],
)
def test_a_bad_video_says_what_was_expected(line: str, expected: str) -> None:
    """A video that cannot be taken is named by its line, with what was expected; the others are kept."""
    before, bad, after = read(f"pdq {PDQ}\n{line}\npdq {PDQ}\n")
    assert before == after
    assert isinstance(bad, BadLine)
    assert bad.number == 2
    assert expected in bad.reason
    assert PDQ[:40] not in bad.reason


def test_bad_vpdq_lines_are_named_and_left_out() -> None:
    """Of a video with a bad line the other frames are kept; one without a frame that tells anything is refused."""
    bad, good = read(FRAMES.replace("30,100,", "30,101,"))
    assert isinstance(bad, BadLine)
    assert bad.number == 2
    assert isinstance(good, Row)
    assert unpack(good.value) == (SHOWN[0], SHOWN[2])
    (plain,) = read(FRAMES.replace(",100,", ",10,"))
    assert isinstance(plain, BadLine)
    assert plain.number == 1


def test_a_video_of_two_hours_is_taken_and_no_longer_one() -> None:
    """The longest video that is taken has as many frames as a sequence may."""
    lines = [f"{number},100,{PDQ},{number}.000" for number in range(MOST_FRAMES + 1)]
    (good,), (bad,) = read("\n".join(lines[:-1])), read("\n".join(lines))
    assert isinstance(good, Row)
    assert read("".join(write([good], "csv"))) == [good]
    assert isinstance(bad, BadLine)
    assert "7201 frames" in bad.reason
