//! Columns of tables.

use std::borrow::Cow;

/// One column: what it is called, how it is aligned, whether it is shown when nobody asks.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) name: Cow<'static, str>,
    /// Between commas.
    pub(crate) aliases: &'static str,
    pub(crate) description: &'static str,
    pub(crate) right: bool,
    pub(crate) shown: bool,
}

impl Column {
    pub(crate) fn aliases(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.aliases.split(',').filter(|alias| !alias.is_empty())
    }
}

/// A column of text.
pub(crate) fn left(name: &'static str, aliases: &'static str, description: &'static str) -> Column {
    Column { name: Cow::Borrowed(name), aliases, description, right: false, shown: true }
}

/// A column of numbers.
pub(crate) fn right(name: &'static str, aliases: &'static str, description: &'static str) -> Column {
    Column { right: true, ..left(name, aliases, description) }
}

/// Shown only when it is asked for.
pub(crate) fn hidden(column: Column) -> Column {
    Column { shown: false, ..column }
}
