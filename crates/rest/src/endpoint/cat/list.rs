//! `_list`: tables of `_cat` page by page, in the order in which indexes were made.
//!
//! A page ends with a token that says where the next one begins: the moment of making and the name of the index that was shown last, for
//! shards its number before them. Nothing is kept between pages: what is made or deleted meanwhile is seen or missed as it comes.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::admin::IndexInfo;
use model::binary;
use model::error::{Error, ErrorKind};
use serde_json::{Map, Value};

use super::unsorted;
use crate::endpoint::Server;
use crate::params::Params;
use crate::render::table::{Look, Table};
use crate::reply::Reply;
use crate::request::Request;

/// The tables that there are.
pub(super) async fn tables(_: Arc<Server>, request: Request) -> Result<Reply, Error> {
    request.finish()?;
    let lines = ["/_list/indices", "/_list/indices/{index}", "/_list/shards", "/_list/shards/{index}"];
    Ok(Reply::text(200, format!(":\u{2011}|\n{}\n", lines.join("\n"))))
}

/// What a page is counted in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Indexes,
    Shards,
}

/// Which part of a table is asked for.
pub(super) struct Page {
    descending: bool,
    size: usize,
    after: Option<Last>,
}

/// Where a page ended.
#[derive(Clone, Debug, PartialEq)]
struct Last {
    /// Of a page of shards.
    shard: Option<u32>,
    created_ms: u64,
    index: String,
}

impl Page {
    /// Takes `sort`, `size` and `next_token`.
    ///
    /// # Errors
    /// `illegal_argument_exception` for other orders and sizes, `parse_exception` for a token that none of these tables has given.
    pub(super) fn take(params: &mut Params, unit: Unit) -> Result<Self, Error> {
        let (default, most) = match unit {
            Unit::Indexes => (500, 5_000),
            Unit::Shards => (5_000, 20_000),
        };
        let size = params.int("size")?.unwrap_or(default);
        let refuse = |reason: String| Err(Error::illegal_argument(reason));
        if size <= 0 {
            return refuse("size must be greater than zero".to_owned());
        }
        if unit == Unit::Shards && size < 2_000 {
            return refuse("size should at least be [2000]".to_owned());
        }
        if size > most {
            return refuse(format!("size should be less than [{most}]"));
        }
        let descending = match params.take("sort").as_deref() {
            None | Some("asc") => false,
            Some("desc") => true,
            Some(_) => return refuse("value of sort can either be asc or desc".to_owned()),
        };
        let after = params.take("next_token").map(|token| Last::parse(&token, unit).ok_or_else(tainted)).transpose()?;
        Ok(Self { descending, size: usize::try_from(size).unwrap_or(0), after })
    }

    /// The indexes of this page, and where it ended if more follow.
    pub(super) fn of_indexes(&self, indexes: Vec<IndexInfo>) -> (Vec<IndexInfo>, Option<String>) {
        let mut following = self.in_order(indexes);
        following.retain(|index| self.after.as_ref().is_none_or(|last| self.follows(index, last)));
        let more = following.len() > self.size;
        following.truncate(self.size);
        let next = following.last().filter(|_| more).map(|index| Last::of(index, None).token());
        (following, next)
    }

    /// The indexes with the shards of this page, all copies of a shard on one page; and where it ended if more follow.
    pub(super) fn of_shards(&self, indexes: Vec<IndexInfo>) -> (Vec<IndexInfo>, Option<String>) {
        let (mut shown, mut count) = (Vec::<IndexInfo>::new(), 0);
        let mut last: Option<Last> = None;
        for mut index in self.in_order(indexes) {
            let first = match &self.after {
                Some(after) if index.name.as_ref() == after.index && index.creation_date_ms == after.created_ms => {
                    after.shard.map_or(0, |shard| shard.saturating_add(1))
                }
                Some(after) if !self.follows(&index, after) => continue,
                _ => 0,
            };
            let copies = std::mem::take(&mut index.shards);
            let numbers: BTreeSet<u32> = copies.iter().map(|copy| copy.number.0).collect();
            for number in numbers.into_iter().filter(|number| *number >= first) {
                let own = copies.iter().filter(|copy| copy.number.0 == number);
                let more = own.clone().count();
                if count + more > self.size && count > 0 {
                    if !index.shards.is_empty() {
                        shown.push(index);
                    }
                    return (shown, last.map(|last| last.token()));
                }
                count += more;
                index.shards.extend(own.cloned());
                last = Some(Last::of(&index, Some(number)));
            }
            if !index.shards.is_empty() {
                shown.push(index);
            }
        }
        (shown, None)
    }

