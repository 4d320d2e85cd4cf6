"""Dates that options take: those that rules can reckon with, as sunshine/core/validation.py has
them."""

from datetime import datetime

import click


class Moment(click.DateTime):
    """A date or time that has a day before it, and a year after it."""

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Refuse, as wrong usage, what is at an end of the calendar."""
        at: datetime = super().convert(value, param, ctx)
        if not 1 < at.year < 9999:
            self.fail("must be in the years 2 to 9998", param, ctx)
        return at


DAY = Moment(["%Y-%m-%d"])
