"""The rows that the statements of the fleet return, keys as the API names them."""

import datetime as dt
from typing import TypedDict


class DriverSummaryRow(TypedDict):
    """A driver as `fleet:read` alone shows them.

    These keys are the allow-list: other columns are not selected for such a caller.
    """

    id: int
    name: str
    vehicleType: str | None
    licenseExpiry: dt.date | None
    licenseStatus: str | None
    status: str
    vehicleId: int | None
    plateNumber: str | None
    createdAt: dt.datetime
    updatedAt: dt.datetime


class DriverRow(DriverSummaryRow):
    """A driver in full, as `fleet:manage` and the driver see it."""

    licenseNumber: str
    phone: str | None
    employeeId: int | None
    username: str | None


class DriverNameRow(TypedDict):
    """Who a driver with credentials is."""

    id: int
    username: str
    name: str


class DriverAccountRow(DriverNameRow):
    """What a driver's sign-in is checked against; `known` is whether the network is."""

    active: bool
    password_hash: str | None
    token_version: int
    unlocked_at: dt.datetime | None
    known: bool


class PasswordHashRow(TypedDict):
    """The stored hash of a driver's password."""

    hash: str


class VehicleRow(TypedDict):
    """A vehicle and its present driver."""

    id: int
    plateNumber: str
    type: str
    brand: str | None
    model: str | None
    year: int | None
    status: str
    registrationExpiry: dt.date | None
    insuranceExpiry: dt.date | None
    odometer: int | None
    driverId: int | None
    driver: str | None
    createdAt: dt.datetime
    updatedAt: dt.datetime


class PairRow(TypedDict):
    """Which vehicle is with which driver."""

    vehicleId: int
    driverId: int


class AssignmentRow(PairRow):
    """A current assignment."""

    id: int


class HistoryRow(TypedDict):
    """An assignment in the history of a vehicle; `until` is null while it lasts."""

    id: int
    driverId: int
    driver: str
    since: dt.datetime
    until: dt.datetime | None


class PositionRow(TypedDict):
    """The last-known position of a driver; every key is null before the first report."""

    driverId: int | None
    latitude: float | None
    longitude: float | None
    timestamp: dt.datetime | None
    recordedAt: dt.datetime | None


class LastPointRow(TypedDict):
    """A driver's status and last-known point; the point is null before the first report."""

    id: int
    status: str
    at: dt.datetime | None
    latitude: float | None
    longitude: float | None


class PointRow(TypedDict):
    """A point of a driver's track; latitude and longitude in degrees."""

    timestamp: dt.datetime
    latitude: float
    longitude: float
    flagged: bool
    recordedAt: dt.datetime


class StoredRow(TypedDict):
    """How many points of a burst were new, and whether (1 or 0) the position moved."""

    kept: int
    moved: int


class ReceivedRow(TypedDict):
    """The result of a report of points; `moved` says whether the last-known position did."""

    received: int
    kept: int
    flagged: int
    moved: bool


class ExpiryRow(TypedDict):
    """A document whose end a reminder names: of which row, by what name, on which day."""

    id: int
    name: str
    expiry: dt.date
