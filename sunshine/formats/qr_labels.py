"""Labels for assets: a QR code with its text below, as SVG."""

import io
from xml.sax.saxutils import escape

import segno

MODULE = 4  # units per module of the code
TEXT = 24  # units below it


def svg(code: str, caption: str) -> bytes:
    """Return an SVG image of the QR code of `code`, with the code and the caption as text below."""
    made = segno.make(code, error="m", micro=False)
    buffer = io.BytesIO()
    made.save(buffer, kind="svg", scale=MODULE, border=2, xmldecl=False, svgns=False, nl=False)
    side, _ = made.symbol_size(scale=MODULE, border=2)
    lines = "".join(
        f'<text x="{side / 2}" y="{side + number * TEXT - 8}" font-family="monospace"'
        f' font-size="14" text-anchor="middle" textLength="{side - 8}"'
        f' lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'
        for number, text in enumerate((code, caption), start=1)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side + 2 * TEXT}">'
        f"{buffer.getvalue().decode()}{lines}</svg>"
    ).encode()
