"""HTML of content, made safe to show: no script, no style, no frame gets through.

Sanitised when it is written, so that every reader, search and cache has the safe text.
"""

import asyncio

import nh3

from sunshine.core.characters import strange_in_prose
from sunshine.core.errors import Invalid

# Deeply nested elements cost the parser their square: these are at most a third of a second.
MAX_TAGS = 5000
SCHEMES = {"http", "https", "mailto", "tel"}


async def sanitised(html: str, field: str) -> str:
    """The HTML with what is allowed in it; Invalid names the field where it has too many tags or
    nothing is left. Off the loop, for it may take long."""
    if html.count("<") > MAX_TAGS:
        raise Invalid.field(field, f"has more than {MAX_TAGS} tags")
    clean = await asyncio.to_thread(nh3.clean, html, url_schemes=SCHEMES)
    # A reference such as &#27; is the character itself by now.
    if said := strange_in_prose(clean):
        raise Invalid.field(field, f"must not hold the control character {said}")
    if html and not clean.strip():
        raise Invalid.field(field, "holds nothing that may be shown")
    return clean
