//! Names to indexes: patterns, exclusions, aliases with their filters and routing; the index that a write goes to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::mapping::simple_match;
use model::target::{Expand, Target};
use serde_json::Value;

use crate::data_stream::DataStream;
use crate::name;
use crate::state::{IndexMetadata, State};

/// How an endpoint treats names. The client's options go over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Missing and closed indexes that are named are left out.
    pub ignore_unavailable: bool,
    /// Patterns that match nothing are no error.
    pub allow_no_indices: bool,
    pub expand: Expand,
    /// Closed indexes that are named are an error.
    pub forbid_closed: bool,
    /// Aliases stand for their indexes; otherwise they are refused.
    pub allow_aliases: bool,
    /// Data streams stand for their indexes; otherwise they are names of nothing.
    pub streams: bool,
}

impl Options {
    /// Searches, writes by query, refresh: open indexes.
    pub const fn open() -> Self {
        Self {
            ignore_unavailable: false,
            allow_no_indices: true,
            expand: Expand { open: true, closed: false, hidden: false },
            forbid_closed: true,
            allow_aliases: true,
            streams: true,
        }
    }

    /// Of what is about indexes alone.
    pub const fn no_streams(self) -> Self {
        Self { streams: false, ..self }
    }

    /// Metadata: closed indexes may be named, patterns match open ones.
    pub const fn metadata() -> Self {
        Self { forbid_closed: false, ..Self::open() }
    }

    /// Metadata: patterns match closed indexes too.
    pub const fn open_and_closed() -> Self {
        Self { expand: Expand { open: true, closed: true, hidden: false }, ..Self::metadata() }
    }

    fn with(mut self, target: &Target) -> Self {
        let given = target.options;
        self.ignore_unavailable = given.ignore_unavailable.unwrap_or(self.ignore_unavailable);
        self.allow_no_indices = given.allow_no_indices.unwrap_or(self.allow_no_indices);
        self.expand = given.expand_wildcards.unwrap_or(self.expand);
        self.streams &= !given.no_streams;
        self
    }
}

/// One index of a target, and through what it was reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    pub index: Arc<IndexMetadata>,
    /// Queries of which one must match; empty: everything (reached by its name, or by an alias without filter).
    pub filters: Vec<Value>,
    /// The aliases that it was reached by, where not by its name.
    pub aliases: Vec<Arc<str>>,
    /// The aliases that it was reached by besides its name, which take nothing away.
    pub besides: Vec<Arc<str>>,
}

impl Resolved {
    /// The routing values to search under, given the request's; `None`: every shard, as where no value is that of an alias.
    pub fn routing(&self, requested: &[String]) -> Option<BTreeSet<String>> {
        let requested = (!requested.is_empty()).then(|| requested.iter().cloned().collect::<BTreeSet<_>>());
        if self.aliases.is_empty() {
            return requested;
        }
        let mut union = BTreeSet::new();
        for alias in &self.aliases {
            let own = self.index.aliases.get(alias).and_then(|info| info.search_routing.as_deref());
            let own: Option<BTreeSet<String>> =
                own.map(|values| values.split(',').map(|value| value.trim().to_owned()).collect());
            match (own, &requested) {
                (None, None) => return None,
                (Some(own), None) => union.extend(own),
                (None, Some(requested)) => union.extend(requested.iter().cloned()),
                (Some(own), Some(requested)) => union.extend(own.intersection(requested).cloned()),
            }
        }
        Some(union).filter(|values| !values.is_empty())
    }
}

/// The indexes that `target` names, in order of name.
///
/// # Errors
/// `index_not_found_exception`, `index_closed_exception`, `invalid_index_name_exception`, `illegal_argument_exception`.
pub fn resolve(state: &State, target: &Target, options: Options) -> Result<Vec<Resolved>, Error> {
    let options = options.with(target);
    let several = target.names.len() > 1;
    let mut names = Names { state, options, several, indexes: BTreeSet::new(), aliases: BTreeMap::new() };
    if target.is_all() {
        names.add_pattern("*");
        // An index that is not shown is none of all, whatever alias it has.
        names.aliases.clear();
    } else {
        let mut patterns_seen = false;
        for expression in &target.names {
            patterns_seen |= names.add(expression, patterns_seen)?;
        }
    }
    let found = names.finish();
    if options.forbid_closed && !options.expand.open && found.iter().any(|found| !found.index.open) {
        let reason = "To expand [CLOSE] wildcard, please set forbid_closed_indices to `false`";
        return Err(Error::illegal_argument(reason));
    }
    if found.is_empty() && !options.allow_no_indices {
        let [only] = target.names.as_slice() else {
            return Err(Error::index_not_found(if target.is_all() { "_all" } else { "null" }));
        };
        return Err(Error::index_not_found(only));
    }
    Ok(found)
}

