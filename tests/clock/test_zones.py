# SPDX-License-Identifier: Apache-2.0
"""Time zones: our reader of the tz database beside Python's, over every zone of this machine."""
import os
import random
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import pytest
from lib import machine, sanitizers

TOOL = Path(os.environ.get("LAYERTIME_ZONE_TOOL", machine.REPO / "build/san/zone"))
DATABASE = Path("/usr/share/zoneinfo")
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
ZONES = sorted(name for name in available_timezones() if (DATABASE / name).is_file())


def ask(file: Path, questions: list[str]) -> list[str]:
    """The tool's answers, one a question."""
    done = subprocess.run([TOOL, file], input="".join(f"{q}\n" for q in questions), capture_output=True, text=True,
                          env=sanitizers.environment(), timeout=machine.TIMEOUT, check=False)
    assert done.returncode == 0, done.stderr
    answers = done.stdout.split("\n")[:-1]
    assert len(answers) == len(questions)
    return answers


def offset(zone: ZoneInfo, seconds: int) -> int:
    """Seconds east of UTC at an instant, by Python."""
    delta = (EPOCH + timedelta(seconds=seconds)).astimezone(zone).utcoffset()
    return delta.days * 86400 + delta.seconds


def instants(zone: ZoneInfo, local: int) -> list[int]:
    """When clocks showed a local time, by Python's fold."""
    naive = datetime(1970, 1, 1) + timedelta(seconds=local)
    found = set()
    for fold in (0, 1):
        delta = naive.replace(fold=fold, tzinfo=zone).utcoffset()
        instant = local - (delta.days * 86400 + delta.seconds)
        if offset(zone, instant) == local - instant:
            found.add(instant)
    return sorted(found)


def moments(zone: ZoneInfo, dice: random.Random) -> list[int]:
    """Random times from 1850 to 2450, and the seconds around changes of the offset among them."""
    times = [dice.randrange(-3786825600, 15147000000) for _ in range(16)]
    for start in dice.sample(times, 4):
        low, high = start, start + 200 * 86400
        if offset(zone, low) == offset(zone, high):
            continue
        while high - low > 1:                         # one change of those between them
            middle = (low + high) // 2
            low, high = (low, middle) if offset(zone, middle) != offset(zone, low) else (middle, high)
        times += [low - 1, low, high, high + 1]
    return times


def test_there_are_zones() -> None:
    """Else the next test would pass for want of them."""
    assert len(ZONES) > 300


@pytest.mark.parametrize("part", range(8))
def test_all_zones(part: int) -> None:
    """Offsets at instants, and instants of local times, skipped and repeated ones too."""
    dice = random.Random(part)
    for name in ZONES[part::8]:
        zone = ZoneInfo(name)
        times = moments(zone, dice)
        local = [t + offset(zone, t) + d for t in times for d in (0, 1800, -1800)]
        answers = ask(DATABASE / name, [f"u {t}" for t in times] + [f"l {t}" for t in local])
        expected = [str(offset(zone, t)) for t in times] + [" ".join(map(str, instants(zone, t))) for t in local]
        wrong = [(n, t, a, e) for n, t, a, e in zip([name] * len(answers), times + local, answers, expected) if a != e]
        assert not wrong, wrong[:5]


def glibc_offsets(text: str, times: list[int]) -> list[str]:
    """Seconds east of UTC at these instants in a POSIX zone, by the C library's date."""
    done = subprocess.run(["date", "-f", "-", "+%::z"], input="".join(f"@{t}\n" for t in times), check=True, text=True,
                          capture_output=True, env=os.environ | {"TZ": text})
    parts = [(line[0], [int(part) for part in line[1:].split(":")]) for line in done.stdout.split()]
    return [str((-1 if sign == "-" else 1) * (h * 3600 + m * 60 + s)) for sign, (h, m, s) in parts]


