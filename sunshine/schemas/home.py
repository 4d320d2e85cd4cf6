"""The answer of /."""

from sunshine.schemas.shapes import Shape, words

GREETING = Shape("Greeting", {"message": words(example="sunshine")})
