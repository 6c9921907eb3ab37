//! The search module: `FT.*` commands.
//!
//! An index of `FT.CREATE` is an index like any other; what makes it one of this dialect is the definition in its mapping. Each of its
//! documents is one key, written along with it.

pub mod aggregate;
pub mod aliases;
pub mod config;
pub mod create;
pub mod definition;
pub mod dictionary;
pub mod documents;
pub mod edits;
pub mod explain;
pub mod expression;
pub mod foreign;
pub mod hybrid;
pub mod indexing;
pub mod info;
pub mod lifecycle;
pub mod lower;
pub mod mapping;
pub mod mark;
pub mod partial;
pub mod path;
pub mod profile;
pub mod raw;
pub mod regex;
pub mod registry;
pub mod request;
pub mod scan;
pub mod search;
pub mod stream;
pub mod suggest;
pub mod target;
pub mod temporary;
pub mod vector;
pub mod words;
pub mod words_index;

use bytes::Bytes;

use crate::command::flag::{DENYOOM, MODULE, READONLY, WRITE};
use crate::command::{Keys, commands};
use crate::frame::reply::Reply;
use crate::session::Session;

const SECOND: Keys = Keys { first: 2, last: 2, step: 1 };

commands! { "search";
    "ft.create" -2, WRITE | DENYOOM | MODULE, Keys::NONE, "Creates an index with the given spec." => lifecycle::create;
    "ft.alter" -2, WRITE | DENYOOM | MODULE, Keys::NONE, "Adds a new field to the index." => lifecycle::alter;
    "ft.dropindex" -2, WRITE | MODULE, Keys::NONE, "Deletes the index." => lifecycle::drop_index;
    "ft.drop" -2, WRITE | MODULE, Keys::NONE, "Deletes the index and its documents." => lifecycle::drop_with_keys;
    "ft._dropifx" -2, WRITE | MODULE, Keys::NONE, "Deletes the index and its documents if there is one." => lifecycle::drop_with_keys_if_present;
    "ft.add" -2, WRITE | DENYOOM | MODULE, SECOND, "Adds a document." => documents::add;
    "ft.safeadd" -2, WRITE | DENYOOM | MODULE, SECOND, "Adds a document." => documents::add;
    "ft.del" -3, WRITE | MODULE, SECOND, "Deletes a document." => documents::delete;
    "ft.get" 3, READONLY | MODULE, SECOND, "Returns a document." => documents::get;
    "ft.mget" -3, READONLY | MODULE, Keys { first: 2, last: -1, step: 1 }, "Returns documents." => documents::get_several;
    "ft.synadd" -2, WRITE | DENYOOM | MODULE, Keys::NONE, "Not any more: see FT.SYNUPDATE." => documents::add_synonym;
    "ft._createifnx" -2, WRITE | DENYOOM | MODULE, Keys::NONE, "Creates an index unless there is one." => lifecycle::create_if_absent;
    "ft._alterifnx" -2, WRITE | DENYOOM | MODULE, Keys::NONE, "Adds a new field to the index unless there is one." => lifecycle::alter_if_absent;
    "ft._dropindexifx" -2, WRITE | MODULE, Keys::NONE, "Deletes the index if there is one." => lifecycle::drop_index_if_present;
    "ft._aliasaddifnx" 3, WRITE | MODULE, Keys::NONE, "Adds an alias to the index unless there is one." => aliases::add_if_absent;
    "ft._aliasdelifx" 2, WRITE | MODULE, Keys::NONE, "Deletes an alias from the index if there is one." => aliases::delete_if_present;
    "ft.info" 2, READONLY | MODULE, Keys::NONE, "Returns information and statistics on the index." => info::info;
    "ft._list" 1, READONLY | MODULE, Keys::NONE, "Returns a list of all existing indexes." => info::list;
    "ft.list" 1, READONLY | MODULE, Keys::NONE, "Returns a list of all existing indexes." => info::list;
    "ft.tagvals" 3, READONLY | MODULE, Keys::NONE, "Returns the distinct tags indexed in a Tag field." => info::tag_values;
    "ft.aliasadd" 3, WRITE | MODULE, Keys::NONE, "Adds an alias to the index." => aliases::add;
    "ft.aliasupdate" 3, WRITE | MODULE, Keys::NONE, "Adds or updates an alias to the index." => aliases::update;
    "ft.aliasdel" 2, WRITE | MODULE, Keys::NONE, "Deletes an alias from the index." => aliases::delete;
    "ft.aliaslist" 2, READONLY | MODULE, Keys::NONE, "Returns the aliases of an index." => aliases::list;
    "ft.synupdate" -3, WRITE | MODULE, Keys::NONE, "Creates or updates a synonym group." => lifecycle::synonyms;
    "ft.syndump" 2, READONLY | MODULE, Keys::NONE, "Dumps the contents of a synonym group." => info::synonyms;
    "ft.search" -2, READONLY | MODULE, Keys::NONE, "Searches the index with a textual query." => search::search;
    "ft.hybrid" -2, READONLY | MODULE, Keys::NONE, "Ranks the hits of a textual query and of a vector as one." => hybrid::hybrid;
    "ft.regex" -4, READONLY | MODULE, Keys::NONE, "Searches words or tags by a regular expression, within edits." => regex::regex;
    "ft.aggregate" -2, READONLY | MODULE, Keys::NONE, "Runs a search query and aggregates its results." => aggregate::aggregate;
    "ft.cursor" -4, READONLY | MODULE, Keys::NONE, "Reads or deletes a cursor." => aggregate::cursor::cursor;
    "ft.config" -2, READONLY | MODULE, Keys::NONE, "Reads or sets configuration options." => config::config;
    "ft.sugadd" -4, WRITE | DENYOOM | MODULE, Keys::FIRST, "Adds a suggestion string to an auto-complete suggestion dictionary." => suggest::add;
    "ft.sugget" -3, READONLY | MODULE, Keys::FIRST, "Gets completion suggestions for a prefix." => suggest::get;
    "ft.sugdel" 3, WRITE | MODULE, Keys::FIRST, "Deletes a string from a suggestion index." => suggest::delete;
    "ft.suglen" 2, READONLY | MODULE, Keys::FIRST, "Gets the size of an auto-complete suggestion dictionary." => suggest::length;
    "ft.dictadd" -3, WRITE | DENYOOM | MODULE, Keys::NONE, "Adds terms to a dictionary." => dictionary::add;
    "ft.dictdel" -3, WRITE | MODULE, Keys::NONE, "Deletes terms from a dictionary." => dictionary::delete;
    "ft.dictdump" 2, READONLY | MODULE, Keys::NONE, "Dumps all terms in the given dictionary." => dictionary::dump;
    "ft.spellcheck" -3, READONLY | MODULE, Keys::NONE, "Performs spelling correction on a query." => dictionary::spell_check;
    "ft.profile" -5, READONLY | MODULE, Keys::NONE, "Performs a search or aggregation and tells how long it took." => profile::profile;
    "ft.explain" -3, READONLY | MODULE, Keys::NONE, "Returns the execution plan for a complex query." => info::explain;
    "ft.explaincli" -3, READONLY | MODULE, Keys::NONE, "Returns the execution plan for a complex query." => info::explain_lines;
}

/// An argument as text.
fn text(bytes: Bytes) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The dialect of requests that name none.
fn default_dialect(session: &Session) -> u8 {
    session.server.registry.configuration.dialect()
}

/// How results are written.
#[derive(Clone, Copy, Debug, Default)]
struct Shape {
    /// For a client of RESP3.
    three: bool,
    /// `FORMAT EXPAND`
    expanded: bool,
    /// They are not whole.
    warning: Option<partial::Warning>,
}

/// Results as clients of RESP3 read them.
fn answer_map(total: u64, results: Vec<Reply>, shape: Shape) -> Reply {
    Reply::Map(vec![
        (Reply::word("attributes"), Reply::Array(Vec::new())),
        (Reply::word("total_results"), Reply::Integer(total as i64)),
        (Reply::word("format"), Reply::word(if shape.expanded { "EXPAND" } else { "STRING" })),
        (Reply::word("results"), Reply::Array(results)),
        (Reply::word("warning"), Reply::Array(shape.warning.into_iter().map(Reply::word).collect())),
    ])
}
