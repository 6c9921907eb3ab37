//! Data streams: documents with a time each, in indexes of which the newest alone is written to.
//!
//! A stream is a name over hidden indexes, its *backing indexes*. They are made by the index template that fits the stream's name, and
//! named by the stream and a number that grows.

use std::sync::Arc;

use model::admin::DataStreamInfo;
use model::error::Error;
use model::write::{Action, Write};
use serde::{Deserialize, Serialize};

use crate::state::State;
use crate::template;

const PREFIX: &str = ".ds-";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataStream {
    /// The field with the time of a document: full dotted path.
    pub timestamp_field: String,
    /// The number of the newest index.
    pub generation: u64,
    /// Names of indexes that are there, the oldest first. Never empty: the last one is written to.
    pub indexes: Vec<Arc<str>>,
}

impl DataStream {
    /// The index that documents go to.
    pub fn write_index(&self) -> &Arc<str> {
        &self.indexes[self.indexes.len() - 1]
    }
}

/// The name of a stream's index.
pub fn backing_name(stream: &str, generation: u64) -> Arc<str> {
    format!("{PREFIX}{stream}-{generation:06}").into()
}

/// The stream whose index could have this name, and the number that it has.
pub fn parse_backing_name(name: &str) -> Option<(&str, u64)> {
    let (stream, number) = name.strip_prefix(PREFIX)?.rsplit_once('-')?;
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    Some((stream, number.parse().ok().filter(|_| digits)?))
}

impl State {
    /// The stream that an index belongs to.
    pub fn stream_of(&self, index: &str) -> Option<(&Arc<str>, &DataStream)> {
        let (stream, _) = parse_backing_name(index)?;
        let (name, found) = self.data_streams.get_key_value(stream)?;
        found.indexes.iter().any(|own| own.as_ref() == index).then_some((name, &**found))
    }

    /// A stream as clients may read it.
    pub fn stream_info(&self, name: &Arc<str>, stream: &DataStream) -> DataStreamInfo {
        let indexes = stream.indexes.iter().filter_map(|index| self.indexes.get(index));
        DataStreamInfo {
            name: name.clone(),
            timestamp_field: stream.timestamp_field.clone(),
            generation: stream.generation,
            indexes: indexes.map(|index| index.reference()).collect(),
            template: template::best(&self.templates, name).map(|(name, _)| name.clone()),
        }
    }
}

/// Whether a write may go to `index`, which it has found: a stream takes new documents alone, and its indexes take changes of what they have.
///
/// # Errors
/// `illegal_argument_exception`.
pub fn check_write(state: &State, write: &Write, index: &str) -> Result<(), Error> {
    let Some((stream, _)) = state.stream_of(index) else { return Ok(()) };
    let creates = matches!(write.action, Action::Create(_));
    if *write.index != *index {
        if !creates {
            let reason = "only write ops with an op_type of create are allowed in data streams";
            return Err(Error::illegal_argument(reason));
        }
        if write.routing.is_some() {
            return Err(Error::illegal_argument(format!(
                "index request targeting data stream [{stream}] specifies a custom routing. target the backing indices directly or remove the custom routing."
            )));
        }
        return Ok(());
    }
    let why = match &write.action {
        Action::Create(_) => "op_type=create",
        Action::Index(_) if write.condition.if_seq_no.is_none() => {
            "op_type=index and no if_primary_term and if_seq_no set"
        }
        _ => return Ok(()),
    };
    Err(Error::illegal_argument(format!(
        "index request with {why} targeting backing indices is disallowed, target corresponding data stream [{stream}] instead"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_of_which_stream_and_in_which_turn() {
        assert_eq!(&*backing_name("logs-app", 12), ".ds-logs-app-000012");
        assert_eq!(parse_backing_name(".ds-logs-app-000012"), Some(("logs-app", 12)));
        assert_eq!(parse_backing_name(&backing_name("a", 1_234_567)), Some(("a", 1_234_567)));
        for other in ["logs-000001", ".ds-logs", ".ds-logs-", ".ds-logs-1x", ".ds-logs-+1", ".ds-"] {
            assert_eq!(parse_backing_name(other), None, "{other}");
        }
    }
}
