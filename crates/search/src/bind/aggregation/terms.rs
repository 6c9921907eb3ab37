//! `terms`.

use model::aggregation::request::terms::Terms as Asked;
use model::aggregation::request::{Order, OrderBy};
use model::error::Error;

use super::Binding;
use super::values::Accepts;
use crate::aggregation::Kind;
use crate::aggregation::terms::Terms;

impl Binding<'_> {
    pub(super) fn terms(self, name: &str, asked: &Asked) -> Result<Kind, Error> {
        if asked.exact {
            return Err(Error::not_implemented("[exact] of [terms]"));
        }
        let values = self.values(&asked.source, Accepts::Keys, "terms")?;
        Ok(Kind::Terms(Box::new(Terms {
            choice: self.choice(name, (asked.include.as_ref(), asked.exclude.as_ref()), &values)?,
            values,
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
