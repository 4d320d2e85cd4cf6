"""Partners: plain records, which cannot be deleted while they have documents (documents.py).

Tables: models/mitra.py.
"""

from sqlalchemy import bindparam, func, or_

from models.mitra import partner, partner_document
from sunshine.core.errors import Conflict, violations
from sunshine.database.pages import contains
from sunshine.database.records import Records, Reference
from sunshine.modules.mitra.rows import PartnerRow
from sunshine.modules.mitra.schemas import FILTERS

violations(
    {
        "partner_name_key": Conflict.field(
            "name", "A partner of this name exists already", code="partner_name_taken"
        )
    }
)

_p = partner.c
partners = Records(
    partner,
    fields={
        "name": _p.name,
        "type": _p.type,
        "contactName": _p.contact_name,
        "phone": _p.phone,
        "email": _p.email,
        "address": _p.address,
        "status": _p.status,
    },
    uses=(Reference("document", partner_document.c.partner_id),),
    schema=FILTERS,
    filters={
        "type": func.lower(_p.type) == func.lower(bindparam("type")),
        "status": _p.status == bindparam("status"),
        "search": or_(
            *(contains(func.lower(column)) for column in (_p.name, _p.contact_name, _p.email))
        ),
    },
    sort={
        "name": _p.name,
        "type": _p.type,
        "createdAt": _p.created_at,
        "updatedAt": _p.updated_at,
    },
    row=PartnerRow,
)
