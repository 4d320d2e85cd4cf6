"""Payloads of /api/fleet."""

from sunshine.schemas.auth import LOGIN, password
from sunshine.schemas.fields import (
    Schema,
    changes,
    choice,
    date,
    instant,
    number,
    query_id,
    row_id,
    text,
    whole,
)

__all__ = ["LOGIN"]  # drivers sign in as users do

VEHICLE_TYPES = ("truck", "van", "motorcycle")
MOST_POINTS = 500

DRIVER_FILTERS: Schema = {
    "status": choice("active", "inactive", "suspended"),
    "vehicleType": choice(*VEHICLE_TYPES),
    "search": text(100),
}
CREATE_DRIVER: Schema = {
    "name": text(200, required=True),
    "licenseNumber": text(50, required=True),
    "phone": text(50, nullable=True),
    "vehicleType": choice(*VEHICLE_TYPES, nullable=True),
    "licenseExpiry": date(nullable=True),
    "status": choice("active", "inactive", "suspended"),
    "vehicleId": row_id(nullable=True),
    "employeeId": row_id(nullable=True),
    "username": text(100, regex=r"\S+", dependencies="password"),
    "password": password(dependencies="username"),
}
CHANGE_DRIVER: Schema = {
    **{k: v for k, v in changes(CREATE_DRIVER).items() if k not in ("username", "password")},
    # Drivers their own; everybody else's are given by `credentials`.
    "password": password(),
    "currentPassword": password(),
}
CREDENTIALS: Schema = {
    "username": text(100, required=True, regex=r"\S+"),
    "password": password(required=True),
}

VEHICLE_FILTERS: Schema = {
    "status": choice("active", "inactive", "maintenance"),
    "type": choice(*VEHICLE_TYPES),
    "driverId": query_id(),
    "search": text(100),
}
CREATE_VEHICLE: Schema = {
    "plateNumber": text(20, required=True),
    "type": choice(*VEHICLE_TYPES, required=True),
    "brand": text(100, nullable=True),
    "model": text(100, nullable=True),
    "year": whole(1900, 2200, nullable=True),
    "status": choice("active", "inactive", "maintenance"),
    "driverId": row_id(nullable=True),
    "registrationExpiry": date(nullable=True),
    "insuranceExpiry": date(nullable=True),
    "odometer": whole(0, nullable=True),
}
CHANGE_VEHICLE = changes(CREATE_VEHICLE)

POINT: Schema = {
    "latitude": number(-90, 90, required=True),
    "longitude": number(-180, 180, required=True),
    "timestamp": instant(required=True),
}
TRACK: Schema = {
    "from": instant(),
    "to": instant(),
    "format": choice("json", "geojson", default="json"),
    "cursor": instant(),
}
