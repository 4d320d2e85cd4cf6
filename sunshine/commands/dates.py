"""Date options, limited to dates that rules can compute with, as in sunshine/core/validation.py."""

from datetime import datetime

import click


class Moment(click.DateTime):
    """A date or time that has a day before it, and a year after it."""

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Reject, as wrong usage, dates at the ends of the calendar."""
        at: datetime = super().convert(value, param, ctx)
        if not 1 < at.year < 9999:
            self.fail("must be in the years 2 to 9998", param, ctx)
        return at


DAY = Moment(["%Y-%m-%d"])
