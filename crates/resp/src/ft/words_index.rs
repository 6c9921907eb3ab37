//! Words that are kept apart from documents, of suggestions and dictionaries: a document each in a hidden index.

use std::sync::Arc;

use model::admin::CreateIndex;
use model::error::ErrorKind;
use model::query::compound::Boolean;
use model::query::term_level::{Pattern, Term};
use model::query::{Kind, Query};
use model::search::{SearchRequest, TrackTotal};
use model::target::{Target, TargetOptions};
use model::write::{Action, Condition, Outcome, Refresh, Write, WriteRequest, WriteResponse};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::stream;
use crate::error::RespError;
use crate::server::Server;

/// Words that one request takes out.
const AT_ONCE: usize = 1000;

/// What a list of words is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Suggestions,
    Dictionary,
}

impl Purpose {
    pub(crate) fn index(self) -> &'static str {
        match self {
            Self::Suggestions => ".suggestions",
            Self::Dictionary => ".dictionaries",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Word {
    /// Key of the suggestions, name of the dictionary.
    pub list: String,
    pub text: String,
    /// In lower case, for finding.
    pub folded: String,
    pub score: f64,
    #[serde(default)]
    pub payload: Option<String>,
}

/// One list of words.
pub struct Words<'s> {
    pub server: &'s Server,
    pub purpose: Purpose,
    pub list: String,
}

impl Words<'_> {
    fn id(&self, text: &str) -> Arc<str> {
        let mut id = format!("{}:{}:{text}", self.list.len(), self.list);
        // Ids are at most 512 bytes long; what is longer is told by its hash.
        if id.len() > 500 {
            let hash = id
                .bytes()
                .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
            let cut = (0..=480).rev().find(|at| id.is_char_boundary(*at)).unwrap_or(0);
            id.truncate(cut);
            id.push_str(&format!("{hash:016x}"));
        }
        id.into()
    }

