"""Which characters of Unicode a text may hold, and how the others are shown where they came in.

A terminal acts upon control characters, a reader is misled by those that turn the direction of
text or that nobody sees. What is typed must hold none of them (`strange_in_line`,
`strange_in_prose`); what is stored already, or was given by another program, is shown escaped.
"""

import re

# Cc, surrogates, and what is no character by Unicode's own word. A spreadsheet's XML has no way to
# write these; a terminal obeys the first two.
_DEL_C1 = "\x7f-\x9f"
_NEVER = "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
# Cf but U+200C and U+200D, without which Persian, Hindi and emoji cannot be written; Zl and Zp;
# tags; the letters of Hangul that are blank. A test holds it against the Unicode of Python's own.
_UNSEEN = (
    "\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f"
) + "".join(chr(plane << 16 | last) for plane in range(1, 17) for last in (0xFFFE, 0xFFFF))
_BLANK = ("\u3164", "\uffa0")  # which Python calls printable
_IN_LINE = re.compile(f"[\x00-\x1f{_DEL_C1}{_NEVER}{_UNSEEN}]")
_IN_LINES = re.compile(f"[\x00-\x08\x0b-\x1f{_DEL_C1}{_NEVER}{_UNSEEN}]")
_IN_PROSE = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f{_DEL_C1}{_NEVER}]")
# Nothing to see by themselves; at the ends of a text they join nothing.
_EDGES = (
    "\u200c\u200d \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
)


def strange_in_line(text: str) -> str | None:
    """The first character that a text of one line may not hold, as U+XXXX; None of a good one."""
    return None if _is_plain(text) else _first(_IN_LINE, text)


def strange_in_prose(text: str) -> str | None:
    """The first character that a text of several lines may not hold, as U+XXXX.

    Line ends and tabs it may, and marks of direction, which Arabic and Hebrew prose is set with.
    """
    # A third of the time of the expression, which looks at each character.
    plain = text.replace("\n", " ").replace("\r", " ").replace("\t", " ").isprintable()
    return None if plain else _first(_IN_PROSE, text)


def trimmed(text: str) -> str:
    """Without blanks at both ends, nor joiners, of which alone no name is made."""
    text = text.strip()
    return text if text.isascii() else text.strip(_EDGES)


def shown_in_line(text: str) -> str:
    """For one line of a terminal: blanks run together, others as `\\x1b` or `\\u202e`."""
    if _is_plain(text) and "  " not in text:
        return text.strip()
    return _IN_LINE.sub(_escaped, " ".join(text.split()))


def shown_in_lines(text: str) -> str:
    """The same for several lines: their ends, tabs and blanks stay."""
    return text if _is_plain(text) else _IN_LINES.sub(_escaped, text)


def shown_in_json(document: str) -> str:
    """JSON that says the same without characters that a terminal acts upon."""
    return document if _is_plain(document) else _IN_LINES.sub(_as_json, document)


def replaced(text: str) -> str:
    """For files of other programs, spreadsheets and calendars: U+FFFD in place of each."""
    return text if _is_plain(text) else _IN_LINES.sub("\ufffd", text)


def _is_plain(text: str) -> bool:
    """Whether it surely holds none of them: almost every text is settled here."""
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