@pytest.mark.parametrize("text", [
    "EST5EDT,M3.2.0,M11.1.0", "<+0330>-3:30", "CET-1CEST,M3.5.0,M10.5.0/3", "NZST-12NZDT,M9.5.0,M4.1.0/3",
    "IST-2IDT,M3.4.4/26,M10.5.0", "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "AAA4BBB,J60/0,J300/0",
    "AAA-4BBB-5:30,59/0,300/24", "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "EST5EDT"])
def test_posix_zones(text: str) -> None:
    """The text form: every six hours of three years, one of them a leap year."""
    times = list(range(1672531200, 1672531200 + 3 * 366 * 86400, 6 * 3600))
    assert ask(DATABASE / "UTC", [f"p {text}"] + [f"u {t}" for t in times]) == ["ok", *glibc_offsets(text, times)]


def test_summer_all_year() -> None:
    """A rule that ends a day after the year (RFC 8536, section 3.3.1) never lets go; date does not know that."""
    times = [1704067199, 1704067200, 1704085199, 1704085200, 1720000000, 1735689599, 1735707600]
    assert ask(DATABASE / "UTC", ["p EST5EDT,0/0,J365/25"] + [f"u {t}" for t in times]) == ["ok"] + ["-14400"] * 7


@pytest.mark.parametrize("text", ["", "UTC", "EST", "5", "EST5EDT,", "EST5EDT,M13.1.0,M11.1.0", "EST5EDT,M3.2.0", "E5",
                                  "EST25", "EST5EDT,M3.2.7,M11.1.0", "EST5EDT,J0,J5", "<EST5", "EST5EDT,M3.2.0,M11.1.0,",
                                  "EST5EDT,366,5", "Europe/Berlin", "EST5:60"])
def test_what_is_no_posix_zone(text: str) -> None:
    """None of these is taken for one."""
    assert ask(DATABASE / "UTC", [f"p {text}"]) == ["no"]


def glibc_times(name: str, times: list[int]) -> list[str]:
    """Seconds east of UTC that the C library shows at these instants."""
    done = subprocess.run(["date", "-f", "-", "+%Y-%m-%d %H:%M:%S"], input="".join(f"@{t}\n" for t in times), check=True,
                          text=True, capture_output=True, env=os.environ | {"TZ": name})
    shown = [datetime.fromisoformat(f"{line.replace(':60', ':59')}+00:00") for line in done.stdout.splitlines()]
    return [str(int((local - EPOCH).total_seconds()) - t) for local, t in zip(shown, times)]


@pytest.mark.parametrize("name", ["right/UTC", "right/Europe/Berlin", "right/America/New_York"])
def test_leap_seconds(name: str) -> None:
    """Zones of right/ show what localtime() makes of the host's seconds: 27 less since 2017."""
    if not (DATABASE / name).is_file():
        pytest.skip("no zones with leap seconds here")
    times = [t for t in range(40000000, 1900000000, 7777777)] + [78796800, 78796801, 1483228826, 1483228827]
    assert ask(DATABASE / name, [f"u {t}" for t in times]) == glibc_times(f":{DATABASE / name}", times)


def written(form: str, tmp: Path) -> Path:
    """The tz database of this machine as zic writes it, "fat" or "slim"."""
    out = tmp / form
    subprocess.run(["zic", "-b", form, "-d", out, DATABASE / "tzdata.zi"], check=True)
    return out


def first_and_last_difference(one: str, other: str) -> str:
    """What "d" answers, by Python: every quarter of an hour at which either changes lies on one."""
    zones, step = (ZoneInfo(one), ZoneInfo(other)), 900
    times = [t for t in range(0, 2145916800, 86400) if offset(zones[0], t) != offset(zones[1], t)]
    if not times:
        return "same"
    first = next(t for t in range(max(times[0] - 86400, 0), times[0] + 1, step)
                 if offset(zones[0], t) != offset(zones[1], t))
    since = next(t for t in range(times[-1], times[-1] + 2 * 86400, step)
                 if offset(zones[0], t) == offset(zones[1], t) or t >= 2145916800)
    return f"{first} {since}"


@pytest.mark.parametrize("one, other", [
    ("Europe/Berlin", "Europe/Paris"), ("Europe/London", "Europe/Belfast"), ("Asia/Tokyo", "Asia/Seoul"),
    ("Asia/Tokyo", "Europe/Berlin"), ("America/Mexico_City", "America/Chicago"), ("UTC", "Africa/Abidjan")])
def test_zones_are_compared(one: str, other: str) -> None:
    """By what their clocks show since 1970, not by their names."""
    assert ask(DATABASE / one, [f"d {DATABASE / other}"]) == [first_and_last_difference(one, other)]


def test_fat_and_slim_files_are_the_same(tmp: Path) -> None:
    """A file with all transitions until 2037, and one with few and a footer."""
    fat, slim = written("fat", tmp), written("slim", tmp)
    names = [name for name in ZONES[::9] if (slim / name).is_file()]
    assert len(names) > 40 and any((fat / n).stat().st_size > (slim / n).stat().st_size + 500 for n in names)
    assert [ask(fat / name, [f"d {slim / name}"]) for name in names] == [["same"]] * len(names)
