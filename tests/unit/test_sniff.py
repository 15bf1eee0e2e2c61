"""A file's format is told by its first bytes alone."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.media.sniff import FORMATS, HEAD, is_media, sniff
from tests.clips import clip, shots
from tests.texture import encode, texture

_SMALL = texture(1, 64, 48)


@pytest.mark.parametrize("kind", ["jpeg", "png", "gif", "webp", "avif"])
def test_pictures_are_told_by_their_magic(kind: str) -> None:
    """Each kind of picture that an encoder writes is told as what it is."""
    assert sniff(encode(_SMALL, kind)[:HEAD]) == kind


@pytest.mark.parametrize(("make", "kind"), [("h264", "mp4"), ("h264 in quicktime", "mp4"), ("vp8", "webm")])
def test_videos_are_told_by_their_magic(make: str, kind: str) -> None:
    """Each kind of video that an encoder writes is told as what it is."""
    assert sniff(clip(shots(1, 64, 48), make, each=2)[:HEAD]) == kind


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "heic"),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic", "heic"),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1avif", "avif"),
        (b"\x00\x00\x00\x14ftypavis\x00\x00\x00\x00avif", "avif"),
        (b"\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00qt  ", "mp4"),
        (b"\x00\x00\x00\x143gp4ftyp3gp4", None),
        (b"\x00\x00\x00\x14ftyp3gp4\x00\x00\x02\x003gp4", "mp4"),
        (b"\x00\x00\x00\x08wide\x00\x00\x10\x00mdat", "mp4"),
        (gzip.compress(b"{}", mtime=0), "tgs"),
    ],
)
def test_brands_tell_stills_from_films(head: bytes, kind: str | None) -> None:
    """The brands of an ISO file tell HEIC and AVIF from a film, and old QuickTime without brands is a film."""
    assert sniff(head) == kind


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\xff",
        b"bug-free code",
        b"%PDF-1.4\n",
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"#EXTM3U\n#EXTINF:10.0,\nfile:///etc/hostname\n",
        b"ffconcat version 1.0\n",
        b"PK\x03\x04",
        b"BMW is not a bitmap, it is a motor car",
        b"RIFF\x24\x08\x00\x00WAVEfmt ",
    ],
)
def test_other_files_are_no_media(head: bytes) -> None:
    """Documents, scripts, playlists, archives and sound are neither pictures nor videos."""
    assert sniff(head) is None
    assert not is_media(head)


@pytest.mark.parametrize("kind", ["bmp", "tiff", "ico", "jpeg2000"])
def test_pictures_that_are_not_decoded_are_still_media(kind: str) -> None:
    """A picture of a format that nothing here decodes is told from a document, so that it never counts as clean."""
    head = encode(_SMALL, kind)[:HEAD]
    assert sniff(head) is None
    assert is_media(head)


@pytest.mark.parametrize(
    "head", [b"RIFF\x24\x08\x00\x00AVI LIST", b"FLV\x01\x05", b"OggS\x00\x02", b"\x00\x00\x01\xba\x44"]
)
def test_videos_that_are_not_decoded_are_still_media(head: bytes) -> None:
    """Likewise for videos."""
    assert sniff(head) is None
    assert is_media(head)


@given(st.binary(max_size=HEAD))
def test_any_bytes_get_an_answer(head: bytes) -> None:
    """Whatever the bytes are, the answer is a known format or None, and every format is media."""
    kind = sniff(head)
    assert kind is None or (kind in FORMATS and is_media(head))
