//! Bound rules about where words stand.

use std::fmt;

use crate::bound::{BoundQuery, FieldName, TermBytes};

#[derive(Clone, Debug, PartialEq)]
pub struct BoundIntervals {
    pub field: FieldName,
    pub source: BoundInterval,
}

#[derive(Clone, Debug, PartialEq)]
pub enum BoundInterval {
    Term(FieldName, TermBytes),
    /// A query of the kind `Expand`: every word that it accepts, at most so many.
    Words(Box<BoundQuery>, usize),
    Any(Vec<BoundInterval>),
    Together {
        clauses: Vec<BoundInterval>,
        ordered: bool,
        /// They do not share words.
        apart: bool,
        max_gaps: Option<u32>,
    },
    /// One so many times.
    Repeated(Box<BoundInterval>, u32),
    /// With so many words before it.
    Behind(Box<BoundInterval>, u32),
    /// Those of the first that stand so to those of the second.
    Related(Box<BoundInterval>, Relation, Box<BoundInterval>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    Containing,
    ContainedBy,
    NotContaining,
    NotContainedBy,
    Overlapping,
    NotOverlapping,
    Before,
    After,
}

impl Relation {
    /// By its name in requests.
    pub fn of(name: &str) -> Option<Self> {
        Some(match name {
            "containing" => Self::Containing,
            "contained_by" => Self::ContainedBy,
            "not_containing" => Self::NotContaining,
            "not_contained_by" => Self::NotContainedBy,
            "overlapping" => Self::Overlapping,
            "not_overlapping" => Self::NotOverlapping,
            "before" => Self::Before,
            "after" => Self::After,
            _ => return None,
        })
    }

    /// What has none of the others stands so, too.
    pub fn is_negative(self) -> bool {
        matches!(self, Self::NotContaining | Self::NotContainedBy | Self::NotOverlapping)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Containing => "CONTAINING",
            Self::ContainedBy | Self::Before | Self::After => "CONTAINED_BY",
            Self::NotContaining => "NOT_CONTAINING",
            Self::NotContainedBy => "NOT_CONTAINED_BY",
            Self::Overlapping => "OVERLAPPING",
            Self::NotOverlapping => "NON_OVERLAPPING",
        }
    }
}

impl BoundInterval {
    /// Words of the shortest stretch that it can be.
    pub fn extent(&self) -> u32 {
        match self {
            Self::Term(..) | Self::Words(..) => 1,
            Self::Any(clauses) => clauses.iter().map(Self::extent).min().unwrap_or(1),
            Self::Together { clauses, .. } => {
                clauses.iter().map(Self::extent).fold(0, |sum: u32, extent| sum.saturating_add(extent))
            }
            // As Lucene counts it, which is as if it stood there once.
            Self::Repeated(inner, _) | Self::Related(inner, ..) => inner.extent(),
            Self::Behind(inner, words) => inner.extent().saturating_add(*words),
        }
    }
}

/// In Lucene's notation.
impl fmt::Display for BoundInterval {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |clauses: &[Self]| clauses.iter().map(Self::to_string).collect::<Vec<_>>().join(",");
        match self {
            Self::Term(_, term) => write!(out, "{}", String::from_utf8_lossy(term)),
            Self::Words(query, _) => write!(out, "MultiTerm({})", crate::describe::lucene(query)),
            Self::Any(clauses) if clauses.is_empty() => write!(out, "no_match"),
            Self::Any(clauses) => write!(out, "or({})", list(clauses)),
            Self::Together { clauses, ordered, apart, max_gaps } => {
                let name = match (ordered, apart, max_gaps) {
                    (true, _, Some(0)) => return write!(out, "BLOCK({})", list(clauses)),
                    (true, ..) => "ORDERED",
                    (false, true, _) => "UNORDERED_NO_OVERLAPS",
                    (false, false, _) => "UNORDERED",
                };
                match max_gaps {
                    Some(most) => write!(out, "MAXGAPS/{most}({name}({}))", list(clauses)),
                    None => write!(out, "{name}({})", list(clauses)),
                }
            }
            Self::Repeated(inner, times) => {
                write!(out, "ORDERED({})", vec![inner.to_string(); *times as usize].join(","))
            }
            Self::Behind(inner, words) => write!(out, "EXTEND({inner},{words},0)"),
            Self::Related(of, relation, others) => write!(out, "{}({of},{others})", relation.name()),
        }
    }
}
