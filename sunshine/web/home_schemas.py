"""The response of /."""

from sunshine.core.shapes import Shape, string

GREETING = Shape("Greeting", {"message": string(example="sunshine")})