    async fn ensure(&self) -> Result<(), RespError> {
        let keyword = json!({"type": "keyword"});
        let mappings = json!({"dynamic": false, "properties": {
            "list": keyword, "folded": keyword, "score": {"type": "double"},
        }});
        let settings = json!({"index.number_of_shards": 1, "index.hidden": true});
        let request = CreateIndex {
            name: self.purpose.index().to_owned(),
            settings: settings.as_object().cloned().unwrap_or_default(),
            mappings: Some(mappings),
            timeout_ms: 30_000,
            ..CreateIndex::default()
        };
        match self.server.gateway.create_index(request).await {
            Err(error) if error.kind != ErrorKind::ResourceAlreadyExists => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn write(&self, id: Arc<str>, action: Action) -> Write {
        Write {
            index: self.purpose.index().into(),
            id: Some(id),
            routing: None,
            action,
            condition: Condition::default(),
            require_alias: false,
            pipeline: None,
        }
    }

    async fn send(&self, writes: Vec<Write>) -> Result<WriteResponse, RespError> {
        let request = WriteRequest { writes, refresh: Refresh::Later, timeout_ms: 60_000, active_shards: None };
        Ok(self.server.gateway.write(request).await?)
    }

    async fn send_one(&self, id: Arc<str>, action: Action) -> Result<Result<Outcome, ErrorKind>, RespError> {
        match self.send(vec![self.write(id, action)]).await?.pop() {
            Some(Ok(written)) => Ok(Ok(written.outcome)),
            Some(Err(failure)) if failure.error.kind == ErrorKind::IndexNotFound => Ok(Err(ErrorKind::IndexNotFound)),
            Some(Err(failure)) => Err(failure.error.into()),
            None => Ok(Err(ErrorKind::IndexNotFound)),
        }
    }

    /// Adds or replaces a word; whether it is new.
    pub async fn put(&self, word: &Word) -> Result<bool, RespError> {
        if !self.exists() {
            self.ensure().await?;
        }
        let source = serde_json::to_vec(word).map_err(|error| RespError::refused(error.to_string()))?;
        let outcome = self.send_one(self.id(&word.text), Action::Index(source.into())).await?;
        Ok(outcome == Ok(Outcome::Created))
    }

    fn exists(&self) -> bool {
        self.server.gateway.indexes(&Target::one(self.purpose.index())).is_ok_and(|found| !found.is_empty())
    }

    /// Takes a word out; whether it was there.
    pub async fn remove(&self, text: &str) -> Result<bool, RespError> {
        if !self.exists() {
            return Ok(false);
        }
        Ok(self.send_one(self.id(text), Action::Delete).await? == Ok(Outcome::Deleted))
    }

    /// Whether the list has any word.
    pub async fn is_there(&self) -> Result<bool, RespError> {
        Ok(self.exists() && self.count().await? > 0)
    }

    /// Takes all words out; whether there were any.
    pub async fn clear(&self) -> Result<bool, RespError> {
        if !self.exists() {
            return Ok(false);
        }
        let mut ids = Vec::new();
        self.each("", |word| ids.push(self.id(&word.text))).await?;
        for some in ids.chunks(AT_ONCE) {
            for written in self.send(some.iter().map(|id| self.write(id.clone(), Action::Delete)).collect()).await? {
                written.map_err(|failure| failure.error)?;
            }
        }
        Ok(!ids.is_empty())
    }

    fn request(&self, prefix: &str) -> SearchRequest {
        let list = Query::new(Kind::Term(Term {
            field: "list".to_owned(),
            value: self.list.as_str().into(),
            case_insensitive: false,
        }));
        let mut filter = vec![list];
        if !prefix.is_empty() {
            filter.push(Query::new(Kind::Prefix(Pattern {
                field: "folded".to_owned(),
                pattern: prefix.to_owned(),
                case_insensitive: false,
                rewrite: None,
                flags: None,
                max_determinized_states: 10_000,
            })));
        }
        let options =
            TargetOptions { ignore_unavailable: Some(true), allow_no_indices: Some(true), ..TargetOptions::default() };
        let target = Target { names: vec![self.purpose.index().to_owned()], options };
        SearchRequest {
            query: Query::new(Kind::Bool(Boolean { filter, ..Boolean::default() })),
            publish_pending: true,
            request_cache: Some(false),
            allow_partial_search_results: Some(false),
            track_total_hits: TrackTotal::All,
            ..SearchRequest::new(target)
        }
    }

    /// Calls `visit` with every word that begins with `prefix`, in lower case.
    pub async fn each(&self, prefix: &str, mut visit: impl FnMut(Word) + Send) -> Result<(), RespError> {
        stream::each(&*self.server.gateway, self.request(prefix), None, |hit| {
            let word = hit.source.as_ref().and_then(|source| serde_json::from_slice(source).ok());
            word.into_iter().for_each(&mut visit);
            Ok(true)
        })
        .await?;
        Ok(())
    }

    /// The word of this text.
    pub async fn get(&self, text: &str) -> Result<Option<Word>, RespError> {
        let mut found = None;
        self.each(&text.to_lowercase(), |word| {
            if word.text == text {
                found = Some(word);
            }
        })
        .await?;
        Ok(found)
    }

    pub async fn count(&self) -> Result<u64, RespError> {
        let request = SearchRequest { size: 0, ..self.request("") };
        let response = self.server.gateway.search(request).await?;
        Ok(response.total.map_or(0, |total| total.value))
    }
}

/// Forgets all lists: the keyspace is being emptied.
///
/// # Errors
/// What the node answers.
pub async fn drop_all(server: &Server) -> Result<(), RespError> {
    for purpose in [Purpose::Suggestions, Purpose::Dictionary] {
        match server.gateway.delete_indexes(Target::one(purpose.index())).await {
            Err(error) if error.kind != ErrorKind::IndexNotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}
