//! `_bulk`: many writes, read while they come.
//!
//! Lines are read as they arrive, put into batches, written, and answered one after the other, so that a request of any length needs
//! memory for one batch and its answer only. What is wrong with a line spoils the request, as in OpenSearch; since earlier batches have been
//! written by then, that holds for the batch that the line is in (`docs/compatibility.md`). What is wrong with a write spoils its item.

mod action;
mod lines;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use model::error::{Error, ErrorKind};
use model::search::SourceFilter;
use model::target::Target;
use model::write::{Action, Refresh, Update, Write, WriteFailure, WriteRequest, Written};

use self::action::Line;
use self::lines::Lines;
use super::{update, write_request};
use crate::endpoint::Server;
use crate::endpoint::options::{self, Refusals, refusal};
use crate::http::Content;
use crate::render::document::{self, Verb};
use crate::render::json::Json;
use crate::reply::Reply;
use crate::request::Request;

/// A batch is written when it has this many operations or bytes.
const BATCH_OPERATIONS: usize = 1024;
const BATCH_BYTES: usize = 4 << 20;

pub(super) async fn bulk(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let started = Instant::now();
    let options = write_request(&mut request.params)?;
    let params = &mut request.params;
    let (routing, pipeline) = (params.text("routing"), params.take("pipeline"));
    let require_alias = params.flag("require_alias")?.unwrap_or(false);
    let source = request.source_filter();
    request.finish()?;
    let defaults = Defaults { index: request.part("index").map(Arc::from), routing, pipeline, require_alias, source };
    let Content::Chunks(chunks) = request.into_content() else {
        return Err(Error::new(ErrorKind::Parse, "request body is required"));
    };
    let mut lines = Lines::new(chunks);
    let result = run(&server, &defaults, options, &mut lines).await;
    if result.is_err() {
        // So that the client, which is still sending, gets to read why.
        lines.drain().await;
    }
    let (errors, items) = result?;
    let mut json = Json::with_capacity(items.len() + 64);
    json.begin_object();
    json.field_u64("took", u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX));
    json.field_bool("errors", errors);
    json.key("items");
    json.begin_array();
    if !items.is_empty() {
        json.raw(&items);
    }
    json.end_array();
    json.end_object();
    Ok(Reply::ok(json))
}

/// What holds for lines that do not say it themselves.
struct Defaults {
    index: Option<Arc<str>>,
    routing: Option<String>,
    pipeline: Option<String>,
    require_alias: bool,
    source: Option<SourceFilter>,
}

/// Whether an item failed, and the items.
async fn run(
    server: &Server,
    defaults: &Defaults,
    options: WriteRequest,
    lines: &mut Lines,
) -> Result<(bool, Vec<u8>), Error> {
    let mut answer = Answer { json: Json::default(), errors: false, touched: BTreeSet::new() };
    let mut batch = Batch::default();
    let mut total = 0usize;
    let mut flushed = false;
    while batch.read(defaults, lines).await? {
        total += 1;
        lines.hold(batch.bytes + answer.json.len())?;
        if batch.slots.len() >= BATCH_OPERATIONS || batch.bytes >= BATCH_BYTES {
            std::mem::take(&mut batch).write(server, &options, Refresh::Later, &mut answer).await?;
            flushed = true;
        }
    }
    if !lines.any() {
        return Err(Error::new(ErrorKind::Parse, "request body is required"));
    }
    if total == 0 {
        return Err(refusal("no requests added"));
    }
    let last = if flushed { Refresh::Later } else { options.refresh };
    batch.write(server, &options, last, &mut answer).await?;
    if flushed && options.refresh != Refresh::Later && !answer.touched.is_empty() {
        let names = answer.touched.iter().map(|name| name.to_string()).collect();
        server.gateway.refresh(Target { names, options: Default::default() }).await?;
    }
    Ok((answer.errors, answer.json.finish()))
}

/// Items, one after the other.
struct Answer {
    json: Json,
    errors: bool,
    /// Indexes that were written to.
    touched: BTreeSet<Arc<str>>,
}

/// Operations that are written together.
#[derive(Default)]
struct Batch {
    writes: Vec<Write>,
    /// One an operation, in order.
    slots: Vec<Slot>,
    refusals: Refusals,
    bytes: usize,
    /// Of the line before: lines about one index share its name.
    index: Option<Arc<str>>,
}

struct Slot {
    verb: Verb,
    /// It failed before it could be written.
    failed: Option<WriteFailure>,
}

