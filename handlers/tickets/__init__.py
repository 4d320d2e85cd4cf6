"""Tickets, their comments, how they end. Rules: sunshine/modules/tickets."""

from handlers.tickets import closing, comments, tickets

routes = [
    *tickets.routes,
    *comments.routes,
    *closing.routes,
]