    fn in_order(&self, mut indexes: Vec<IndexInfo>) -> Vec<IndexInfo> {
        indexes.sort_by(|a, b| (a.creation_date_ms, &a.name).cmp(&(b.creation_date_ms, &b.name)));
        if self.descending {
            indexes.reverse();
        }
        indexes
    }

    fn follows(&self, index: &IndexInfo, last: &Last) -> bool {
        let (own, last) = ((index.creation_date_ms, index.name.as_ref()), (last.created_ms, last.index.as_str()));
        if self.descending { own < last } else { own > last }
    }
}

impl Last {
    fn of(index: &IndexInfo, shard: Option<u32>) -> Self {
        Self { shard, created_ms: index.creation_date_ms, index: index.name.to_string() }
    }

    fn token(&self) -> String {
        let shard = self.shard.map(|shard| format!("{shard}|")).unwrap_or_default();
        binary::to_base64(format!("{shard}{}|{}", self.created_ms, self.index).as_bytes())
    }

    fn parse(token: &str, unit: Unit) -> Option<Self> {
        let bytes = binary::from_base64(token)?;
        let text = std::str::from_utf8(&bytes).ok()?;
        let (shard, rest) = match unit {
            Unit::Indexes => (None, text),
            Unit::Shards => {
                let (shard, rest) = text.split_once('|')?;
                (Some(shard.parse().ok()?), rest)
            }
        };
        let (created, index) = rest.split_once('|')?;
        (!index.is_empty() && !index.contains('|')).then_some(())?;
        Some(Self { shard, created_ms: created.parse().ok()?, index: index.to_owned() })
    }
}

fn tainted() -> Error {
    Error::new(
        ErrorKind::Parse,
        "Parameter [next_token] has been tainted and is incorrect. Please provide a valid [next_token].",
    )
}

/// A page as the answer: under a name, beside the token.
pub(super) fn page_written(
    request: &Request,
    look: &Look,
    mut table: Table,
    (name, next): (&str, Option<String>),
) -> Reply {
    if let Err(unsortable) = table.sort(look) {
        return unsorted(&unsortable);
    }
    if super::as_tree(request) {
        let mut page = Map::new();
        page.insert("next_token".into(), next.map_or(Value::Null, Value::from));
        page.insert(name.into(), table.json(look));
        return Reply::value(&page.into());
    }
    let next = next.unwrap_or_else(|| "null".to_owned());
    Reply::text(200, format!("{}next_token {next}\n", table.text(look)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_say_where_a_page_ended() {
        for (shard, unit) in [(None, Unit::Indexes), (Some(7), Unit::Shards)] {
            let last = Last { shard, created_ms: 1_795_316_462_678, index: "logs-1".into() };
            assert_eq!(Last::parse(&last.token(), unit), Some(last));
        }
        for tainted in ["", "abc", "null", "fHw=", "MTIzfA=="] {
            assert_eq!(Last::parse(tainted, Unit::Indexes), None, "{tainted}");
            assert_eq!(Last::parse(tainted, Unit::Shards), None, "{tainted}");
        }
    }

    #[test]
    fn sizes_have_bounds() {
        let take = |query: &str, unit| Page::take(&mut Params::parse(query), unit).map(|page| page.size);
        assert_eq!(take("", Unit::Indexes).ok(), Some(500));
        assert_eq!(take("size=1", Unit::Indexes).ok(), Some(1));
        for (query, unit) in [
            ("size=0", Unit::Indexes),
            ("size=5001", Unit::Indexes),
            ("size=1", Unit::Shards),
            ("sort=up", Unit::Shards),
        ] {
            assert!(take(query, unit).is_err(), "{query}");
        }
    }
}
