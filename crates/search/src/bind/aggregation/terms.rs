//! `terms`, `multi_terms`, `rare_terms`.

use model::aggregation::request::terms::{MultiTerms as AskedMulti, RareTerms as AskedRare, Terms as Asked};
use model::aggregation::request::{Aggregation, Order, OrderBy};
use model::error::{Error, ErrorKind};

use super::Binding;
use super::values::Accepts;
use crate::aggregation::Kind;
use crate::aggregation::terms::{MultiTerms, Ranking, RareTerms, Terms};
use crate::aggregation::values::{Column, Shape, Values};

const MOST_FIRST: Order = Order { by: OrderBy::Count, descending: true };

impl Binding<'_> {
    pub(super) fn terms(self, whole: &Aggregation, asked: &Asked) -> Result<Kind, Error> {
        let values = self.values(&asked.source, Accepts::Keys, "terms")?;
        unseen(&[&values], asked.cut.min_doc_count)?;
        let refused = ErrorKind::AggregationExecution;
        let ranking = Ranking {
            cut: asked.cut,
            order: self.order(whole, &asked.order, MOST_FIRST)?,
            show_error: asked.show_error,
            exact: asked.exact,
        };
        Ok(Kind::Terms(Box::new(Terms {
            choice: self.choice((&whole.name, refused), (asked.include.as_ref(), asked.exclude.as_ref()), &values)?,
            values,
            ranking,
        })))
    }

    pub(super) fn multi_terms(self, whole: &Aggregation, asked: &AskedMulti) -> Result<Kind, Error> {
        let fields = asked.terms.iter().map(|source| self.values(source, Accepts::Keys, "multi_terms"));
        let fields = fields.collect::<Result<Vec<_>, _>>()?;
        unseen(&fields.iter().collect::<Vec<_>>(), asked.cut.min_doc_count)?;
        Ok(Kind::MultiTerms(Box::new(MultiTerms {
            fields,
            ranking: Ranking {
                cut: asked.cut,
                order: self.order(whole, &asked.order, MOST_FIRST)?,
                show_error: asked.show_error,
                exact: false,
            },
        })))
    }

    pub(super) fn rare_terms(self, name: &str, asked: &AskedRare) -> Result<Kind, Error> {
        let values = self.values(&asked.source, Accepts::Keys, "rare_terms")?;
        if values.is_mapped() && values.shape() == Shape::Double {
            return Err(Error::illegal_argument("RareTerms aggregation does not support floating point fields."));
        }
        let refused = ErrorKind::IllegalArgument;
        Ok(Kind::RareTerms(Box::new(RareTerms {
            choice: self.choice((name, refused), (asked.include.as_ref(), asked.exclude.as_ref()), &values)?,
            values,
            most: u64::from(asked.max_doc_count),
        })))
    }
}

/// What scripts make of documents that do not match is not known.
fn unseen(values: &[&Values], min_doc_count: u64) -> Result<(), Error> {
    if min_doc_count == 0 && values.iter().any(|values| matches!(values.column, Column::Script(_))) {
        return Err(Error::not_implemented("[min_doc_count] of 0 beside [script]"));
    }
    Ok(())
}
