"""Meeting rooms, their schedule and calendars. Rules: sunshine/modules/meeting_rooms."""

from handlers.meeting_rooms import calendar_feed, rooms, schedule

routes = [
    *rooms.routes,
    *schedule.routes,
    *calendar_feed.routes,
]
