//! What is written out in a program: lists, maps, arrays, functions, patterns.

use std::sync::Arc;

use model::error::ErrorKind;

use super::functions::Callable;
use super::object::{Fields, Function, Object};
use super::run::{Frame, declared, initial};
use super::tree::{Expr, Form, Lambda};
use crate::expression::fault::Fault;
use crate::expression::tree::Cast;

impl Frame<'_, '_> {
    /// What a literal stands for.
    pub(super) fn literal(&mut self, expr: &Expr) -> Result<Object, Fault> {
        let at = expr.at;
        match &expr.form {
            Form::List(items) => {
                let items = self.values(items)?;
                self.take(items.len() + 1, at)?;
                Ok(self.heap.list(items))
            }
            Form::Map(pairs) => self.map(pairs, at),
            Form::Lambda(lambda) => self.lambda(lambda, at),
            Form::Reference(callable) => Ok(Object::Lambda(Function { callable: callable.clone(), depth: 1 })),
            Form::Bound { of, name } => {
                let of = self.value(of)?;
                Function::new(Callable::Bound(of, name.clone()), at).map(Object::Lambda)
            }
            Form::Fixed(object) => Ok(object.clone()),
            Form::Pattern(pattern) => Ok(Object::Pattern(pattern.clone())),
            Form::Array { kind, lengths } => {
                let lengths = self.values(lengths)?;
                self.empty_array(*kind, &lengths, at)
            }
            Form::Items { kind, items } => {
                let items = self.values(items)?;
                let items: Result<_, Fault> = items.into_iter().map(|item| declared(item, *kind, at)).collect();
                self.array(items?, at)
            }
            _ => Err(Fault::syntax(at, "an expression that means nothing")),
        }
    }

    fn lambda(&self, lambda: &Arc<Lambda>, at: usize) -> Result<Object, Fault> {
        let captured = lambda.captured.iter().map(|&local| (local, self.locals[local].clone())).collect();
        Function::new(Callable::Lambda { lambda: lambda.clone(), captured, frame: self.frame }, at).map(Object::Lambda)
    }

    /// Of what a variable without a value has. It recurses into the lengths, whose number is bounded by the nesting of the source.
    fn empty_array(&mut self, kind: Cast, lengths: &[Object], at: usize) -> Result<Object, Fault> {
        let Some((length, inner)) = lengths.split_first() else { return Ok(initial(kind)) };
        let wrong = || Fault::new(at, ErrorKind::IllegalArgument, "an array needs a length that is not negative");
        let length = length.as_f64().filter(|length| *length >= 0.0).map(|length| length as usize).ok_or_else(wrong)?;
        self.take(length, at)?;
        let mut items = Vec::with_capacity(length);
        for _ in 0..length {
            items.push(self.empty_array(kind, inner, at)?);
        }
        self.array(items, at)
    }

    fn map(&mut self, pairs: &[(Expr, Expr)], at: usize) -> Result<Object, Fault> {
        let mut fields = Fields::default();
        for (key, value) in pairs {
            let key = self.value(key)?;
            let key = self.key(&key, at)?;
            let value = self.value(value)?;
            fields.insert(key, value);
        }
        self.take(pairs.len() + 1, at)?;
        Ok(self.heap.map(fields))
    }
}
