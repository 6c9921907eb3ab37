//! Lists of metrics in a path: which sections of an answer are wanted.

use model::error::Error;

use crate::dsl::suggest::{alike, did_you_mean};

/// The metrics that are wanted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Metrics {
    all: bool,
    names: Vec<String>,
}

impl Metrics {
    /// Every metric.
    pub(crate) fn all() -> Self {
        Self { all: true, names: Vec::new() }
    }

    /// `names`: none or `_all` alone for every metric. `what` is what an error calls a metric.
    ///
    /// # Errors
    /// `illegal_argument_exception` for names that are not `known`, and for `_all` with others.
    pub(crate) fn parse(names: &[String], known: &[&str], what: &str, path: &str) -> Result<Self, Error> {
        if names.is_empty() || names == ["_all"] {
            return Ok(Self::all());
        }
        if names.iter().any(|name| name == "_all") {
            let (kind, names) = (what, names.join(","));
            return Err(Error::illegal_argument(format!(
                "request [{path}] contains _all and individual {kind}s [{names}]"
            )));
        }
        let mut unknown: Vec<&str> = names.iter().map(String::as_str).filter(|name| !known.contains(name)).collect();
        unknown.sort_unstable();
        unknown.dedup();
        if unknown.is_empty() {
            return Ok(Self { all: false, names: names.to_vec() });
        }
        let told: Vec<String> = unknown
            .iter()
            .map(|name| {
                let alike = alike(name, known.iter().copied());
                let arrow = if alike.is_empty() { "" } else { " ->" };
                format!("[{name}]{arrow}{}", did_you_mean(&alike))
            })
            .collect();
        let many = if unknown.len() > 1 { "s" } else { "" };
        Err(Error::illegal_argument(format!(
            "request [{path}] contains unrecognized {what}{many}: {}",
            told.join(", ")
        )))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.all || self.names.iter().any(|given| given == name)
    }

    /// Asked for by its own name, rather than with all others.
    pub(crate) fn names(&self, name: &str) -> bool {
        self.names.iter().any(|given| given == name)
    }

    pub(crate) fn is_all(&self) -> bool {
        self.all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::split;

    #[test]
    fn metrics_by_name() {
        let parse = |text: &str| Metrics::parse(&split(text), &["docs", "merge", "get"], "metric", "/_stats");
        let told = |text: &str| parse(text).expect_err(text).reason;
        assert!(parse("").unwrap().has("get") && parse("_all").unwrap().is_all());
        let some = parse("docs,get").unwrap();
        assert!(some.has("docs") && !some.has("merge") && !some.is_all());
        assert_eq!(told("colour"), "request [/_stats] contains unrecognized metric: [colour]");
        assert_eq!(
            told("merges,docs"),
            "request [/_stats] contains unrecognized metric: [merges] -> did you mean [merge]?"
        );
        assert_eq!(told("_all,docs"), "request [/_stats] contains _all and individual metrics [_all,docs]");
    }
}
