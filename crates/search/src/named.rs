//! The parts of a bound query that carry names.

use std::sync::Arc;

use crate::bound::{BoundKind, BoundQuery};

impl BoundQuery {
    /// The queries right inside of this one whose names are a document's to match; those within nested objects are not.
    pub fn parts(&self) -> Vec<&Self> {
        match &self.kind {
            BoundKind::Bool(clauses) => {
                let all = clauses.must.iter().chain(&clauses.should).chain(&clauses.filter).chain(&clauses.must_not);
                all.collect()
            }
            BoundKind::Boosting { positive, negative, .. } => vec![&**positive, &**negative],
            BoundKind::ConstantScore(inner) => vec![&**inner],
            BoundKind::DisMax { queries, .. } => queries.iter().collect(),
            BoundKind::Ranked(ranked) => vec![&ranked.candidates],
            BoundKind::FunctionScore(function) => {
                let filters = function.functions.iter().filter_map(|function| function.filter.as_ref());
                std::iter::once(&function.query).chain(filters).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Every query with a name, once a name.
    pub fn names(&self) -> Vec<(&Arc<str>, &Self)> {
        let mut found = Vec::new();
        self.named(&mut found);
        let mut once: Vec<(&Arc<str>, &Self)> = Vec::with_capacity(found.len());
        for (name, query) in found {
            match once.iter_mut().find(|(other, _)| *other == name) {
                Some(other) => other.1 = query,
                None => once.push((name, query)),
            }
        }
        in_order(&mut once, |(name, _)| name);
        once
    }

    /// Every query with a name, the inner ones first.
    fn named<'q>(&'q self, out: &mut Vec<(&'q Arc<str>, &'q Self)>) {
        self.parts().into_iter().for_each(|part| part.named(out));
        out.extend(self.name.as_ref().map(|name| (name, self)));
    }
}

/// Puts names into the order in which OpenSearch tells those that a document matches: that of a hash table of Java's.
pub fn in_order<T>(names: &mut [T], name: impl Fn(&T) -> &str) {
    let capacity = capacity(names.len());
    names.sort_by_key(|one| slot(name(one), capacity));
}

/// How many slots a hash table of Java's has that grew to `count` keys.
fn capacity(count: usize) -> u32 {
    let mut capacity = 16;
    while count > capacity * 3 / 4 {
        capacity *= 2;
    }
    capacity as u32
}

/// Where such a table has a key.
fn slot(key: &str, capacity: u32) -> u32 {
    let hash = key.encode_utf16().fold(0_u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)));
    (hash ^ (hash >> 16)) & (capacity - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_as_from_a_table_of_their_hashes() {
        // As OpenSearch answered.
        let mut names = ["zz", "b1", "query_one", "must", "a", "out"];
        in_order(&mut names, |name| name);
        assert_eq!(names, ["zz", "a", "must", "query_one", "b1", "out"]);
    }
}
