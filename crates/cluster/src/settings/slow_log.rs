//! `index.search.slowlog.` and `index.indexing.slowlog.`: what is worth a line in the log.

use std::time::Duration;

use model::error::Error;

use super::value;

/// The slow logs of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlowLog {
    pub query: Thresholds,
    pub fetch: Thresholds,
    pub index: Thresholds,
    /// How many characters of a document are shown; `None`: all of them.
    pub shown: Option<usize>,
    /// A document is shown on one line, without white space.
    pub reformat: bool,
}

/// How much a line matters, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Trace,
    Debug,
    Info,
    Warn,
}

impl Level {
    const DOWN: [(&'static str, Self); 4] =
        [("warn", Self::Warn), ("info", Self::Info), ("debug", Self::Debug), ("trace", Self::Trace)];

    /// # Errors
    /// `illegal_argument_exception`, in OpenSearch's words.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let found = Self::DOWN.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
        found.map(|(_, level)| *level).ok_or_else(|| {
            let name = text.to_uppercase();
            Error::illegal_argument(format!("No enum constant org.opensearch.common.logging.SlowLogLevel.{name}"))
        })
    }
}

/// From which time on a line is written, for each level.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thresholds {
    /// The most important level first.
    above: Vec<(Level, Duration)>,
    /// Lines that matter less are not written.
    least: Option<Level>,
}

impl Thresholds {
    /// The level of a line about something that took so long; `None`: it is not worth one.
    pub fn level(&self, took: Duration) -> Option<Level> {
        let (level, _) = self.above.iter().find(|(_, threshold)| took > *threshold)?;
        self.least.is_none_or(|least| *level >= least).then_some(*level)
    }

    /// Whether there are any.
    pub fn is_set(&self) -> bool {
        !self.above.is_empty()
    }

    fn read(text: &impl Fn(&str) -> String, group: &str, kind: &str) -> Result<Self, Error> {
        let mut above = Vec::new();
        for (name, level) in Level::DOWN {
            let name = format!("{group}.slowlog.threshold.{kind}.{name}");
            let threshold = value::nanos(&format!("index.{name}"), &text(&name))?;
            above.extend(threshold.map(|nanos| (level, Duration::from_nanos(nanos))));
        }
        Ok(Self { above, least: Some(Level::parse(&text(&format!("{group}.slowlog.level")))?) })
    }
}

impl SlowLog {
    /// `text`: a setting's value by its name without `index.`. `None`: there is no threshold.
    pub(super) fn read(text: impl Fn(&str) -> String) -> Result<Option<Self>, Error> {
        let log = Self {
            query: Thresholds::read(&text, "search", "query")?,
            fetch: Thresholds::read(&text, "search", "fetch")?,
            index: Thresholds::read(&text, "indexing", "index")?,
            shown: shown(&text("indexing.slowlog.source"))?,
            reformat: value::flag(&text("indexing.slowlog.reformat"))?,
        };
        let is_set = [&log.query, &log.fetch, &log.index].into_iter().any(Thresholds::is_set);
        Ok(is_set.then_some(log))
    }
}

/// How many characters: a number, `true` (`None`: all) or `false`.
pub(super) fn shown(text: &str) -> Result<Option<usize>, Error> {
    match text.parse::<i32>() {
        Ok(count) => Ok(Some(usize::try_from(count).unwrap_or(0))),
        Err(_) => Ok(if value::flag(text)? { None } else { Some(0) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(given: &[(&str, &str)]) -> Option<SlowLog> {
        let default = |name: &str| super::super::registry::find(&format!("index.{name}")).unwrap().default;
        let text =
            |name: &str| given.iter().find(|(known, _)| *known == name).map_or(default(name), |(_, value)| value);
        SlowLog::read(|name| text(name).to_owned()).unwrap()
    }

    #[test]
    fn the_highest_threshold_that_is_exceeded_gives_the_level() {
        assert_eq!(of(&[]), None);
        let micros = Duration::from_micros;
        let log = of(&[
            ("search.slowlog.threshold.query.warn", "1ms"),
            ("search.slowlog.threshold.query.trace", "500micros"),
        ]);
        let query = log.unwrap().query;
        assert_eq!(query.level(micros(500)), None);
        assert_eq!(query.level(micros(501)), Some(Level::Trace));
        assert_eq!(query.level(micros(1001)), Some(Level::Warn));
    }

    #[test]
    fn levels_below_the_least_are_not_written() {
        let given = [("indexing.slowlog.threshold.index.debug", "0"), ("indexing.slowlog.level", "info")];
        let log = of(&given).unwrap();
        assert_eq!(log.index.level(Duration::from_secs(1)), None);
        assert!(log.index.is_set() && !log.query.is_set());
    }

    #[test]
    fn sources_are_shown_in_part_whole_or_not_at_all() {
        assert_eq!(shown("1000").unwrap(), Some(1000));
        assert_eq!((shown("-1").unwrap(), shown("false").unwrap()), (Some(0), Some(0)));
        assert_eq!(shown("true").unwrap(), None);
        assert_eq!(
            shown("1.5").unwrap_err().reason,
            "Failed to parse value [1.5] as only [true] or [false] are allowed."
        );
        assert!(Level::parse("loud").unwrap_err().reason.ends_with("SlowLogLevel.LOUD"));
    }
}
