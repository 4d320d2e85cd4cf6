"""Payloads and responses of /api/fleet."""

from sunshine.core.fields import (
    Schema,
    changes,
    choice,
    date,
    flag,
    instant,
    number,
    query_id,
    row_id,
    text,
    whole,
)
from sunshine.core.shapes import Shape, optional_fields, resource_shape, response_fields, string
from sunshine.modules.users.auth_schemas import LOGIN, password

__all__ = ["LOGIN"]  # drivers sign in as users do

VEHICLE_TYPES = ("truck", "van", "motorcycle")
MOST_POINTS = 500

DRIVER_FILTERS: Schema = {
    "status": choice("active", "inactive", "suspended"),
    "vehicleType": choice(*VEHICLE_TYPES),
    "search": text(100),
}
CREATE_DRIVER: Schema = {
    "name": text(200, required=True, example="John Driver"),
    "licenseNumber": text(50, required=True, example="DL123456"),
    "phone": text(50, nullable=True, example="+1234567890"),
    "vehicleType": choice(*VEHICLE_TYPES, nullable=True, example="truck"),
    "licenseExpiry": date(nullable=True, example="2025-12-31"),
    "status": choice("active", "inactive", "suspended"),
    "vehicleId": row_id(nullable=True),
    "employeeId": row_id(nullable=True),
    "username": text(100, regex=r"\S+", dependencies="password"),
    "password": password(dependencies="username"),
}
CHANGE_DRIVER: Schema = {
    **{k: v for k, v in changes(CREATE_DRIVER).items() if k not in ("username", "password")},
    # Drivers change their own; managers of the fleet set one by `credentials`.
    "password": password(),
    "currentPassword": password(),
}
CREDENTIALS: Schema = {
    "username": text(100, required=True, regex=r"\S+", example="driver123"),
    "password": password(required=True, example="password-of-the-driver"),
}

VEHICLE_FILTERS: Schema = {
    "status": choice("active", "inactive", "maintenance"),
    "type": choice(*VEHICLE_TYPES),
    "driverId": query_id(),
    "search": text(100),
}
CREATE_VEHICLE: Schema = {
    "plateNumber": text(20, required=True, example="B 1234 XY"),
    "type": choice(*VEHICLE_TYPES, required=True, example="truck"),
    "brand": text(100, nullable=True, example="Hino"),
    "model": text(100, nullable=True, example="Dutro"),
    "year": whole(1900, 2200, nullable=True, example=2022),
    "status": choice("active", "inactive", "maintenance"),
    "driverId": row_id(nullable=True),
    "registrationExpiry": date(nullable=True),
    "insuranceExpiry": date(nullable=True),
    "odometer": whole(0, nullable=True, example=12000),
}
CHANGE_VEHICLE = changes(CREATE_VEHICLE)

POINT: Schema = {
    "latitude": number(-90, 90, required=True, example=-6.2088),
    "longitude": number(-180, 180, required=True, example=106.8456),
    "timestamp": instant(required=True, example="2024-01-15T10:30:00Z"),
}
TRACK: Schema = {
    "from": instant(),
    "to": instant(),
    "format": choice("json", "geojson", default="json"),
    "cursor": instant(),
}

# Left out of a DriverSummaryRow, as the username is.
_CONFIDENTIAL = ("licenseNumber", "phone", "employeeId")
DRIVER = resource_shape(
    "Driver",
    {
        name: CREATE_DRIVER[name]
        for name in ("name", "vehicleType", "licenseExpiry", "status", "vehicleId")
    },
    **optional_fields(response_fields({name: CREATE_DRIVER[name] for name in _CONFIDENTIAL})),
    **optional_fields({"username": string(nullable=True)}),
    licenseStatus=choice("valid", "expiring", "expired", nullable=True),
    plateNumber=string(nullable=True),
)
VEHICLE = resource_shape("Vehicle", CREATE_VEHICLE, driver=string(nullable=True))
DRIVEN = Shape(
    "VehicleDriver",
    {
        "id": row_id(),
        "driverId": row_id(),
        "driver": string(),
        "since": instant(),
        "until": instant(nullable=True),
    },
)
PLACE = Shape(
    "DriverPlace", {"driverId": row_id(), **response_fields(POINT), "recordedAt": instant()}
)
PASSED = Shape(
    "DriverPoint", {**response_fields(POINT), "flagged": flag(), "recordedAt": instant()}
)
RECEIVED = Shape(
    "PointsReceived",
    {**dict.fromkeys(("received", "kept", "flagged"), whole(0)), "moved": flag()},
)
