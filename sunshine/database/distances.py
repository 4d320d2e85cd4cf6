"""Distances on the surface of the earth, as SQL expressions."""

from sqlalchemy import ColumnElement, Double, func, literal_column

EARTH_RADIUS = 6_371_008.8  # metres, the mean one
_HALF, _ONE, _TWO = (literal_column(text, Double) for text in ("0.5", "1", "2"))
# Latitude and longitude in degrees.
Point = tuple[ColumnElement[float], ColumnElement[float]]


def distance(one: Point, other: Point) -> ColumnElement[float]:
    """Return the metres between two points (haversine); null where a coordinate is."""
    (latitude, longitude), (other_latitude, other_longitude) = one, other
    half_up = func.pow(func.sind(_HALF * (other_latitude - latitude)), _TWO)
    half_aside = func.pow(func.sind(_HALF * (other_longitude - longitude)), _TWO)
    root = func.sqrt(half_up + func.cosd(latitude) * func.cosd(other_latitude) * half_aside)
    # For opposite points rounding may lift it above one; least() would hide a null.
    return literal_column(f"{2 * EARTH_RADIUS}") * func.asin(_ONE - func.abs(_ONE - root))
