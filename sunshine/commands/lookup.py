"""Find the employee, asset or partner that an argument names."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sunshine.database.database import Database
    from sunshine.modules.assets.rows import AssetRow
    from sunshine.modules.employees.rows import EmployeeRow
    from sunshine.modules.mitra.rows import PartnerRow


async def employee(database: "Database", word: str) -> "EmployeeRow":
    """Return the employee with this id, email address or employee code; NotFound."""
    from sunshine.core.errors import NotFound
    from sunshine.modules.employees import employees

    rows = await employees.listing.every(database, {"search": word})
    if word.isdigit():
        rows += await employees.listing.every(database, {})
    for row in rows:
        names = (row["email"], row["employeeCode"])
        if str(row["id"]) == word or word.lower() in {name.lower() for name in names if name}:
            return row
    raise NotFound(f"there is no employee {word}")


async def asset(database: "Database", code: str) -> "AssetRow":
    """Return the asset with this code, in any case; NotFound."""
    from sunshine.core.errors import NotFound
    from sunshine.modules.assets import inventory

    today = database.today
    for row in await inventory.listing.every(database, {"search": code}, today=today):
        if row["assetCode"].lower() == code.lower():
            return row
    raise NotFound(f"there is no asset {code}")


async def partner(database: "Database", word: str) -> "PartnerRow":
    """Return the partner with this id or name; NotFound."""
    from sunshine.core.errors import NotFound
    from sunshine.modules.mitra.partners import partners

    for row in await partners.listing.every(database, {}):
        if str(row["id"]) == word or row["name"].lower() == word.lower():
            return row
    raise NotFound(f"there is no partner {word}")
