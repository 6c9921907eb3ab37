//! Data streams: made and deleted with their indexes, rolled over; and what their names forbid others.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::template::Templates;

use super::indexes;
use crate::command::NewBackingIndex;
use crate::data_stream::{DataStream, parse_backing_name};
use crate::name;
use crate::state::State;
use crate::template::{backing_index, best, stream_template};

/// Whether a data stream of that name can be made.
///
/// # Errors
/// `resource_already_exists_exception`, `illegal_argument_exception` where the name breaks a rule or no template fits.
pub fn check_new_stream(state: &State, stream: &str) -> Result<(), Error> {
    if state.data_streams.contains_key(stream) {
        return Err(Error::new(ErrorKind::ResourceAlreadyExists, format!("data_stream [{stream}] already exists")));
    }
    name::check_data_stream(stream)?;
    stream_template(&state.templates, stream).map(drop)
}

pub(super) fn create(state: &mut State, new: &NewBackingIndex) -> Result<(), Error> {
    check_new_stream(state, &new.stream)?;
    let timestamp_field = stream_template(&state.templates, &new.stream)?.timestamp_field.clone();
    let first = backing_index(&state.templates, new, 1)?;
    let name = first.name.clone();
    indexes::make(state, &first).map_err(|cause| match cause.kind {
        ErrorKind::ResourceAlreadyExists => {
            let reason = format!("data stream could not be created because backing index [{name}] already exists");
            let mut error = Error::new(ErrorKind::Status, reason);
            error.root_causes = vec![cause.clone()];
            error.with_cause(cause)
        }
        _ => cause,
    })?;
    check_holders(state, &new.stream)?;
    let stream = DataStream { timestamp_field, generation: 1, indexes: vec![name] };
    state.data_streams.insert(new.stream.clone(), Arc::new(stream));
    check_others(state, &new.stream)
}

/// A stream whose indexes are there again.
pub(super) fn bring_back(state: &mut State, name: &Arc<str>, stream: Arc<DataStream>) -> Result<(), Error> {
    if state.data_streams.contains_key(name) {
        return Err(Error::new(ErrorKind::ResourceAlreadyExists, format!("data_stream [{name}] already exists")));
    }
    name::check_data_stream(name)?;
    check_holders(state, name)?;
    state.data_streams.insert(name.clone(), stream);
    check_others(state, name)
}

pub(super) fn roll_over(state: &mut State, from: &str, to: &NewBackingIndex) -> Result<(), Error> {
    let stream = state.data_streams.get(&to.stream).ok_or_else(|| Error::index_not_found(&to.stream))?;
    let (writes_to, next) = (stream.write_index().clone(), stream.generation + 1);
    if *writes_to != *from {
        indexes::check_new_name(state, &writes_to)?;
    }
    let index = backing_index(&state.templates, to, next)?;
    if let Some(stream) = state.data_streams.get_mut(&to.stream) {
        let stream = Arc::make_mut(stream);
        stream.generation = next;
        stream.indexes.push(index.name.clone());
    }
    indexes::make(state, &index)
}

/// Those that are gone already are left out.
pub(super) fn delete(state: &mut State, names: &[Arc<str>]) -> Result<(), Error> {
    let gone: Vec<Arc<DataStream>> = names.iter().filter_map(|name| state.data_streams.remove(name)).collect();
    gone.iter().try_for_each(|stream| indexes::delete(state, &stream.indexes))
}

/// Takes an index that is to be deleted from its stream.
pub(super) fn release(state: &mut State, index: &str) -> Result<(), Error> {
    let Some((name, stream)) = state.stream_of(index).map(|(name, stream)| (name.clone(), stream)) else {
        return Ok(());
    };
    if **stream.write_index() == *index {
        return Err(Error::illegal_argument(format!(
            "index [{index}] is the write index for data stream [{name}] and cannot be deleted"
        )));
    }
    if let Some(stream) = state.data_streams.get_mut(&name) {
        Arc::make_mut(stream).indexes.retain(|own| **own != *index);
    }
    Ok(())
}

/// Indexes that documents of a stream go to stay open.
pub(super) fn check_close(state: &State, names: &[Arc<str>]) -> Result<(), Error> {
    let writes = |name: &&Arc<str>| state.stream_of(name).is_some_and(|(_, stream)| stream.write_index() == *name);
    let kept: Vec<&str> = names.iter().filter(writes).map(AsRef::as_ref).collect();
    if kept.is_empty() {
        return Ok(());
    }
    let kept = kept.join(", ");
    Err(Error::illegal_argument(format!("cannot close the following data stream write indices [{kept}]")))
}

