//! The rule by which stretches are found in a text, over leaves that tell where a word stands.

use super::BoundSpan;
use super::stretch::{Parts, Stretch, apart, containing, ordered, unordered, within};

/// Tells where a word stands.
pub type Places<'a, L, P, E> = &'a mut dyn FnMut(&mut L) -> Result<Vec<Stretch<P>>, E>;

/// Makes what tells where a word stands.
pub(super) type Leaf<'a, L, E> = &'a mut dyn FnMut(&BoundSpan) -> Result<L, E>;

/// What stretches are made of; `L` tells where one word stands.
#[derive(Clone)]
pub enum Spans<L> {
    Word(L),
    Or(Vec<Spans<L>>),
    Near { clauses: Vec<Clause<L>>, slop: i64, in_order: bool },
    First(Box<Spans<L>>, u32),
    Not { include: Box<Spans<L>>, exclude: Box<Spans<L>>, before: u32, after: u32 },
    Containing(Box<Spans<L>>, Box<Spans<L>>),
    Within(Box<Spans<L>>, Box<Spans<L>>),
}

/// A part of a stretch whose parts are near each other.
#[derive(Clone)]
pub enum Clause<L> {
    Spans(Spans<L>),
    /// Any words, so many.
    Gap(u32),
}

impl<L> Clause<L> {
    pub fn spans(&mut self) -> Option<&mut Spans<L>> {
        match self {
            Self::Spans(spans) => Some(spans),
            Self::Gap(_) => None,
        }
    }
}

impl<L> Spans<L> {
    /// Words near each other; `slop`: positions that may lie between.
    pub fn near(words: impl Iterator<Item = L>, slop: u32, in_order: bool) -> Self {
        let clauses = words.map(|word| Clause::Spans(Self::Word(word))).collect();
        Self::Near { clauses, slop: i64::from(slop), in_order }
    }

    /// Of a bound query. `leaf`: of a word, or of a query that accepts words.
    ///
    /// # Errors
    /// As `leaf` makes them.
    pub fn new<E>(span: &BoundSpan, leaf: Leaf<'_, L, E>) -> Result<Self, E> {
        Self::read(span, true, leaf)
    }

    /// As [`Spans::new`], with all that is shut out let in.
    ///
    /// # Errors
    /// As `leaf` makes them.
    pub fn without_exclusions<E>(span: &BoundSpan, leaf: Leaf<'_, L, E>) -> Result<Self, E> {
        Self::read(span, false, leaf)
    }

    fn read<E>(span: &BoundSpan, exclusions: bool, leaf: Leaf<'_, L, E>) -> Result<Self, E> {
        let mut of = |span: &BoundSpan| Self::read(span, exclusions, leaf);
        Ok(match span {
            BoundSpan::Term(..) | BoundSpan::Multi(_) => Self::Word(leaf(span)?),
            BoundSpan::Or(clauses) => Self::Or(clauses.iter().map(of).collect::<Result<_, E>>()?),
            BoundSpan::Near { clauses, slop, in_order } => {
                let clause = |clause: &BoundSpan| {
                    Ok(match clause {
                        BoundSpan::Gap(width) => Clause::Gap(*width),
                        other => Clause::Spans(of(other)?),
                    })
                };
                let clauses = clauses.iter().map(clause).collect::<Result<_, E>>()?;
                Self::Near { clauses, slop: i64::from(*slop), in_order: *in_order }
            }
            BoundSpan::First(inner, end) => Self::First(Box::new(of(inner)?), u32::try_from(*end).unwrap_or(0)),
            BoundSpan::Not { include, .. } if !exclusions => of(include)?,
            BoundSpan::Not { include, exclude, before, after } => {
                let (include, exclude) = (Box::new(of(include)?), Box::new(of(exclude)?));
                Self::Not { include, exclude, before: *before, after: *after }
            }
            BoundSpan::Containing(big, little) => Self::Containing(Box::new(of(big)?), Box::new(of(little)?)),
            BoundSpan::Within(big, little) => Self::Within(Box::new(of(big)?), Box::new(of(little)?)),
            BoundSpan::Masked(inner, _) => of(inner)?,
            // No clause of its own.
            BoundSpan::Gap(_) => Self::Or(Vec::new()),
        })
    }

    /// All stretches of a text, by start and end. `places`: where a word stands in it, ascending.
    ///
    /// # Errors
    /// As `places` makes them.
    pub fn stretches<P: Parts, E>(&mut self, places: Places<'_, L, P, E>) -> Result<Vec<Stretch<P>>, E> {
        Ok(match self {
            Self::Word(word) => places(word)?,
            Self::Or(parts) => {
                let mut found = Vec::new();
                for part in parts {
                    found.extend(part.stretches(places)?);
                }
                found.sort_by_key(|one| (one.start, one.end));
                found
            }
            Self::Near { clauses, slop, in_order } => {
                let (mut lists, mut gaps) = (Vec::with_capacity(clauses.len()), vec![0; clauses.len()]);
                for clause in clauses {
                    match clause {
                        Clause::Spans(spans) => lists.push(spans.stretches(places)?),
                        // It stands behind a list, for gaps do not come first.
                        Clause::Gap(width) => gaps[lists.len().saturating_sub(1)] += *width,
                    }
                }
                if *in_order { ordered(&lists, &gaps, *slop) } else { unordered(&lists, *slop) }
            }
            Self::First(inner, end) => {
                let found = inner.stretches(places)?;
                found.into_iter().filter(|one| one.end <= *end).collect()
            }
            Self::Not { include, exclude, before, after } => {
                let found = include.stretches(places)?;
                apart(found, &exclude.stretches(places)?, (*before, *after))
            }
            Self::Containing(big, little) => containing(big.stretches(places)?, &little.stretches(places)?),
            Self::Within(big, little) => within(&big.stretches(places)?, little.stretches(places)?),
        })
    }
}