struct Names<'a> {
    state: &'a State,
    options: Options,
    /// The target has several expressions.
    several: bool,
    /// Reached by their own name.
    indexes: BTreeSet<Arc<str>>,
    /// Reached aliases, each with the indexes that count.
    aliases: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
}

impl Names<'_> {
    /// True: it was a pattern.
    fn add(&mut self, expression: &str, patterns_seen: bool) -> Result<bool, Error> {
        if expression.is_empty() {
            return Err(Error::index_not_found(expression));
        }
        if patterns_seen && let Some(excluded) = expression.strip_prefix('-') {
            self.exclude(excluded);
            return Ok(false);
        }
        if expression.starts_with('_') {
            return Err(name::invalid_index(expression, "must not start with '_'."));
        }
        if !expression.contains('*') || !self.options.expand.any() {
            self.add_name(expression)?;
            return Ok(false);
        }
        let before = (self.indexes.len(), self.aliases.len());
        let matched = self.add_pattern(expression);
        if !matched && before == (self.indexes.len(), self.aliases.len()) && !self.options.allow_no_indices {
            return Err(Error::index_not_found(expression));
        }
        Ok(true)
    }

    /// Whether a name of nothing is passed over. Where nothing is expanded, OpenSearch does not look at names before it asks for them.
    fn passes_over(&self) -> bool {
        self.options.ignore_unavailable
            || (!self.options.expand.any() && !self.several && self.options.allow_no_indices)
    }

    fn exclude(&mut self, pattern: &str) {
        // A pattern that matches an alias takes out the indexes behind it, however they were reached. The name of an alias or a stream takes
        // out nothing, as in OpenSearch.
        let (state, options) = (self.state, self.options);
        let is_pattern = pattern.contains('*');
        let behind_alias = |index: &IndexMetadata| {
            options.allow_aliases && index.aliases.keys().any(|alias| simple_match(pattern, alias))
        };
        let behind_stream = |index: &Arc<str>| {
            options.streams && state.stream_of(index).is_some_and(|(stream, _)| simple_match(pattern, stream))
        };
        let stays = |index: &Arc<str>| {
            let behind = is_pattern
                && (state.indexes.get(index).is_some_and(|index| behind_alias(index)) || behind_stream(index));
            !simple_match(pattern, index) && !behind
        };
        self.indexes.retain(&stays);
        self.aliases.values_mut().for_each(|indexes| indexes.retain(&stays));
    }

    fn add_name(&mut self, expression: &str) -> Result<(), Error> {
        let state = self.state;
        if let Some(index) = state.indexes.get(expression) {
            if self.usable(index)? {
                self.indexes.insert(index.name.clone());
            }
            return Ok(());
        }
        if let Some(stream) = state.data_streams.get(expression).filter(|_| self.options.streams) {
            for index in stream.indexes.iter().filter_map(|name| state.indexes.get(name)) {
                if self.usable(index)? {
                    self.indexes.insert(index.name.clone());
                }
            }
            return Ok(());
        }
        let holders = state.alias(expression);
        if holders.is_empty() {
            return if self.passes_over() { Ok(()) } else { Err(Error::index_not_found(expression)) };
        }
        if !self.options.allow_aliases {
            if self.options.ignore_unavailable {
                return Ok(());
            }
            return Err(Error::illegal_argument(format!(
                "The provided expression [{expression}] matches an alias, specify the corresponding concrete indices instead."
            )));
        }
        let mut reached = BTreeSet::new();
        for index in holders {
            if self.usable(index)? {
                reached.insert(index.name.clone());
            }
        }
        self.aliases.entry(expression.into()).or_default().extend(reached);
        Ok(())
    }

    /// False: closed, and left out.
    fn usable(&self, index: &IndexMetadata) -> Result<bool, Error> {
        match (index.open || !self.options.forbid_closed, self.options.ignore_unavailable) {
            (true, _) => Ok(true),
            (false, true) => Ok(false),
            (false, false) => Err(Error::new(ErrorKind::IndexClosed, "closed").with_index(index.reference())),
        }
    }

    /// Whether anything matched.
    fn add_pattern(&mut self, pattern: &str) -> bool {
        let expand = self.options.expand;
        let shown = |name: &str, hidden: bool| {
            simple_match(pattern, name)
                && (!hidden || expand.hidden || pattern.starts_with('.') && name.starts_with('.'))
        };
        // Closed ones that nobody may name are passed over where what is not available is.
        let closed = expand.closed && !(self.options.forbid_closed && self.options.ignore_unavailable);
        let fits = |index: &IndexMetadata| if index.open { expand.open } else { closed };
        let mut matched = self.add_streams(pattern, fits);
        for index in self.state.indexes.values() {
            if !fits(index) {
                continue;
            }
            if shown(&index.name, index.settings.typed().hidden) {
                self.indexes.insert(index.name.clone());
                matched = true;
            }
            let aliases = index.aliases.iter().filter(|_| self.options.allow_aliases);
            for (alias, _) in aliases.filter(|(alias, info)| shown(alias, info.is_hidden == Some(true))) {
                self.aliases.entry(alias.clone()).or_default().insert(index.name.clone());
                matched = true;
            }
        }
        matched
    }

    /// A stream is shown, though its indexes are hidden. Whether any matched.
    fn add_streams(&mut self, pattern: &str, fits: impl Fn(&IndexMetadata) -> bool) -> bool {
        let state = self.state;
        let mut matched = false;
        for (_, stream) in
            state.data_streams.iter().filter(|(name, _)| self.options.streams && simple_match(pattern, name))
        {
            matched = true;
            let own = stream.indexes.iter().filter_map(|name| state.indexes.get(name));
            self.indexes.extend(own.filter(|index| fits(index)).map(|index| index.name.clone()));
        }
        matched
    }

    fn finish(self) -> Vec<Resolved> {
        let reached = self.indexes.iter().chain(self.aliases.values().flatten());
        let names: BTreeSet<&Arc<str>> = reached.collect();
        let indexes = names.into_iter().filter_map(|name| self.state.indexes.get(name));
        indexes.map(|index| self.resolved(index)).collect()
    }

    fn resolved(&self, index: &Arc<IndexMetadata>) -> Resolved {
        let mut found =
            Resolved { index: index.clone(), filters: Vec::new(), aliases: Vec::new(), besides: Vec::new() };
        let through = self.aliases.iter().filter(|(_, indexes)| indexes.contains(&index.name));
        let through = through.map(|(alias, _)| alias.clone()).collect();
        if self.indexes.contains(&index.name) {
            found.besides = through;
            return found;
        }
        found.aliases = through;
        let filters: Option<Vec<Value>> =
            found.aliases.iter().map(|alias| index.aliases.get(alias).and_then(|info| info.filter.clone())).collect();
        // One alias without filter lets everything through.
        found.filters = filters.unwrap_or_default();
        found
    }
}

