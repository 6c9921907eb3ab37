//! The proleptic Gregorian calendar as plain arithmetic on days, for any year an `i64` of milliseconds can name.
//!
//! Algorithms after Howard Hinnant, "chrono-compatible low-level date algorithms" (2013).

/// Days since 1970-01-01 of a date. `month` 1 to 12; `day` may lie outside the month.
pub fn days(year: i64, month: i64, day: i64) -> i64 {
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of a number of days since 1970-01-01.
pub fn date(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

pub fn is_leap(year: i64) -> bool {
    year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0)
}

/// 28 to 31.
pub fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

/// 1 (Monday) to 7.
pub fn weekday(days: i64) -> i64 {
    (days + 3).rem_euclid(7) + 1
}

/// 1 to 366.
pub fn day_of_year(days: i64) -> i64 {
    days - self::days(date(days).0, 1, 1) + 1
}

/// The Monday of week 1 (the week with the year's first Thursday) of a week-based year.
pub fn first_week(year: i64) -> i64 {
    let fourth = days(year, 1, 4);
    fourth - (weekday(fourth) - 1)
}

/// Week-based year and week (1 to 53), after ISO 8601.
pub fn week(days: i64) -> (i64, i64) {
    let year = date(days + 4 - weekday(days)).0;
    (year, (days - first_week(year)) / 7 + 1)
}

/// `days` moved by whole months; the day is clipped to the month's last. `None`: outside what can be counted.
pub fn add_months(days: i64, months: i64) -> Option<i64> {
    let (year, month, day) = date(days);
    let total = year.checked_mul(12)?.checked_add(month - 1)?.checked_add(months)?;
    let (year, month) = (total.div_euclid(12), total.rem_euclid(12) + 1);
    (year.abs() <= 999_999_999).then(|| self::days(year, month, day.min(days_in_month(year, month))))
}
