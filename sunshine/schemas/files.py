"""Queries of /api/temp."""

from sunshine.schemas.fields import Schema, text

# `download` has the file saved instead of shown; any other word means nothing.
DOWNLOAD: Schema = {"s": text(20)}