/// The data streams that names and patterns (none: all) stand for, in order of name. A name of something else stands for none.
///
/// # Errors
/// `index_not_found_exception` for a name of nothing, unless `lenient`; `invalid_index_name_exception`.
pub fn streams<'a>(
    state: &'a State,
    expressions: &[String],
    lenient: bool,
) -> Result<Vec<(&'a Arc<str>, &'a DataStream)>, Error> {
    let everything = ["*".to_owned()];
    let expressions = if expressions.is_empty() { &everything } else { expressions };
    let (mut found, mut patterns_seen) = (BTreeSet::new(), false);
    for expression in expressions {
        let pattern = if expression == "_all" { "*" } else { expression.as_str() };
        if let Some(excluded) = pattern.strip_prefix('-').filter(|_| patterns_seen) {
            found.retain(|name: &&Arc<str>| !simple_match(excluded, name));
        } else if pattern.starts_with('_') {
            return Err(name::invalid_index(pattern, "must not start with '_'."));
        } else if pattern.contains('*') {
            patterns_seen = true;
            found.extend(state.data_streams.keys().filter(|name| simple_match(pattern, name)));
        } else if let Some((name, _)) = state.data_streams.get_key_value(pattern) {
            found.insert(name);
        } else if !lenient && !state.indexes.contains_key(pattern) && state.alias(pattern).is_empty() {
            return Err(Error::index_not_found(pattern));
        }
    }
    Ok(found.into_iter().filter_map(|name| Some((name, &**state.data_streams.get(name)?))).collect())
}

