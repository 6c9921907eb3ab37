//! Dates that are counts since 1970: `epoch_second`, `epoch_millis`, `epoch_micros`, with a fraction.

use super::{Missing, Moment, Unread};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Epoch {
    Second,
    Millis,
    Micros,
}

impl Epoch {
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "epoch_second" => Some(Self::Second),
            "epoch_millis" => Some(Self::Millis),
            "epoch_micros" => Some(Self::Micros),
            _ => None,
        }
    }

    /// How many there are in a second, and how many digits a fraction may have.
    fn scale(self) -> (i128, usize) {
        match self {
            Self::Second => (1, 9),
            Self::Millis => (1000, 6),
            Self::Micros => (1_000_000, 3),
        }
    }

    pub(super) fn parse(self, text: &str, missing: Missing) -> Result<Moment, Unread> {
        let why = || Unread::Shape(format!("Text '{text}' could not be parsed at index 0"));
        self.read(text, missing).ok_or_else(why)
    }

    fn read(self, text: &str, missing: Missing) -> Option<Moment> {
        let (per_second, max_digits) = self.scale();
        let unit_nanos = 1_000_000_000 / per_second;
        let (number, fraction) = text.split_once('.').map_or((text, None), |(number, rest)| (number, Some(rest)));
        let digits = number.strip_prefix('-').unwrap_or(number);
        if digits.is_empty() || digits.len() > 19 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let count = i128::from(number.parse::<i64>().ok()?);
        let above = match fraction {
            Some(rest) if !rest.is_empty() => {
                if rest.len() > max_digits || !rest.bytes().all(|b| b.is_ascii_digit()) {
                    return None;
                }
                rest.parse::<i128>().ok()? * 10_i128.pow((max_digits - rest.len()) as u32)
            }
            _ if missing == Missing::Last => unit_nanos - 1,
            _ => 0,
        };
        // OpenSearch counts the fraction of seconds forwards, also before 1970; of smaller units, away from zero.
        let backwards = number.starts_with('-') && self != Self::Second && fraction.is_some();
        let nanos = count * unit_nanos + if backwards { -above } else { above };
        let ms = i64::try_from(nanos.div_euclid(1_000_000)).ok()?;
        Some(Moment { ms, nanos: nanos.rem_euclid(1_000_000) as u32 })
    }

    pub(super) fn print(self, moment: Moment) -> String {
        let (per_second, digits) = self.scale();
        let unit_nanos = 1_000_000_000 / per_second;
        let nanos = i128::from(moment.ms) * 1_000_000 + i128::from(moment.nanos);
        let (count, above) = (nanos.div_euclid(unit_nanos), nanos.rem_euclid(unit_nanos));
        match above {
            0 => count.to_string(),
            above => format!("{count}.{}", format!("{above:0digits$}").trim_end_matches('0')),
        }
    }
}
