// SPDX-License-Identifier: Apache-2.0
#include "parse/years.h"

/* Months of 32 days are enough to order the times of a year. */
enum { DAY = 86400, MONTH = 32 * DAY };

int64_t lt_years_next(struct lt_years *years, struct lt_yearless line)
{
    uint32_t at = line.month * MONTH + line.day * DAY + line.second;
    if (years->at && at > years->at + 11 * MONTH + MONTH / 2)
        return years->year - 1;
    years->year += at + MONTH < years->at;
    years->at = at;
    return years->year;
}

int64_t lt_year_survey_add(struct lt_year_survey *survey, struct lt_yearless line)
{
    int64_t year = lt_years_next(&survey->years, line);
    survey->any = true;
    survey->last = line;
    survey->last_year = year;
    survey->max_year = year > survey->max_year ? year : survey->max_year;
    if (line.month == 2 && line.day == 29)
        survey->leap = year;
    return year;
}

int64_t lt_yearless_local(int64_t year, struct lt_yearless time)
{
    return lt_days_from_civil(year, time.month, time.day) * DAY + time.second;
}

int64_t lt_yearless_instant(const struct lt_zone *zone, int64_t year, struct lt_yearless time)
{
    int64_t local = lt_yearless_local(year, time);
    return local - lt_zone_offset(zone, local);
}

int64_t lt_year_survey_first(const struct lt_year_survey *survey, const struct lt_zone *zone, struct lt_time end)
{
    int64_t last = lt_civil_from(end.sec).year + 1;
    while (lt_yearless_instant(zone, last, survey->last) > end.sec + DAY)
        last--;
    int64_t first = last - survey->last_year;
    for (unsigned i = 0; i < 8 && survey->leap >= 0 && lt_days_in_month(first + survey->leap, 2) < 29; i++)
        first--;
    return first;
}
