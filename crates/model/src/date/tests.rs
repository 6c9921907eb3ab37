//! Formats against recorded answers, patterns, zones, math.

use super::*;

fn moment(pattern: &str, text: &str) -> Result<i64, Error> {
    DateFormat::parse_pattern(pattern)?.parse(text, None).map(|moment| moment.ms)
}

/// Where OpenSearch's own formats deviate from their rule, and we keep the rule.
fn deviates(format: &str, input: &str) -> bool {
    matches!(
        (format, input),
        // Java's lenient resolution of some formats: dates are clipped, midnight at the day's end is allowed.
        ("strict_date", "2024-02-30") | ("strict_hour", "24") | ("strict_date_hour_minute", "2024-01-02T24:00")
        // Months of three digits.
        | ("year_month", "2024-002")
        // We read zones in every notation wherever a zone is read, and a time never right after a month.
        | ("date_optional_time", "2024-01-02T03Z" | "2024-01-02T03+01:00" | "2024-2T3:4:5.1Z" | "2024-2T3:4:5Z")
        | ("date_time" | "date_time_no_millis", "2024-2T3:4:5.1Z" | "2024-2T3:4:5Z" | "2024-01-02T03:04Europe/Paris")
        | ("date_time", "2024-01-02T03:04:05.123Europe/Berlin" | "2024-01-02T03:04:05.123UTC")
        | ("date_time" | "rfc3339_lenient", "2024-12-30T03:04:05.12+01:30:15")
        | ("rfc3339_lenient", "+12024" | "-2024-01-02" | "2024-01-02T03:04:05.123-00:00")
    )
}

