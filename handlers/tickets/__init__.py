"""Tickets, their comments and their end. Rules: sunshine/modules/tickets."""

from handlers.tickets import closing, comments, tickets

routes = [
    *tickets.routes,
    *comments.routes,
    *closing.routes,
]
