//! Values in tables: how they compare, and how they are written.

use std::cmp::Ordering;

use crate::http::budget::human;
use crate::params::Params;

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    /// Nothing: null in JSON.
    Empty,
    Text(String),
    Number(i64),
    /// With this many decimals.
    Fraction(f64, usize),
    Bytes(u64),
    /// A time, in milliseconds.
    Millis(u64),
}

/// Units for sizes and times; `None`: the one that suits each value.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Units {
    /// Bytes in the unit.
    bytes: Option<u64>,
    /// Nanoseconds in the unit.
    time: Option<u64>,
}

impl Units {
    /// Takes `bytes` and `time`. A unit that there is not is passed by.
    pub(crate) fn take(params: &mut Params) -> Self {
        let bytes = params.take("bytes").and_then(|unit| match unit.as_str() {
            "b" => Some(1),
            "k" | "kb" => Some(1 << 10),
            "m" | "mb" => Some(1 << 20),
            "g" | "gb" => Some(1 << 30),
            "t" | "tb" => Some(1 << 40),
            "p" | "pb" => Some(1 << 50),
            _ => None,
        });
        let time = params.take("time").and_then(|unit| match unit.as_str() {
            "nanos" => Some(1),
            "micros" => Some(1_000),
            "ms" => Some(1_000_000),
            "s" => Some(1_000_000_000),
            "m" => Some(60_000_000_000),
            "h" => Some(3_600_000_000_000),
            "d" => Some(86_400_000_000_000),
            _ => None,
        });
        Self { bytes, time }
    }
}

impl Cell {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn number(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }

    /// What `given` holds, or nothing.
    pub(crate) fn of<T>(given: Option<T>, cell: impl FnOnce(T) -> Self) -> Self {
        given.map_or(Self::Empty, cell)
    }

    /// As it is shown; `None`: nothing.
    pub(crate) fn text_in(&self, units: &Units) -> Option<String> {
        Some(match self {
            Self::Empty => return None,
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Fraction(number, decimals) => format!("{number:.decimals$}"),
            Self::Bytes(bytes) => units.bytes.map_or_else(|| human(*bytes), |unit| (bytes / unit).to_string()),
            Self::Millis(ms) => units
                .time
                .map_or_else(|| duration(*ms), |unit| (u128::from(*ms) * 1_000_000 / u128::from(unit)).to_string()),
        })
    }

    /// Numbers by value, text by its characters, nothing first.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Empty, Self::Empty) => Ordering::Equal,
            (Self::Empty, _) => Ordering::Less,
            (_, Self::Empty) => Ordering::Greater,
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (a, b) => a.rank().total_cmp(&b.rank()),
        }
    }

    fn rank(&self) -> f64 {
        match self {
            Self::Number(number) => *number as f64,
            Self::Fraction(number, _) => *number,
            Self::Bytes(number) | Self::Millis(number) => *number as f64,
            Self::Empty | Self::Text(_) => f64::NEG_INFINITY,
        }
    }
}

/// `1.5s`: the largest unit that fits, one decimal, rounded down.
pub(crate) fn duration(ms: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    if ms == 0 {
        return "0s".into();
    }
    for (size, unit) in UNITS {
        if ms >= size {
            let tenths = u128::from(ms) * 10 / u128::from(size);
            let (whole, tenth) = (tenths / 10, tenths % 10);
            return if tenth == 0 { format!("{whole}{unit}") } else { format!("{whole}.{tenth}{unit}") };
        }
    }
    format!("{ms}ms")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_for_people_and_in_units() {
        for (ms, text) in [(0, "0s"), (16, "16ms"), (4569, "4.5s"), (3_228_000, "53.8m"), (3_604_411, "1h")] {
            assert_eq!(duration(ms), text);
        }
        let units = Units::take(&mut Params::parse("time=m&bytes=k"));
        assert_eq!(Cell::Millis(3_604_411).text_in(&units).as_deref(), Some("60"));
        assert_eq!(Cell::Bytes(4565).text_in(&units).as_deref(), Some("4"));
        let nanos = Units::take(&mut Params::parse("time=nanos"));
        assert_eq!(Cell::Millis(u64::MAX).text_in(&nanos).as_deref(), Some("18446744073709551615000000"));
    }

    #[test]
    fn what_is_larger() {
        assert_eq!(Cell::Number(9).compare(&Cell::Number(10)), Ordering::Less);
        assert_eq!(Cell::text("9").compare(&Cell::text("10")), Ordering::Greater);
        assert_eq!(Cell::Empty.compare(&Cell::Bytes(0)), Ordering::Less);
        assert_eq!(Cell::Fraction(1.5, 2).text_in(&Units::default()).as_deref(), Some("1.50"));
    }
}
