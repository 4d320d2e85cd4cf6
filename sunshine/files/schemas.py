"""Queries and answers of /api/upload and /api/temp."""

from sunshine.core.fields import Schema, choice, text
from sunshine.core.shapes import Shape, string

# `download` saves the file instead of showing it; any other value has no effect.
DOWNLOAD: Schema = {"s": text(20)}
UPLOADED = Shape(
    "UploadedFile",
    {
        "success": {"type": "boolean", "allowed": [True]},
        "name": string(example="1234567890-filename.pdf"),
        "url": string(example="http://localhost:3601/api/temp/1234567890-filename.pdf"),
        "status": choice("done"),
    },
)
