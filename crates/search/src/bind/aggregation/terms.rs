//! `terms`.

use model::aggregation::request::terms::Terms as Asked;
use model::aggregation::request::{Order, OrderBy};
use model::error::Error;

use super::Binding;
use super::values::Accepts;
use crate::aggregation::Kind;
use crate::aggregation::terms::Terms;

impl Binding<'_> {
    pub(super) fn terms(self, asked: &Asked) -> Result<Kind, Error> {
        if asked.include.is_some() || asked.exclude.is_some() || asked.exact {
            return Err(Error::not_implemented("[include], [exclude] and [exact] of [terms]"));
        }
        Ok(Kind::Terms(Box::new(Terms {
            values: self.values(&asked.source, Accepts::Keys, "terms")?,
            cut: asked.cut,
            order: order_or_count(&asked.order),
            show_error: asked.show_error,
        })))
    }
}

/// Most documents first, unless something else is asked for.
fn order_or_count(order: &[Order]) -> Vec<Order> {
    match order {
        [] => vec![Order { by: OrderBy::Count, descending: true }],
        order => order.to_vec(),
    }
}
