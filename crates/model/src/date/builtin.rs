//! The named formats: `strict_date_optional_time`, `basic_week_date_time` and their kin, as patterns for [`Layout::named`].

use super::layout::Layout;

/// Name (without `strict_`), pattern read, pattern written where it is another one, and in which forms it exists.
type Row = (&'static str, &'static str, Option<&'static str>, Forms);

#[derive(Clone, Copy, PartialEq)]
enum Forms {
    /// `name` takes numbers without padding, `strict_name` does not.
    Both,
    /// Only `name`, lenient.
    Lenient,
    /// Only `strict_name`.
    Strict,
    /// Only `name`, strict.
    Basic,
    /// `name` and `strict_name`, both strict.
    BasicBoth,
}

use Forms::{Basic, BasicBoth, Both, Lenient, Strict};

const OPTIONAL_TIME: &str = "uuuu[-MM[-dd['T'[HH[:mm[:ss[f][,F]]][v]]]]]";

const TABLE: &[Row] = &[
    ("date_optional_time", OPTIONAL_TIME, Some("uuuu-MM-dd'T'HH:mm:ss.SSSv"), Both),
    ("date", "uuuu[-MM[-dd]]", None, Lenient),
    ("date", "uuuu-MM-dd", None, Strict),
    ("date_hour", "uuuu-MM-dd'T'HH", None, Both),
    ("date_hour_minute", "uuuu-MM-dd'T'HH:mm", None, Both),
    ("date_hour_minute_second", "uuuu-MM-dd'T'HH:mm:ss", None, Both),
    ("date_hour_minute_second_fraction", "uuuu-MM-dd'T'HH:mm:ssf", None, Both),
    ("date_hour_minute_second_millis", "uuuu-MM-dd'T'HH:mm:ssfff", None, Both),
    ("date_time", "uuuu-MM-dd'T'HH:mm[:ssf]v", None, Lenient),
    ("date_time", "uuuu-MM-dd'T'HH:mm:ss[f]v", None, Strict),
    ("date_time_no_millis", "uuuu-MM-dd'T'HH:mm[:ss][v]", None, Lenient),
    ("date_time_no_millis", "uuuu-MM-dd'T'HH:mm:ssv", None, Strict),
    ("hour", "HH", None, Both),
    ("hour_minute", "HH:mm", None, Both),
    ("hour_minute_second", "HH:mm:ss", None, Both),
    ("hour_minute_second_fraction", "HH:mm:ssf", None, Both),
    ("hour_minute_second_millis", "HH:mm:ssfff", None, Both),
    ("ordinal_date", "uuuu-DDD", None, Both),
    ("ordinal_date_time", "uuuu-DDD'T'HH:mm:ssfv", None, Both),
    ("ordinal_date_time_no_millis", "uuuu-DDD'T'HH:mm:ssv", None, Both),
    ("time", "HH:mm:ssfv", None, Both),
    ("time_no_millis", "HH:mm:ssv", None, Both),
    ("t_time", "'T'HH:mm:ssfv", None, Both),
    ("t_time_no_millis", "'T'HH:mm:ssv", None, Both),
    ("week_date", "YYYY-'W'ww-e", None, Both),
    ("week_date_time", "YYYY-'W'ww-e'T'HH:mm:ssfv", None, Both),
    ("week_date_time_no_millis", "YYYY-'W'ww-e'T'HH:mm:ssv", None, Both),
    ("weekyear", "YYYYY", None, Both),
    ("weekyear_week", "YYYY-'W'ww", None, Both),
    ("weekyear_week_day", "YYYY-'W'ww-e", None, Both),
    ("year", "uuuuu", None, Both),
    ("year_month", "uuuu-MM", None, Both),
    ("year_month_day", "uuuu-MM-dd", None, Lenient),
    ("year_month_day", "uuuu[-MM[-dd]]", None, Strict),
    ("week_year", "YYYYY", None, Lenient),
    ("basic_date", "uuuMMdd", None, Basic),
    ("basic_date_time", "uuuMMdd'T'HHmmssfv", None, Basic),
    ("basic_date_time_no_millis", "uuuMMdd'T'HHmmssv", None, Basic),
    ("basic_ordinal_date", "uuuDDD", None, Basic),
    ("basic_ordinal_date_time", "uuuDDD'T'HHmmssfv", None, Basic),
    ("basic_ordinal_date_time_no_millis", "uuuDDD'T'HHmmssv", None, Basic),
    ("basic_time", "HHmmssfv", None, Basic),
    ("basic_time_no_millis", "HHmmssv", None, Basic),
    ("basic_t_time", "'T'HHmmssfv", None, Basic),
    ("basic_t_time_no_millis", "'T'HHmmssv", None, Basic),
    ("basic_week_date", "YYY'W'wwe", None, BasicBoth),
    ("basic_week_date_time", "YYY'W'wwe'T'HHmmssfv", None, BasicBoth),
    ("basic_week_date_time_no_millis", "YYY'W'wwe'T'HHmmssv", None, BasicBoth),
];

/// The format of that name.
pub(super) fn named(name: &str) -> Option<Layout> {
    match name {
        "iso8601" => return named("strict_date_optional_time"),
        "strict_date_optional_time_nanos" => {
            return layout("uuuu[-MM[-dd['T'HH:mm:ss[f][,F][v]]]]", Some("uuuu-MM-dd'T'HH:mm:ssfv"), false)
                .map(|layout| Layout { iso: true, ..layout });
        }
        "rfc3339_lenient" => {
            let pattern = "uuuu[-MM[-ddtHH:mm[:ss[f][,F]][o]]]";
            let dates = layout(&pattern.replacen("[-ddt", "[-dd[t", 1).replacen("[o]", "[o]]", 1), None, false)?;
            let printed = Layout::named("uuuu-MM-dd'T'HH:mm:ss.SSSv", false)?.items;
            return Some(Layout { printed: Some(printed), offset_required: true, ..dates });
        }
        _ => {}
    }
    // Names with capitals are old spellings of the same.
    let snake = snake_case(name);
    let (base, strict) = match snake.strip_prefix("strict_") {
        Some(base) => (base, true),
        None => (snake.as_str(), false),
    };
    let excluded = if strict { [Basic, Lenient] } else { [Strict, Strict] };
    let (_, read, written, forms) = TABLE.iter().find(|row| row.0 == base && !excluded.contains(&row.3))?;
    let lenient = !strict && matches!(forms, Both | Lenient);
    let mut layout = layout(read, *written, lenient)?;
    layout.iso = base == "date_optional_time";
    Some(layout)
}

fn layout(read: &str, written: Option<&str>, lenient: bool) -> Option<Layout> {
    let mut layout = Layout::named(read, lenient)?;
    if written.is_some() || lenient {
        layout.printed = Some(Layout::named(written.unwrap_or(read), false)?.items);
    }
    Some(layout)
}

/// What errors show a date as.
pub(super) fn strict_date_time() -> Layout {
    let items = Layout::named("uuuu-MM-dd'T'HH:mm:ss[f]v", false).map(|layout| layout.items).unwrap_or_default();
    Layout { items, printed: None, iso: false, offset_required: false }
}

fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}