/// Aliases of a stream's indexes come from its template alone.
pub(super) fn check_aliased(state: &State, indexes: &[Arc<str>], expressions: &[String]) -> Result<(), Error> {
    let Some((stream, _)) = indexes.iter().find_map(|index| state.stream_of(index)) else { return Ok(()) };
    Err(Error::illegal_argument(format!(
        "The provided expressions [{}] match a backing index belonging to data stream [{stream}]. Data streams and their backing indices don't support aliases.",
        expressions.join(", ")
    )))
}

/// A name that an index has now, or (`alias_of`, as errors name it) an alias of one, must be none that a stream has or will give.
pub(super) fn check_name(state: &State, name: &str, alias_of: Option<&str>) -> Result<(), Error> {
    if state.data_streams.contains_key(name) {
        return Err(taken(&match alias_of {
            Some(index) => format!("{name} (alias of [{index}]) conflicts with data stream"),
            None => format!("data stream [{name}] conflicts with index"),
        }));
    }
    match parse_backing_name(name) {
        Some((stream, _)) if state.data_streams.contains_key(stream) => check_others(state, stream),
        _ => Ok(()),
    }
}

/// A new stream's name must be nobody else's.
fn check_holders(state: &State, stream: &str) -> Result<(), Error> {
    if state.indexes.contains_key(stream) {
        return Err(taken(&format!("data stream [{stream}] conflicts with index")));
    }
    match state.alias(stream).first() {
        Some(index) => Err(taken(&format!("{stream} (alias of [{}]) conflicts with data stream", index.label()))),
        None => Ok(()),
    }
}

fn taken(what: &str) -> Error {
    let reason = format!(
        "index, alias, and data stream names need to be unique, but the following duplicates were found [{what}]"
    );
    Error::new(ErrorKind::IllegalState, reason)
}

/// No index and no alias must have a name that the stream will give an index of its own.
fn check_others(state: &State, stream: &str) -> Result<(), Error> {
    let Some(known) = state.data_streams.get(stream) else { return Ok(()) };
    let later = |name: &&Arc<str>| {
        let number = parse_backing_name(name).filter(|(of, _)| *of == stream).map(|(_, number)| number);
        number.is_some_and(|number| number > known.generation) && !known.indexes.contains(*name)
    };
    let aliases = state.indexes.values().flat_map(|index| index.aliases.keys());
    let clashes: BTreeSet<&Arc<str>> = state.indexes.keys().chain(aliases).filter(later).collect();
    let Some(first) = clashes.first() else { return Ok(()) };
    Err(Error::new(
        ErrorKind::IllegalState,
        format!(
            "data stream [{stream}] could create backing indices that conflict with {} existing index(s) or alias(s) including '{first}'",
            clashes.len()
        ),
    ))
}

/// Every stream must go on having a template, now that `name` is what it is.
pub(super) fn check_template_put(state: &State, name: &str) -> Result<(), Error> {
    let lost = streams_where(state, |stream| stream_template(&state.templates, stream).is_err());
    if lost.is_empty() {
        return Ok(());
    }
    let template = state.templates.index.get(name);
    let patterns = template.map(|template| template.patterns.join(", ")).unwrap_or_default();
    let priority = template.and_then(|template| template.priority).map_or("null".to_owned(), |it| it.to_string());
    let none = template.is_none_or(|template| template.data_stream.is_none());
    Err(Error::illegal_argument(format!(
        "composable template [{name}] with index patterns [{patterns}], priority [{priority}]{} would cause data streams [{}] to no longer match a data stream template",
        if none { " and no data stream configuration" } else { "" },
        lost.join(", ")
    )))
}

/// Templates that streams are made by stay. `before`: the templates that there were.
pub(super) fn check_template_delete(state: &State, before: &Templates) -> Result<(), Error> {
    let is_gone = |name: &Arc<str>| !state.templates.index.contains_key(name);
    let used = streams_where(state, |stream| best(before, stream).is_some_and(|(name, _)| is_gone(name)));
    if used.is_empty() {
        return Ok(());
    }
    let gone: Vec<&str> = before.index.keys().filter(|name| is_gone(name)).map(AsRef::as_ref).collect();
    Err(Error::illegal_argument(format!(
        "unable to remove composable templates [{}] as they are in use by a data streams [{}]",
        gone.join(", "),
        used.join(", ")
    )))
}

fn streams_where(state: &State, is_so: impl Fn(&str) -> bool) -> Vec<&str> {
    state.data_streams.keys().map(AsRef::as_ref).filter(|stream| is_so(stream)).collect()
}
