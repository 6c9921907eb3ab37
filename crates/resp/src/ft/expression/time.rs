//! Moments, in seconds since 1970, UTC: taken apart, written, read.

use super::Scalar;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Year,
    /// From 0.
    Month,
    DayOfMonth,
    /// From 0, Sunday.
    DayOfWeek,
    /// From 0.
    DayOfYear,
}

/// A moment taken apart.
struct Civil {
    year: i64,
    /// From 1.
    month: i64,
    day: i64,
    second_of_day: i64,
    days: i64,
}

/// The latest moment that is one, so that nothing below overflows.
const MOST: f64 = 1e14;

fn moment(value: &Scalar) -> Option<i64> {
    value.number().filter(|seconds| (0.0..MOST).contains(seconds)).map(|seconds| seconds as i64)
}

/// Days since 1970 to year, month and day: Hinnant, "chrono-Compatible Low-Level Date Algorithms".
fn civil(seconds: i64) -> Civil {
    let days = seconds.div_euclid(86_400);
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    Civil {
        year: year_of_era + era * 400 + i64::from(month <= 2),
        month,
        day: of_year - (153 * shifted_month + 2) / 5 + 1,
        second_of_day: seconds.rem_euclid(86_400),
        days,
    }
}

fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

pub(super) fn floored(value: &Scalar, unit: i64) -> Scalar {
    moment(value).map_or(Scalar::Null, |seconds| Scalar::Number((seconds - seconds.rem_euclid(unit)) as f64))
}

/// The beginning of its month.
pub(super) fn month(value: &Scalar) -> Scalar {
    moment(value).map_or(Scalar::Null, |seconds| {
        let civil = civil(seconds);
        Scalar::Number((days_of(civil.year, civil.month, 1) * 86_400) as f64)
    })
}

pub(super) fn part(value: &Scalar, part: Part) -> Scalar {
    moment(value).map_or(Scalar::Null, |seconds| Scalar::Number(civil(seconds).part(part) as f64))
}

impl Civil {
    fn part(&self, part: Part) -> i64 {
        match part {
            Part::Year => self.year,
            Part::Month => self.month - 1,
            Part::DayOfMonth => self.day,
            Part::DayOfWeek => (self.days + 4).rem_euclid(7),
            Part::DayOfYear => self.days - days_of(self.year, 1, 1),
        }
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// As `strftime` writes it; `%FT%TZ` without a pattern.
pub(super) fn format(value: &Scalar, pattern: Option<&Scalar>) -> Scalar {
    let Some(seconds) = moment(value) else { return Scalar::Null };
    let pattern = pattern.map_or_else(|| "%FT%TZ".to_owned(), Scalar::text);
    let civil = civil(seconds);
    let mut found = String::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '%' => match chars.next() {
                Some(directive) => civil.write(directive, seconds, &mut found),
                None => found.push('%'),
            },
            c => found.push(c),
        }
    }
    Scalar::Text(found)
}

impl Civil {
    fn write(&self, directive: char, seconds: i64, out: &mut String) {
        let (hour, minute, second) = (self.second_of_day / 3600, self.second_of_day / 60 % 60, self.second_of_day % 60);
        let month = MONTHS.get(self.month as usize - 1).copied().unwrap_or_default();
        let day = DAYS.get(self.part(Part::DayOfWeek) as usize).copied().unwrap_or_default();
        let twelve = if hour % 12 == 0 { 12 } else { hour % 12 };
        let half = if hour < 12 { "AM" } else { "PM" };
        let text = match directive {
            'Y' => self.year.to_string(),
            'C' => format!("{:02}", self.year / 100),
            'y' => format!("{:02}", self.year % 100),
            'm' => format!("{:02}", self.month),
            'd' => format!("{:02}", self.day),
            'e' => format!("{:2}", self.day),
            'H' => format!("{hour:02}"),
            'I' => format!("{twelve:02}"),
            'M' => format!("{minute:02}"),
            'S' => format!("{second:02}"),
            'p' => half.to_owned(),
            'j' => format!("{:03}", self.part(Part::DayOfYear) + 1),
            'w' => self.part(Part::DayOfWeek).to_string(),
            'u' => (self.part(Part::DayOfWeek) + 6).rem_euclid(7).saturating_add(1).to_string(),
            'A' => day.to_owned(),
            'a' => day[..3].to_owned(),
            'B' => month.to_owned(),
            'b' | 'h' => month[..3].to_owned(),
            'F' => format!("{}-{:02}-{:02}", self.year, self.month, self.day),
            'T' => format!("{hour:02}:{minute:02}:{second:02}"),
            'R' => format!("{hour:02}:{minute:02}"),
            'D' => format!("{:02}/{:02}/{:02}", self.month, self.day, self.year % 100),
            's' => seconds.to_string(),
            'Z' => "GMT".to_owned(),
            'z' => "+0000".to_owned(),
            'n' => "\n".to_owned(),
            't' => "\t".to_owned(),
            '%' => "%".to_owned(),
            other => format!("%{other}"),
        };
        out.push_str(&text);
    }
}

