"""The Unicode characters a text may contain, and how the others are shown if they got in.

Control characters act on a terminal; direction marks and invisible characters mislead readers.
Input may contain none of them (`strange_in_line`, `strange_in_prose`); text that is already stored,
or comes from another program, is shown escaped.
"""

import re

# Cc, surrogates, and noncharacters as Unicode defines them. A spreadsheet's XML cannot represent
# these; a terminal obeys the first two.
_DEL_C1 = "\x7f-\x9f"
_NEVER = "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
# Cf except U+200C and U+200D, which Persian, Hindi and emoji need; Zl and Zp; tags; the blank
# letters of Hangul. A test compares it with Python's Unicode data.
_UNSEEN = (
    "\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f"
) + "".join(chr(plane << 16 | last) for plane in range(1, 17) for last in (0xFFFE, 0xFFFF))
_BLANK = ("\u3164", "\uffa0")  # which Python considers printable
_IN_LINE = re.compile(f"[\x00-\x1f{_DEL_C1}{_NEVER}{_UNSEEN}]")
_IN_LINES = re.compile(f"[\x00-\x08\x0b-\x1f{_DEL_C1}{_NEVER}{_UNSEEN}]")
_IN_PROSE = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f{_DEL_C1}{_NEVER}]")
# Invisible on their own; at the ends of a text they join nothing.
_EDGES = (
    "\u200c\u200d \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
)


def strange_in_line(text: str) -> str | None:
    """Return the first character that a single line may not contain, as U+XXXX; None if there is
    none."""
    return None if _is_plain(text) else _first(_IN_LINE, text)


def strange_in_prose(text: str) -> str | None:
    """Return the first character that a text of several lines may not contain, as U+XXXX.

    Line ends, tabs and direction marks, which Arabic and Hebrew prose needs, are allowed.
    """
    # Takes a third of the time of the regular expression, which visits each character.
    plain = text.replace("\n", " ").replace("\r", " ").replace("\t", " ").isprintable()
    return None if plain else _first(_IN_PROSE, text)


def trimmed(text: str) -> str:
    """Return the text without blanks and joiners at both ends; a name cannot consist of joiners
    alone."""
    text = text.strip()
    return text if text.isascii() else text.strip(_EDGES)


def shown_in_line(text: str) -> str:
    """Return the text for one line of a terminal: blanks collapsed, others escaped as `\\x1b` or
    `\\u202e`."""
    if _is_plain(text) and "  " not in text:
        return text.strip()
    return _IN_LINE.sub(_escaped, " ".join(text.split()))


def shown_in_lines(text: str) -> str:
    """Return the text for a terminal; line ends, tabs and blanks stay, others are escaped."""
    return text if _is_plain(text) else _IN_LINES.sub(_escaped, text)


def shown_in_json(document: str) -> str:
    """Return equivalent JSON without characters that act on a terminal."""
    return document if _is_plain(document) else _IN_LINES.sub(_as_json, document)


def replaced(text: str) -> str:
    """Return the text for other programs, spreadsheets and calendars: U+FFFD in place of each."""
    return text if _is_plain(text) else _IN_LINES.sub("\ufffd", text)


def _is_plain(text: str) -> bool:
    """Return whether the text certainly contains none of them; almost every text passes here."""
    return text.isprintable() and (text.isascii() or not any(map(text.__contains__, _BLANK)))


def _first(kind: re.Pattern[str], text: str) -> str | None:
    found = kind.search(text)
    return None if found is None else f"U+{ord(found[0]):04X}"


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return (
        f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 1 << 16 else f"\\U{code:08x}"
    )


def _as_json(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 1 << 16:
        return f"\\u{code:04x}"
    high, low = divmod(code - (1 << 16), 1 << 10)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
