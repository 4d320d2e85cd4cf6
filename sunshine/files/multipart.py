"""A form with one file, parsed as it arrives, by python-multipart."""

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from sunshine.core.errors import Invalid, TooLarge

FIELD = "file"
# Far above what browsers send; the parser inspects each byte and each parameter.
MAX_PARTS = 100
MAX_HEADERS = 20  # of a part
MAX_HEADER = 4096  # bytes, also of Content-Type


class FileForm:
    """A multipart body. Other fields without a file are ignored.

    Raises Invalid for any other body, TooLarge for a file of more than `maximum` bytes.
    """

    def __init__(self, content_type: str, maximum: int) -> None:
        if len(content_type) > MAX_HEADER:
            raise Invalid("Content-Type is too long")
        boundary = parse_options_header(content_type)[1].get(b"boundary")
        if not boundary:
            raise Invalid("Content-Type names no boundary")
        self.name: str | None = None
        self._maximum = maximum
        self._size = self._parts = self._headers = 0
        self._inside = self._ended = False
        self._header, self._value, self._disposition = bytearray(), bytearray(), ""
        self._pieces: list[memoryview] = []
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._take_header,
                    "on_header_value": self._take_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._open,
                    "on_part_data": self._take,
                    "on_part_end": self._close,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise Invalid(f"The form cannot be read: {error}") from error

    def feed(self, chunk: bytes) -> list[memoryview]:
        """Parse the next piece of the body and return views of its part of the file."""
        self._pieces = []
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise Invalid(f"The form cannot be read: {error}") from error
        return self._pieces

    def finish(self) -> str:
        """End the body and return the name that the sender gave the file."""
        if not self._ended:
            raise Invalid("The form ends early")
        if self.name is None:
            raise Invalid.field(FIELD, "is required")
        return self.name

    def _begin(self) -> None:
        self._disposition = ""
        self._headers = 0
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise Invalid(f"The form has more than {MAX_PARTS} parts")

    def _take_header(self, data: bytes, start: int, end: int) -> None:
        self._grow(self._header, data[start:end])

    def _take_value(self, data: bytes, start: int, end: int) -> None:
        self._grow(self._value, data[start:end])

    def _grow(self, taken: bytearray, more: bytes) -> None:
        taken += more
        if len(taken) > MAX_HEADER:
            raise Invalid("The form has a header that is too long")

    def _end_header(self) -> None:
        self._headers += 1
        if self._headers > MAX_HEADERS:
            raise Invalid("The form has a part with too many headers")
        if bytes(self._header).lower() == b"content-disposition":
            self._disposition = self._value.decode("latin-1")
        self._header.clear()
        self._value.clear()

    def _open(self) -> None:
        options = parse_options_header(self._disposition)[1]
        field, name = (options.get(key) for key in (b"name", b"filename"))
        if field != FIELD.encode():
            if name is not None:
                raise Invalid.field((field or b"").decode(errors="replace"), "takes no file")
            return
        if self.name is not None:
            raise Invalid.field(FIELD, "is one file")
        if not name:
            raise Invalid.field(FIELD, "is no file, or one without a name")
        self.name = name.decode(errors="replace")
        self._inside = True

    def _take(self, data: bytes, start: int, end: int) -> None:
        if self._inside:
            self._size += end - start
            if self._size > self._maximum:
                raise TooLarge(f"A file has at most {self._maximum >> 20} MiB")
            self._pieces.append(memoryview(data)[start:end])

    def _close(self) -> None:
        self._inside = False

    def _end(self) -> None:
        self._ended = True
