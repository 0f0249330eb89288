"""Says when a schedule is due: EventBridge's rate and cron expressions, in UTC."""

import calendar
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from local.template.intrinsics import TemplateError

_UNITS = {"minute": 1, "hour": 60, "day": 24 * 60}
_MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_WEEKDAYS = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}
_YEARS_AHEAD = 8


def next_time(expression: str, after: datetime) -> datetime | None:
    """Return the first time after ``after``, or None when there is none to come.

    Raises:
        TemplateError: for an expression that is not understood.
    """
    if rate := re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression):
        minutes = int(rate.group(1)) * _UNITS[rate.group(2)]
        if minutes:
            return after + timedelta(minutes=minutes)
    if cron := re.fullmatch(r"cron\((.+)\)", expression):
        fields = cron.group(1).split()
        if len(fields) == 6:
            return next(_cron_times(fields, after), None)
    raise TemplateError(f"the schedule {expression} is not supported")


def _cron_times(fields: Sequence[str], after: datetime) -> Iterator[datetime]:
    minutes = _values(fields[0], 0, 59)
    hours = _values(fields[1], 0, 23)
    months = _values(fields[3], 1, 12, _MONTHS)
    weekdays = _values(fields[4], 1, 7, _WEEKDAYS)
    years = _values(fields[5], 1970, 2199)
    day = after.replace(hour=0, minute=0, second=0, microsecond=0)
    last = day.year + _YEARS_AHEAD
    while day.year <= last:
        if (
            day.year in years
            and day.month in months
            and day.day in _days(fields[2], day)
            and day.isoweekday() % 7 + 1 in weekdays
        ):
            for hour in sorted(hours):
                for minute in sorted(minutes):
                    time = day.replace(hour=hour, minute=minute)
                    if time > after:
                        yield time
        day += timedelta(days=1)


def _days(field: str, day: datetime) -> set[int]:
    length = calendar.monthrange(day.year, day.month)[1]
    return {length} if field == "L" else _values(field, 1, 31)


def _values(field: str, lowest: int, highest: int, names: dict[str, int] | None = None) -> set[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        try:
            if span in ("*", "?"):
                start, end = lowest, highest
            else:
                start = _number(first, names)
                end = _number(last, names) if last else (highest if step else start)
            found.update(range(start, end + 1, int(step or 1)))
        except ValueError as exc:
            raise TemplateError(f"the schedule field {field} is not supported") from exc
    return found


def _number(text: str, names: dict[str, int] | None) -> int:
    return names[text.upper()] if names and text.upper() in names else int(text)