/// As `strptime` reads it.
pub(super) fn parse(text: &str, pattern: &str) -> Scalar {
    read(text, pattern).map_or(Scalar::Null, |seconds| Scalar::Number(seconds as f64))
}

fn read(text: &str, pattern: &str) -> Option<i64> {
    let pattern =
        pattern.replace("%F", "%Y-%m-%d").replace("%T", "%H:%M:%S").replace("%R", "%H:%M").replace("%D", "%m/%d/%y");
    let mut rest = text;
    let (mut year, mut month, mut day, mut time) = (1970, 1, 1, [0_i64; 3]);
    let (mut afternoon, mut seconds) = (None, None);
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        if c.is_whitespace() {
            rest = rest.trim_start();
            continue;
        }
        if c != '%' {
            rest = rest.strip_prefix(c)?;
            continue;
        }
        match chars.next()? {
            'Y' => year = digits(&mut rest, 4)?,
            'y' => {
                let short = digits(&mut rest, 2)?;
                year = if short < 69 { 2000 + short } else { 1900 + short };
            }
            'm' => month = digits(&mut rest, 2)?,
            'd' | 'e' => day = digits(&mut rest, 2)?,
            'H' | 'I' => time[0] = digits(&mut rest, 2)?,
            'M' => time[1] = digits(&mut rest, 2)?,
            'S' => time[2] = digits(&mut rest, 2)?,
            's' => seconds = Some(digits(&mut rest, 15)?),
            'p' => afternoon = Some(name(&mut rest, &["AM", "PM"])? == 1),
            'b' | 'B' | 'h' => month = name(&mut rest, &MONTHS)? as i64 + 1,
            'a' | 'A' => {
                name(&mut rest, &DAYS)?;
            }
            'Z' => rest = rest.trim_start_matches(|c: char| c.is_ascii_alphabetic()),
            '%' => rest = rest.strip_prefix('%')?,
            _ => return None,
        }
    }
    if let Some(afternoon) = afternoon {
        time[0] = time[0] % 12 + if afternoon { 12 } else { 0 };
    }
    let valid = (1..=12).contains(&month) && (1..=31).contains(&day) && time[0] < 24 && time[1] < 60 && time[2] <= 60;
    valid.then(|| {
        seconds.unwrap_or_else(|| days_of(year, month, day) * 86_400 + time[0] * 3600 + time[1] * 60 + time[2])
    })
}

fn digits(rest: &mut &str, most: usize) -> Option<i64> {
    let text = rest.trim_start();
    let count = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let value = text.get(..count)?.parse().ok()?;
    *rest = &text[count..];
    Some(value)
}

/// Which of the names stands here, whole or its first three letters.
fn name(rest: &mut &str, names: &[&str]) -> Option<usize> {
    for (at, name) in names.iter().enumerate() {
        for name in [name, &name[..name.len().min(3)]] {
            if rest.get(..name.len()).is_some_and(|text| text.eq_ignore_ascii_case(name)) {
                *rest = &rest[name.len()..];
                return Some(at);
            }
        }
    }
    None
}