/// Where a write to `name` goes.
#[derive(Clone, Debug, PartialEq)]
pub enum WriteTarget {
    Index {
        index: Arc<IndexMetadata>,
        /// The routing that the alias adds.
        routing: Option<String>,
    },
    /// There is no such index: it may be created.
    Missing,
}

/// # Errors
/// `illegal_argument_exception` for an alias without a write index; `index_closed_exception`; `index_not_found_exception` where an alias is
/// required.
pub fn write_target(state: &State, name: &str, require_alias: bool) -> Result<WriteTarget, Error> {
    let holders = state.alias(name);
    if require_alias && holders.is_empty() {
        let mut error = Error::index_not_found(name);
        error.reason =
            format!("no such index [{name}] and [require_alias] request flag is [true] and [{name}] is not an alias");
        ["resource.id", "resource.type"].into_iter().for_each(|key| drop(error.details.remove(key)));
        return Err(error);
    }
    let stream = state.data_streams.get(name).and_then(|stream| state.indexes.get(stream.write_index()));
    let open = |index: &Arc<IndexMetadata>, routing| match index.open {
        true => Ok(WriteTarget::Index { index: index.clone(), routing }),
        false => Err(Error::new(ErrorKind::IndexClosed, "closed").with_index(index.reference())),
    };
    if let Some(index) = state.indexes.get(name).or(stream) {
        return open(index, None);
    }
    let info = |index: &Arc<IndexMetadata>| index.aliases.get(name).cloned().unwrap_or_default();
    let writer = match holders.as_slice() {
        [] => return Ok(WriteTarget::Missing),
        [only] if info(only).is_write_index != Some(false) => Some(*only),
        several => several.iter().copied().find(|index| info(index).is_write_index == Some(true)),
    };
    let Some(writer) = writer else {
        return Err(Error::illegal_argument(format!(
            "no write index is defined for alias [{name}]. The write index may be explicitly disabled using is_write_index=false or the alias points to multiple indices without one being designated as a write index"
        )));
    };
    open(writer, info(writer).index_routing)
}

/// The routing of a write through an alias, given the client's.
///
/// # Errors
/// `illegal_argument_exception` where they differ.
pub fn write_routing(alias: &str, own: Option<&str>, given: Option<&str>) -> Result<Option<String>, Error> {
    match (own, given) {
        (Some(own), Some(given)) if own != given => Err(Error::illegal_argument(format!(
            "Alias [{alias}] has index routing associated with it [{own}], and was provided with routing value [{given}], rejecting operation"
        ))),
        _ => Ok(own.or(given).map(str::to_owned)),
    }
}

/// The one index that a get, an update or an explanation of `name` reads.
///
/// # Errors
/// `index_not_found_exception`, `index_closed_exception`, `illegal_argument_exception` for an alias of several.
pub fn read_target(state: &State, name: &str) -> Result<Arc<IndexMetadata>, Error> {
    if name.contains('*') {
        return Err(Error::single_index_not_found(name));
    }
    if state.data_streams.contains_key(name) {
        let missing = Error::single_index_not_found("null").with_detail("resource.id", name);
        return Err(missing.with_detail("excluded_ds", "true"));
    }
    let options = Options { allow_no_indices: false, ..Options::open() };
    let found = resolve(state, &Target::one(name), options).map_err(|error| match error.kind {
        ErrorKind::IndexNotFound => error.with_detail("resource.type", "index_expression"),
        _ => error,
    })?;
    match found.as_slice() {
        [only] => Ok(only.index.clone()),
        several => {
            let names: Vec<&str> = several.iter().map(|found| found.index.name.as_ref()).collect();
            Err(Error::illegal_argument(format!(
                "alias [{name}] has more than one index associated with it [{}], can't execute a single index op",
                names.join(", ")
            )))
        }
    }
}
