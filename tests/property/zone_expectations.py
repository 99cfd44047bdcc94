#!/usr/bin/python3
"""Writes what Python's zoneinfo says about many zones around their clock changes, for zone_property_test.c to compare with.

usage: zone_expectations.py SCRATCH-DIRECTORY
Lines: "offset FILE SECONDS OFFSET", "instant FILE DAY MINUTE SECONDS", "local FILE SECONDS DAY MINUTE".
"""
import struct
import sys
import zoneinfo
from datetime import datetime, timedelta, timezone
from pathlib import Path

EPOCH = datetime(1970, 1, 1)
NAMED = [
    "America/Kentucky/Louisville", "Australia/Lord_Howe", "Africa/Casablanca", "Africa/El_Aaiun", "Europe/Dublin",
    "America/New_York", "Pacific/Apia", "Asia/Kathmandu", "Pacific/Chatham", "America/St_Johns", "Asia/Tehran",
    "Antarctica/Troll", "America/Nuuk", "America/Scoresbysund", "Asia/Gaza", "Africa/Cairo", "America/Santiago",
    "Pacific/Easter", "Asia/Beirut", "America/Asuncion", "Europe/London", "UTC", "America/Havana",
]
# Rules in forms that a footer can have and no zone of today uses. The zero-based form "n" is not among them: zoneinfo takes it a day
# early (and J59 a day late in leap years), other than POSIX and glibc; zone_test.c has these.
FOOTERS = [
    "XXX3YYY,J60/2,J300/2", "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "EST5EDT,M3.2.0,M11.1.0",
    "IST-1GMT0,M10.5.0,M3.5.0/1", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "AAA-14BBB-15,M10.1.6/25,M4.1.0/3:30",
    "<UTC+5>-5", "AAA0BBB,J1/0:15,J365/22", "AAA8:15:30BBB7:15:30,M2.4.4/0,M12.3.1/0",
]
YEARS = (2020, 2041)


def seconds_of(moment):
    return (moment - EPOCH) // timedelta(seconds=1)


def offset_at(zone, seconds):
    moment = datetime.fromtimestamp(0, timezone.utc) + timedelta(seconds=seconds)
    return moment.astimezone(zone).utcoffset() // timedelta(seconds=1)


def change_between(zone, low, high):
    before = offset_at(zone, low)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if offset_at(zone, middle) == before else (low, middle)
    return high


def changes(zone):
    step = 5 * 86400
    at = seconds_of(datetime(YEARS[0], 1, 1))
    end = seconds_of(datetime(YEARS[1], 1, 1))
    offset = offset_at(zone, at)
    while at < end:
        following = offset_at(zone, at + step)
        if following != offset:
            yield change_between(zone, at, at + step)
        at, offset = at + step, following


def instant_of(zone, wall):
    """fold=0 is the first coming; a wall time that does not come back the same was skipped."""
    first = wall.replace(tzinfo=zone, fold=0)
    instant = seconds_of(wall) - first.utcoffset() // timedelta(seconds=1)
    if seconds_of(wall) == instant + offset_at(zone, instant):
        return instant
    other = seconds_of(wall) - first.replace(fold=1).utcoffset() // timedelta(seconds=1)
    return change_between(zone, min(instant, other) - 1, max(instant, other) + 1)


def tell(name, zone):
    moments = list(changes(zone)) or [seconds_of(datetime(2026, 6, 1))]
    for change in moments:
        for seconds in (change - 1, change, change + 1, change + 40 * 86400):
            offset = offset_at(zone, seconds)
            print("offset", name, seconds, offset)
            print("local", name, seconds, *local_of(seconds + offset))
        wall = EPOCH + timedelta(seconds=change + offset_at(zone, change - 1))
        wall = wall.replace(minute=wall.minute // 15 * 15, second=0)
        for quarter in range(-7, 10):
            tell_instant(name, zone, wall + timedelta(minutes=15 * quarter))
        tell_instant(name, zone, wall.replace(hour=0, minute=0))
        tell_instant(name, zone, wall.replace(hour=12, minute=0))


def local_of(local_seconds):
    return local_seconds // 86400, local_seconds % 86400 // 60


def tell_instant(name, zone, wall):
    days = (wall - EPOCH).days
    minute = wall.hour * 60 + wall.minute
    instant = instant_of(zone, wall)
    print("instant", name, days, minute, instant)
    if minute == 0:
        print("instant", name, days - 1, 1440, instant)


def tzif_of(footer):
    """A version 3 file with one type and no change, as RFC 8536 section 3 has it."""
    header = struct.pack(">4sc15x6I", b"TZif", b"3", 0, 0, 0, 0, 1, 4)
    block = struct.pack(">iBB4s", 0, 0, 0, b"LMT\0")
    return (header + block) * 2 + b"\n" + footer.encode() + b"\n"


def main():
    scratch = Path(sys.argv[1])
    names = sorted(zoneinfo.available_timezones())
    for name in NAMED + names[::6]:
        path = Path("/usr/share/zoneinfo") / name
        if path.is_file():
            tell(path, zoneinfo.ZoneInfo(name))
    for number, footer in enumerate(FOOTERS):
        path = scratch / f"footer-{number}"
        path.write_bytes(tzif_of(footer))
        with path.open("rb") as file:
            tell(path, zoneinfo.ZoneInfo.from_file(file))
    print("end")


main()
