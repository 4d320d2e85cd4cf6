"""The rows that the statements of the assets return, keys as the API names them. Amounts are in the
company's currency, `latitude` and `longitude` in degrees."""

import datetime as dt
from decimal import Decimal
from typing import Any, TypedDict

# The first and the last day of a reservation.
Period = TypedDict("Period", {"from": dt.date, "to": dt.date})


class AssetSummaryRow(TypedDict):
    """An asset as its holder and their manager see it.

    These keys are the allow-list: other columns are not selected for such a caller.
    """

    id: int
    assetCode: str
    name: str
    category: str
    serialNumber: str | None
    status: str
    location: str | None
    warrantyUntil: dt.date | None
    notes: str | None
    assignedTo: int | None
    assignedToName: str | None
    assignDate: dt.date | None
    createdAt: dt.datetime
    updatedAt: dt.datetime


class AssetRow(AssetSummaryRow):
    """An asset with its cost, as HR and asset managers see it."""

    purchaseDate: dt.date | None
    value: Decimal | None
    vendor: str | None
    bookValue: Decimal | None


class OpenRow(TypedDict):
    """Whether an asset has an open maintenance."""

    open: bool


class ConfigRow(TypedDict):
    """A category, location or vendor."""

    id: int
    kind: str
    key: str
    name: str
    attributes: dict[str, Any]
    active: bool
    createdAt: dt.datetime
    updatedAt: dt.datetime


class ActiveRow(TypedDict):
    """Whether an employee is active."""

    active: bool


class HeldRow(TypedDict):
    """An asset that an employee holds."""

    id: int
    assetCode: str
    name: str


class MaintenanceRow(TypedDict):
    """A maintenance of an asset; `completedOn` is null while it is open."""

    id: int
    assetId: int
    type: str
    vendor: str | None
    cost: Decimal | None
    startedOn: dt.date
    completedOn: dt.date | None
    notes: str | None
    createdAt: dt.datetime
    updatedAt: dt.datetime


class OverlapRow(Period):
    """A reservation in the way of another."""

    id: int


class ReservedRow(OverlapRow):
    """A reservation in the way of an assignment, and whose it is."""

    employeeId: int


class CancelledRow(ReservedRow):
    """A reservation cancelled at the end of an employment."""

    assetId: int


class ReservationRow(CancelledRow):
    """A reservation."""

    employee: str
    notes: str | None
    createdAt: dt.datetime


class HistoryRow(TypedDict):
    """A line of an asset's history."""

    at: dt.datetime
    what: str
    employeeId: int | None
    employee: str | None
    location: str | None
    latitude: float | None
    longitude: float | None
    notes: str | None
    actor: str


class FindingRow(TypedDict):
    """An asset that needs attention, and why."""

    assetCode: str
    name: str
    finding: str


class WarrantyRow(TypedDict):
    """An asset whose warranty is about to expire or has expired."""

    id: int
    asset_code: str
    name: str
    warranty_until: dt.date


class Position(TypedDict):
    """Where an asset was reported at an instant, and where it is now by name."""

    location: str | None
    at: dt.datetime
    latitude: float | None
    longitude: float | None
    notes: str | None


class TrackedAsset(TypedDict):
    """What tracking says of the asset itself."""

    id: int
    assetCode: str
    name: str
    category: str
    status: str


class Holder(TypedDict):
    """The employee who holds an asset."""

    employeeId: int
    name: str | None


class Present(TypedDict):
    """Who holds an asset and where it is, since it last changed hands or was last seen."""

    holder: Holder | None
    location: str | None
    since: dt.datetime


class Tracking(TypedDict):
    """Where an asset is and has been, the latest first."""

    asset: TrackedAsset
    current: Present
    history: list[HistoryRow]
