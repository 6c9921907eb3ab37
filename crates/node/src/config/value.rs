//! What a key takes.

use std::fmt;
use std::net::SocketAddr;

/// A kind of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// Words with commas between them; may be empty.
    List,
    /// A word; may be empty.
    Optional,
    Flag,
    Address,
    /// `512`, `100kb`, `10mb`, `1gb`.
    Bytes,
    Count,
    /// `500ms`, `10s`, `2m`, `1h`, `-1`.
    Time,
    LogFormat,
    /// An address, or `off`.
    AddressOrOff,
    /// Any text, also none; never shown.
    Secret,
    /// `always`, `everysec`.
    Fsync,
}

/// A value that fits its kind. Shown as it was given.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Text(String),
    Address(SocketAddr),
    Count(usize, String),
    /// `None`: no limit.
    Millis(Option<u64>, String),
    Secret(String),
}

impl Kind {
    pub fn parse(self, text: &str) -> Option<Value> {
        match self {
            Self::Text => (!text.is_empty()).then(|| Value::Text(text.to_owned())),
            Self::List | Self::Optional => Some(Value::Text(text.to_owned())),
            Self::Flag => ["true", "false"].contains(&text).then(|| Value::Text(text.to_owned())),
            Self::LogFormat => ["text", "json"].contains(&text).then(|| Value::Text(text.to_owned())),
            Self::Fsync => ["always", "everysec"].contains(&text).then(|| Value::Text(text.to_owned())),
            Self::Secret => Some(Value::Secret(text.to_owned())),
            Self::AddressOrOff if text == "off" => Some(Value::Text(text.to_owned())),
            Self::AddressOrOff | Self::Address => text.parse().ok().map(Value::Address),
            Self::Count => text.parse().ok().map(|count| Value::Count(count, text.to_owned())),
            Self::Bytes => scaled(text, &[("gb", 1 << 30), ("mb", 1 << 20), ("kb", 1 << 10), ("b", 1), ("", 1)])
                .map(|bytes| Value::Count(bytes as usize, text.to_owned())),
            Self::Time if text == "-1" => Some(Value::Millis(None, text.to_owned())),
            Self::Time => scaled(text, &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)])
                .map(|millis| Value::Millis(Some(millis), text.to_owned())),
        }
    }

    pub fn expected(self) -> &'static str {
        match self {
            Self::Text => "a word",
            Self::List => "words with commas between them",
            Self::Optional => "a word or nothing",
            Self::Flag => "true or false",
            Self::Address => "an address with a port, such as 127.0.0.1:9200",
            Self::Bytes => "a number of bytes, such as 512, 100kb, 10mb or 1gb",
            Self::Count => "a whole number from 0 on",
            Self::Time => "a time, such as 500ms, 10s, 2m or 1h, or -1 for none",
            Self::LogFormat => "text or json",
            Self::AddressOrOff => "an address with a port, such as 127.0.0.1:6379, or off",
            Self::Secret => "a text",
            Self::Fsync => "always or everysec",
        }
    }

    /// How the file spells a value.
    pub fn toml(self, text: &str) -> String {
        if matches!(self, Self::Count | Self::Flag) { text.to_owned() } else { format!("\"{text}\"") }
    }
}

/// A whole number with one of the units, times that unit's factor.
fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = units.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit.trim())).map(|(_, factor)| factor)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

impl Value {
    pub fn count(&self) -> Option<usize> {
        if let Self::Count(count, _) = self { Some(*count) } else { None }
    }

    pub fn millis(&self) -> Option<u64> {
        if let Self::Millis(millis, _) = self { *millis } else { None }
    }

    pub fn secret(&self) -> &str {
        if let Self::Secret(text) = self { text } else { "" }
    }

    /// Words of a list.
    pub fn words(&self) -> Vec<String> {
        let Self::Text(text) = self else { return Vec::new() };
        text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }

    pub fn address(&self) -> Option<SocketAddr> {
        if let Self::Address(address) = self { Some(*address) } else { None }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) | Self::Count(_, text) | Self::Millis(_, text) => f.write_str(text),
            Self::Address(address) => address.fmt(f),
            Self::Secret(text) => f.write_str(if text.is_empty() { "" } else { "******" }),
        }
    }
}
