"""What a file is by its bytes, and what it may be called: sunshine/files/types.py."""

import pytest

from sunshine.files.types import ending_of, media_of, safe_name
from tests.files.forms import PNG

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF"
GIF = b"GIF89a and so on"
WEBP = b"RIFF\x10\x00\x00\x00WEBPVP8X"
PDF = b"%PDF-1.7"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
HTML = b"<!DOCTYPE html><html><script>alert(1)</script>"


@pytest.mark.parametrize(
    ("head", "ending"),
    [
        (PNG, "png"), (JPEG, "jpg"), (b"\xff\xd8\xff\xe1\x00\x10Exif", "jpg"), (GIF, "gif"),
        (WEBP, "webp"), (PDF, "pdf"), (SVG, None), (HTML, None), (b"<?xml version='1.0'?>", None),
        (b"<?php echo 1;", None), (b"", None), (b"a text", None), (b"PK\x03\x04", None),
        (b"\x00" * 20, None), (b"MZ\x90", None), (b"<html>%PDF-1.7", None), (b" GIF89a", None),
        (b"GIF89a/*<html>*/=1;alert(1)", "gif"), (PNG + HTML, "png"),
    ],
)  # fmt: skip
def test_it_knows_what_a_browser_may_show(head: bytes, ending: str | None) -> None:
    assert ending_of(head) == ending


@pytest.mark.parametrize(
    ("given", "head", "name"),
    [
        ("a.png", PNG, "a.png"), ("a.PNG", PNG, "a.png"), ("a.jpeg", JPEG, "a.jpeg"),
        ("a.jpg", PNG, "a.png"), ("a", PNG, "a.png"), ("a.php", PNG, "a.php.png"),
        ("a.php.png", b"<?php", "a.php.png.bin"), ("a.php.png", PNG, "a.php.png"),
        ("a.pdf", HTML, "a.pdf.bin"), ("a.png", SVG, "a.png.bin"), ("a.svg", SVG, "a.svg"),
        ("a.html", HTML, "a.html"), ("a.docx", b"PK", "a.docx"), ("a.gif", b"", "a.gif.bin"),
        ("png", b"text", "png"), (".png", b"text", "png"),
        ("a." + "c" * 17, b"x", "a." + "c" * 17),
        ("", b"x", "file"), ("...", b"x", "file"), ("a..png", PNG, "a.png"),
        ("\u202egnp.exe", b"MZ", "gnp.exe"), ("a\u200b.txt", b"x", "a.txt"),
        ("A\u030a.txt", b"x", "\u00c5.txt"), ("a/../../b.txt", b"x", "b.txt"),
        ("a?b=c&d#e.txt", b"x", "a_b_c_d_e.txt"), ("-rf", b"x", "rf"), ("<b>.txt", b"x", "b_.txt"),
    ],
)  # fmt: skip
def test_it_is_called_as_its_sender_did_as_far_as_that_is_safe(
    given: str, head: bytes, name: str
) -> None:
    assert safe_name(given, head) == name
    assert media_of(name) == ({"png": "image/png", "jpeg": "image/jpeg"}.get(
        name.rpartition(".")[2]) if name != "png" else "image/png")  # fmt: skip


@pytest.mark.parametrize("given", ["x" * 5000, "é" * 5000, "x" * 99 + ".jpeg", "日" * 90 + ".html"])
@pytest.mark.parametrize("head", [b"text", JPEG])
def test_no_name_is_long(given: str, head: bytes) -> None:
    name = safe_name(given, head)
    assert len(name.encode()) <= 100
    assert media_of(name) == ("image/jpeg" if head == JPEG else None)