impl Batch {
    /// Reads one operation; false at the end.
    async fn read(&mut self, defaults: &Defaults, lines: &mut Lines) -> Result<bool, Error> {
        let line = loop {
            match lines.next().await? {
                None => return Ok(false),
                Some((_, text)) if text.iter().all(u8::is_ascii_whitespace) => {}
                Some((number, text)) => break action::read(text, number)?,
            }
        };
        let mut line = line;
        if line.index.is_some() && line.index == self.index {
            line.index.clone_from(&self.index);
        } else {
            self.index.clone_from(&line.index);
        }
        if line.verb == Verb::Delete {
            self.check_place(defaults, &line);
            self.add(defaults, line, Action::Delete)?;
            return Ok(true);
        }
        // An action without its source is left out, as OpenSearch leaves it out.
        let Some((_, text)) = lines.next().await? else { return Ok(false) };
        self.check_place(defaults, &line);
        self.bytes += text.len();
        let action = match line.verb {
            Verb::Update => {
                let body = update::body(text)?;
                line.versions.if_seq_no = body.if_seq_no.or(line.versions.if_seq_no);
                line.versions.if_primary_term = body.if_primary_term.or(line.versions.if_primary_term);
                let source = line.source.take().or_else(|| defaults.source.clone());
                let given = (line.retries, line.versions.if_seq_no.is_some_and(|number| number >= 0));
                let change = body.change(source, given, &mut self.refusals);
                return self.updated(defaults, line, change).map(|()| true);
            }
            Verb::Create => Action::Create(Arc::from(text)),
            Verb::Index | Verb::Delete => Action::Index(Arc::from(text)),
        };
        self.add(defaults, line, action)?;
        Ok(true)
    }

    /// That the line says where its document lies.
    fn check_place(&mut self, defaults: &Defaults, line: &Line) {
        if line.index.is_none() && defaults.index.is_none() {
            self.refusals.add("index is missing");
        }
        if line.id.is_none() && matches!(line.verb, Verb::Delete | Verb::Update) {
            self.refusals.add("id is missing");
        }
    }

    fn updated(&mut self, defaults: &Defaults, line: Line, change: Result<Update, Error>) -> Result<(), Error> {
        match change {
            Ok(change) => self.add(defaults, line, Action::Update(Box::new(change))),
            Err(error) => {
                let index = line.index.or_else(|| defaults.index.clone()).unwrap_or_default();
                let failed = WriteFailure { index, id: line.id, error };
                self.slots.push(Slot { verb: Verb::Update, failed: Some(failed) });
                Ok(())
            }
        }
    }

    fn add(&mut self, defaults: &Defaults, line: Line, action: Action) -> Result<(), Error> {
        let verb = Verb::of(&action);
        let kind = match verb {
            Verb::Index => options::Written::Index,
            Verb::Create => options::Written::Create,
            Verb::Delete => options::Written::Delete,
            Verb::Update => options::Written::Update { retries: line.retries > 0 },
        };
        line.versions.check()?;
        if line.id.is_none() && verb == Verb::Index && line.versions.are_given() {
            self.refusals.add("an id must be provided if version type or value are set");
        }
        let condition = line.versions.condition(kind, &mut self.refusals);
        if let Some(id) = &line.id {
            self.refusals.check_id(id);
        }
        self.bytes += 128;
        let index = line.index.or_else(|| defaults.index.clone()).unwrap_or_default();
        let failed = match &line.id {
            Some(id) if id.is_empty() => Some(Error::illegal_argument("if _id is specified it must not be empty")),
            _ => None,
        };
        if let Some(error) = failed {
            self.slots.push(Slot { verb, failed: Some(WriteFailure { index, id: line.id, error }) });
            return Ok(());
        }
        self.slots.push(Slot { verb, failed: None });
        self.writes.push(Write {
            index,
            id: line.id,
            routing: line.routing.or_else(|| defaults.routing.as_deref().map(Arc::from)),
            action,
            condition,
            // What is deleted may lie under any name.
            require_alias: verb != Verb::Delete && line.require_alias.unwrap_or(defaults.require_alias),
            pipeline: line.pipeline.or_else(|| defaults.pipeline.clone()).map(Arc::from),
        });
        Ok(())
    }

    async fn write(
        self,
        server: &Server,
        options: &WriteRequest,
        refresh: Refresh,
        answer: &mut Answer,
    ) -> Result<(), Error> {
        self.refusals.finish()?;
        let answers = if self.writes.is_empty() {
            Vec::new()
        } else {
            let request = WriteRequest { writes: self.writes, refresh, ..options.clone() };
            server.gateway.write(request).await?
        };
        // What is not refreshed with its own batch is refreshed at the end.
        let forced = refresh == Refresh::Later && options.refresh == Refresh::Now;
        let mut answers = answers.into_iter();
        for slot in self.slots {
            let item = match slot.failed {
                Some(failed) => Err(failed),
                None => answers.next().expect("one answer a write"),
            };
            answer.add(slot.verb, &item, forced);
        }
        Ok(())
    }
}

impl Answer {
    fn add(&mut self, verb: Verb, item: &Result<Written, WriteFailure>, forced: bool) {
        match item {
            Ok(written) if !self.touched.contains(&written.index) => {
                self.touched.insert(written.index.clone());
            }
            Ok(_) => {}
            Err(_) => self.errors = true,
        }
        document::item(&mut self.json, verb, item, forced);
    }
}