#[test]
fn named_formats_read_and_write_what_opensearch_does() {
    let recorded = include_str!("../../testdata/date_formats.txt");
    let mut inputs: Vec<&str> = Vec::new();
    let mut wrong = Vec::new();
    for block in recorded.split("\n\n") {
        let mut lines = block.lines().filter(|line| !line.starts_with('#'));
        let head = lines.next().unwrap();
        if let Some(list) = head.strip_prefix("inputs ") {
            inputs = list.split('|').collect();
            continue;
        }
        let name = head.strip_prefix("format ").unwrap();
        let format = DateFormat::parse_pattern(name).unwrap();
        let written = lines.next().unwrap().strip_prefix("writes ").unwrap();
        let shown = format.format(Moment::from_ms(1_706_933_106_780), None);
        if shown != written {
            wrong.push(format!("{name} writes {shown}, not {written}"));
        }
        let accepted: Vec<(&str, i64)> =
            lines.map(|line| line.split_once(' ').map(|(ms, text)| (text, ms.parse().unwrap())).unwrap()).collect();
        for input in &inputs {
            let expected = accepted.iter().find(|(text, _)| text == input).map(|(_, ms)| *ms);
            let found = format.parse(input, None).ok().map(|moment| moment.ms);
            if expected != found && !deviates(name, input) {
                wrong.push(format!("{name} {input}: {found:?}, not {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn java_patterns_read_and_write() {
    for (pattern, text, ms, written) in [
        ("yyyy-MM-dd", "2023-02-28", 1_677_542_400_000, "2023-02-28"),
        ("yyyy-MM-dd", "+12023-01-01", 317_242_051_200_000, "+12023-01-01"),
        ("uuuu-MM-dd", "-2023-01-01", -126_006_883_200_000, "-2023-01-01"),
        ("yyyyMMdd", "20230131", 1_675_123_200_000, "20230131"),
        ("yyyyMMdd", "+120230131", 317_244_643_200_000, "+120230131"),
        ("yyyyMMddHHmmssSSS", "20230131010203004", 1_675_126_923_004, "20230131010203004"),
        ("dd/MMM/yyyy:HH:mm:ss Z", "10/Oct/2000:13:55:36 -0700", 971_211_336_000, "10/Oct/2000:20:55:36 +0000"),
        (
            "EEE, d MMM yyyy HH:mm:ss zzz",
            "Tue, 10 Oct 2000 13:55:36 CET",
            971_178_936_000,
            "Tue, 10 Oct 2000 11:55:36 Z",
        ),
        ("MM/dd/yy", "01/02/70", 3_155_846_400_000, "01/02/70"),
        ("yyyy-MM-dd'T'HH:mm:ssX", "2024-01-02T03:04:05+0130", 1_704_159_245_000, "2024-01-02T01:34:05Z"),
        ("yyyy-MM-dd'T'HH:mm:ssXXX", "2024-01-02T03:04:05+01:00", 1_704_161_045_000, "2024-01-02T02:04:05Z"),
        ("yyyy-MM-dd'T'HH:mm:ssx", "2024-01-02T03:04:05+01", 1_704_161_045_000, "2024-01-02T02:04:05+00"),
        ("yyyy-MM-dd HH:mm VV", "2024-03-31 02:30 Europe/Berlin", 1_711_848_600_000, "2024-03-31 01:30 Z"),
        ("yyyy-MM-dd HH:mm VV", "2024-10-27 02:30 Europe/Berlin", 1_729_989_000_000, "2024-10-27 00:30 Z"),
        ("yyyy-MM-dd[ HH:mm[:ss]]", "2024-01-02 03:04", 1_704_164_640_000, "2024-01-02 03:04:00"),
        ("yyyy-DDD", "2024-060", 1_709_164_800_000, "2024-060"),
        ("HH:mm", "03:04", 11_040_000, "03:04"),
        ("MM-dd", "03-04", 5_356_800_000, "03-04"),
        ("YYYY-'W'ww-e", "2024-W05-7", 1_707_004_800_000, "2024-W05-7"),
        ("YYYY-MM-dd", "2024-05-06", 1_704_067_200_000, "2024-01-01"),
        ("yyyy-MM-dd HH:mm:ss,SSSSSS", "2024-01-02 03:04:05,123456", 1_704_164_645_123, "2024-01-02 03:04:05,123000"),
        ("h:mm a", "1:00 AM", 3_600_000, "1:00 AM"),
        ("kk:mm", "24:00", 0, "24:00"),
        ("yyyy-M-d", "2024-011-2", 1_730_505_600_000, "2024-11-2"),
        ("yyyy-MM-dd O", "2024-01-02 GMT+8", 1_704_124_800_000, "2024-01-01 GMT"),
        ("8yyyy-MM-dd", "2024-01-02", 1_704_153_600_000, "2024-01-02"),
        ("yyyy 'o''clock' HH", "2024 o'clock 05", 1_704_085_200_000, "2024 o'clock 05"),
        ("epoch_second", "1700000000.123", 1_700_000_000_123, "1700000000.123"),
        ("epoch_second", "-5.5", -4500, "-5.5"),
        ("epoch_millis", "-1.5", -2, "-2"),
        ("epoch_millis", "5.", 5, "5"),
        ("", "2024", 1_704_067_200_000, "2024-01-01T00:00:00.000Z"),
        ("dateOptionalTime", "2024-01-02", 1_704_153_600_000, "2024-01-02T00:00:00.000Z"),
        (DEFAULT_FORMAT, "1700000000000", 1_700_000_000_000, "2023-11-14T22:13:20.000Z"),
    ] {
        let format = DateFormat::parse_pattern(pattern).unwrap();
        let found = format.parse(text, None).unwrap_or_else(|error| panic!("{pattern} {text}: {error}"));
        assert_eq!(found.ms, ms, "{pattern} {text}");
        assert_eq!(format.format(Moment::from_ms(ms), None), written, "{pattern} {text}");
    }
}

#[test]
fn what_no_format_reads_is_refused() {
    for (pattern, text) in [
        ("yyyy-MM-dd", "2023-02-30"),
        ("yyyy-MM-dd", "12023-01-01"),
        ("yyyy-MM-dd", "2023-1-1"),
        ("yyyyMMdd", "2023013"),
        ("yyyy-MM-dd HH:mm:ss", "2024-01-02 24:00:00"),
        ("yyyy-DDD", "2023-366"),
        ("yyyyy", "2024"),
        ("epoch_millis", "12345678901234567890"),
        ("epoch_second", "+5"),
        ("yyyy-MM-dd z", "2024-01-02 PST"),
        (DEFAULT_FORMAT, "\u{e9}\u{e9}\u{e9}\u{e9}-\u{e9}"),
        (DEFAULT_FORMAT, "2024-01-02T03:04:05+1\u{e9}:0"),
        (DEFAULT_FORMAT, ""),
    ] {
        assert!(moment(pattern, text).is_err(), "{pattern} {text}");
    }
    let error = moment(DEFAULT_FORMAT, "soon").unwrap_err();
    assert_eq!(error.reason, "failed to parse date field [soon] with format [strict_date_optional_time||epoch_millis]");
    assert_eq!(error.cause.unwrap().reason, "Failed to parse with all enclosed parsers");
    for (pattern, reason) in [
        ("foo", "Invalid format: [foo]: Unknown pattern letter: f"),
        ("yyyy-MM-dd'", "Invalid format: [yyyy-MM-dd']: Pattern ends with an incomplete string literal: yyyy-MM-dd'"),
        ("||", "Cannot have empty element in multi date format pattern: ||"),
        ("yyyy{", "Invalid format: [yyyy{]: Pattern includes reserved character: '{'"),
    ] {
        assert_eq!(DateFormat::parse_pattern(pattern).unwrap_err().reason, reason);
    }
    assert!(DateFormat::parse_pattern(&"[".repeat(100_000)).is_err());
}

#[test]
fn upper_bounds_end_what_is_left_open() {
    let format = DateFormat::parse_pattern("strict_date_optional_time||MM/yyyy||HH:mm||epoch_second").unwrap();
    for (text, ms) in [
        ("2024", 1_704_153_599_999),
        ("05/2024", 1_714_607_999_999),
        ("2024-05-06", 1_715_039_999_999),
        ("2024-05-06T07:08:09", 1_714_979_289_999),
        ("10:11", 36_719_999),
        ("1700000000", 1_700_000_000_999),
    ] {
        assert_eq!(format.parse_rounded(text, None).unwrap(), Moment { ms, nanos: 999_999 }, "{text}");
    }
}

#[test]
fn date_math_adds_and_rounds() {
    let format = DateFormat::parse_pattern(DEFAULT_FORMAT).unwrap();
    let berlin = Zone::parse("Europe/Berlin").unwrap();
    for (text, zone, down, up) in [
        ("2024-05-06||/d", None, 1_714_953_600_000, 1_715_039_999_999),
        ("2024-05-06||", None, 1_714_953_600_000, 1_714_953_600_000),
        ("2024-05-06||/d/M", None, 1_714_521_600_000, 1_717_199_999_999),
        ("2024-05-31||+1M", None, 1_719_705_600_000, 1_719_705_600_000),
        ("2024-05-06||/w", None, 1_714_953_600_000, 1_715_558_399_999),
        ("1700000000000||/d", None, 1_699_920_000_000, 1_700_006_399_999),
        ("1700000000000||/d", Some(&berlin), 1_699_916_400_000, 1_700_002_799_999),
        ("2024-03-31||+12h/d", Some(&berlin), 1_711_839_600_000, 1_711_922_399_999),
        ("2024-03-30T02:30:00||+1d/h", Some(&berlin), 1_711_846_800_000, 1_711_850_399_999),
        ("2024-05-06T07:08:09+05:00||/d", Some(&berlin), 1_714_946_400_000, 1_715_032_799_999),
        ("now-1d/d", None, 1_795_132_800_000, 1_795_219_199_999),
        ("now", None, 1_795_234_383_147, 1_795_234_383_147),
    ] {
        for (round_up, ms) in [(false, down), (true, up)] {
            let found = format.parse_math(text, 1_795_234_383_147, round_up, zone).unwrap();
            assert_eq!(found.ms, ms, "{text} {zone:?} {round_up}");
        }
    }
    for (text, reason) in [
        ("now-", "truncated date math [-]"),
        ("nowx", "operator not supported for date math [x]"),
        ("now+1", "truncated date math [+1]"),
        ("now+1Q", "unit [Q] not supported for date math [+1Q]"),
        ("now/2d", "rounding `/` can only be used on single unit types [/2d]"),
        ("now+99999999999d", "For input string: \"99999999999\""),
        ("||/d", "cannot parse empty date"),
    ] {
        assert_eq!(format.parse_math(text, 0, false, None).unwrap_err().reason, reason, "{text}");
    }
    assert!(format.parse_math(&format!("now{}", "+2147483647y".repeat(9)), 0, false, None).is_err());
}

#[test]
fn zones_are_offsets_or_regions() {
    let known =
        [("+02:00", 7200), ("+2", 7200), ("-0530", -19_800), ("Z", 0), ("UTC", 0), ("GMT+1", 3600), ("CET", 3600)];
    for (name, offset) in known {
        assert_eq!(Zone::parse(name).unwrap().offset_at(0), offset, "{name}");
    }
    for name in ["", "2", "utc", "Nope/Zone", "EST", "+19:00", "europe/berlin"] {
        assert!(Zone::parse(name).is_err(), "{name}");
    }
}

#[test]
fn nanos_have_their_bounds() {
    let format = DateFormat::parse_pattern("strict_date_optional_time_nanos||epoch_millis").unwrap();
    let read = |text: &str| format.parse(text, None).unwrap().stored(DateResolution::Nanos);
    assert_eq!(read("2024-01-02T03:04:05.123456789Z").unwrap(), 1_704_164_645_123_456_789);
    assert_eq!(read("1700000000000.123456").unwrap(), 1_700_000_000_000_123_456);
    assert!(read("1969-12-31").unwrap_err().reason.ends_with("and cannot be stored in nanosecond resolution"));
    assert!(read("2300-01-01").is_err());
    assert_eq!(format.format(Moment::from_nanos(1_704_164_645_123_456_789), None), "2024-01-02T03:04:05.123456789Z");
}

mod properties {
    use proptest::prelude::*;

    use super::super::*;

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(pattern in "[yuMdHhmsSXZzVa\\[\\]' :/-]{0,12}", text in "\\PC{0,24}") {
            if let Ok(format) = DateFormat::parse_pattern(&pattern) {
                let _ = format.parse(&text, None);
                let _ = format.parse_math(&text, 0, true, None);
            }
        }

        #[test]
        fn what_is_written_is_read(ms in -62_135_596_800_000_i64..253_402_300_800_000) {
            let patterns = [
                "strict_date_optional_time", "yyyy-MM-dd HH:mm:ss.SSS", "basic_week_date_time", "epoch_millis", "yyyyDDDHHmmssSSS",
            ];
            for pattern in patterns {
                let format = DateFormat::parse_pattern(pattern).unwrap();
                let text = format.format(Moment::from_ms(ms), None);
                let read = format.parse(&text, None).map(|moment| moment.ms);
                prop_assert_eq!(read, Ok(ms), "{} {}", pattern, text);
            }
        }

        #[test]
        fn civil_round_trips(day in -400_000_000_i64..400_000_000) {
            let (year, month, date) = civil::date(day);
            prop_assert_eq!(civil::days(year, month, date), day);
        }
    }
}
