"""The monthly report over HTTP. Rules: sunshine/modules/attendance/report.py."""

from sunshine.formats import spreadsheets
from sunshine.modules.attendance import report as rules
from sunshine.modules.attendance.attendance_report_schemas import MONTH, REPORT
from sunshine.web.guards import query, requires_permission, signed_in
from sunshine.web.handler import Handler
from sunshine.web.response_specs import SHEETS, file, item
from sunshine.web.routes import Route


class AttendanceReport(Handler):
    """A month in figures, of the employees within the caller's scope."""

    deadline = 60.0

    async def get(self) -> None:
        """Report a month of attendance.

        Of the team for managers, of everybody for HR and admins. Days worked, late, absent and on
        leave, hours of permits, work and overtime, per employee and in total; with `format` csv or
        xlsx the answer is a file.
        """
        found = await rules.report(self.db.sunshine, self.query, actor=self.actor)
        if self.query["format"] == "json":
            self.reply(found)
        else:
            name = f"attendance-{found['year']:04}-{found['month']:02}.{self.query['format']}"
            file = await spreadsheets.make(self.query["format"], rules.COLUMNS, rules.lines(found))
            self.reply_file(file, name)


routes = [
    Route(
        "/api/attendance/report",
        AttendanceReport,
        GET=[
            signed_in,
            requires_permission("attendance:report"),
            query(REPORT),
            item(MONTH),
            file(*SHEETS),
        ],
    ),
]
