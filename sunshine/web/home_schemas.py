"""The answer of /."""

from sunshine.core.shapes import Shape, words

GREETING = Shape("Greeting", {"message": words(example="sunshine")})
