"""Sanitises the HTML of content: scripts, styles and frames are removed.

HTML is sanitised when it is written, so that every reader, search and cache has the safe text.
"""

import asyncio

import nh3

from sunshine.core.characters import strange_in_prose
from sunshine.core.errors import Invalid

# The parser takes quadratic time for nested elements: at most a third of a second for this many.
MAX_TAGS = 5000
SCHEMES = {"http", "https", "mailto", "tel"}


async def sanitised(html: str, field: str) -> str:
    """Return the HTML with only what is allowed in it, parsed in a thread because it may take long.

    Invalid names the field where it has too many tags or nothing is left.
    """
    if html.count("<") > MAX_TAGS:
        raise Invalid.field(field, f"has more than {MAX_TAGS} tags")
    clean = await asyncio.to_thread(nh3.clean, html, url_schemes=SCHEMES)
    # A reference such as &#27; has become the character itself.
    if found := strange_in_prose(clean):
        raise Invalid.field(field, f"must not hold the control character {found}")
    if html and not clean.strip():
        raise Invalid.field(field, "holds nothing that may be shown")
    return clean
