"""Partners over HTTP. Rules: sunshine/modules/mitra/partners.py. Tables: models/mitra.py."""

from sunshine.modules.mitra.partners import partners
from sunshine.modules.mitra.schemas import CHANGE, CREATE, PARTNER
from sunshine.web.guards import body, query, requires_permission, signed_in
from sunshine.web.records import Record, Records
from sunshine.web.response_specs import conflicts, created, item, ok_message, page
from sunshine.web.routes import Route


class Partners(Records):
    """The partners of the company.

    Names are unique among partners that are not deleted, regardless of case: 409
    `partner_name_taken`. A partner that has documents cannot be deleted: 409 `in_use`.
    """

    records = partners


class Partner(Record):
    """One partner."""

    records = partners


READS = requires_permission("mitra:read", "mitra:manage")
MANAGES = requires_permission("mitra:manage")

routes = [
    Route(
        "/api/mitra",
        Partners,
        GET=[signed_in, READS, query(partners.listing.schema), page(PARTNER)],
        POST=[signed_in, MANAGES, body(CREATE), created(PARTNER), conflicts("partner_name_taken")],
    ),
    Route(
        "/api/mitra/{id_}",
        Partner,
        GET=[signed_in, READS, item(PARTNER)],
        PUT=[signed_in, MANAGES, body(CHANGE), item(PARTNER), conflicts("partner_name_taken")],
        DELETE=[signed_in, MANAGES, ok_message, conflicts("in_use")],
    ),
]
