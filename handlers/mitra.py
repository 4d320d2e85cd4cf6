"""Partners over HTTP. Rules: sunshine/rules/mitra.py. Tables: models/mitra.py."""

from sunshine.rules.mitra import partners
from sunshine.schemas.mitra import CHANGE, CREATE
from sunshine.web.guards import body, may, query, signed_in
from sunshine.web.records import Record, Records
from sunshine.web.routes import Route


class Partners(Records):
    """Whom the company works with."""

    records = partners


class Partner(Record):
    """One partner."""

    records = partners


READS = may("mitra:read", "mitra:manage")
MANAGES = may("mitra:manage")

routes = [
    Route(
        "/api/mitra",
        Partners,
        GET=[signed_in, READS, query(partners.listing.schema)],
        POST=[signed_in, MANAGES, body(CREATE)],
    ),
    Route(
        "/api/mitra/{id_}",
        Partner,
        GET=[signed_in, READS],
        PUT=[signed_in, MANAGES, body(CHANGE)],
        DELETE=[signed_in, MANAGES],
    ),
]
