"""Leave: requests, decisions, balances, holidays, the calendar. Rules: sunshine/modules/leave."""

from handlers.leave import balance, calendar_feed, holidays, requests

routes = [
    *requests.routes,
    *balance.routes,
    *holidays.routes,
    *calendar_feed.routes,
]
