//! Tables of `_cat`: which columns are shown, in which order of rows, as aligned text or as JSON.

pub(crate) mod cell;
pub(crate) mod column;

use std::cmp::Ordering;

use model::error::{Error, ErrorKind};
use model::mapping::simple_match;
use serde_json::{Map, Value};

use crate::params::{Params, boolean, split, time_ms};
use cell::{Cell, Units};
use column::Column;

/// Columns and rows; every row has a cell a column.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<Cell>>,
}

/// What the client says of the table, whatever is in it.
#[derive(Debug, Default)]
pub(crate) struct Look {
    /// Names, aliases and patterns of columns; `None`: those that are shown by default.
    headers: Option<Vec<String>>,
    /// By which columns rows are sorted, the first one first; true: downwards.
    sort: Vec<(String, bool)>,
    with_header: bool,
    units: Units,
    /// What is said of times, of primaries and of how long to wait, which some tables heed.
    times: Option<String>,
    primaries: Option<String>,
    timeout: Option<String>,
}

impl Look {
    /// Whether the table shows when it was made.
    ///
    /// # Errors
    /// `illegal_argument_exception` for what is no flag.
    pub(crate) fn with_time(&self) -> Result<bool, Error> {
        self.times.as_deref().map_or(Ok(true), boolean)
    }

    /// Whether the table counts primaries alone. What is no flag says nothing.
    pub(crate) fn only_primaries(&self) -> bool {
        self.primaries.as_deref() == Some("true")
    }

    /// Of a table that other nodes are asked for: refuses a timeout that is none.
    ///
    /// # Errors
    /// `illegal_argument_exception`.
    pub(crate) fn check_timeout(&self) -> Result<(), Error> {
        self.timeout.as_deref().map_or(Ok(None), |given| time_ms("timeout", given)).map(drop)
    }

    /// Takes the parameters that every table has.
    ///
    /// # Errors
    /// `illegal_argument_exception` for flags that are none.
    pub(crate) fn take(params: &mut Params) -> Result<Self, Error> {
        let sort = params.take("s").map(|given| split(&given)).unwrap_or_default();
        // No column is counted in units of thousands.
        params.take("size");
        Ok(Self {
            headers: params.take("h").map(|given| split(&given)),
            sort: sort.iter().map(|key| direction(key)).collect(),
            with_header: params.flag("v")?.unwrap_or(false),
            units: Units::take(params),
            times: params.take("ts"),
            primaries: params.take("pri"),
            timeout: params.take("timeout"),
        })
    }
}

fn direction(key: &str) -> (String, bool) {
    match (key.strip_suffix(":desc"), key.strip_suffix(":asc")) {
        (Some(name), _) => (name.to_owned(), true),
        (None, Some(name)) => (name.to_owned(), false),
        (None, None) => (key.to_owned(), false),
    }
}

/// A shown column: what it is called, and where it stands in the rows.
type Shown<'a> = (&'a str, usize);

impl Table {
    pub(crate) fn new(columns: Vec<Column>) -> Self {
        Self { columns, rows: Vec::new() }
    }

    /// Drops the first `count` columns.
    pub(crate) fn leave_out(&mut self, count: usize) {
        self.columns.drain(..count.min(self.columns.len()));
        for row in &mut self.rows {
            row.drain(..count.min(row.len()));
        }
    }

    /// The names, aliases and descriptions of all columns.
    pub(crate) fn help(&self) -> String {
        let widest =
            |text: fn(&Column) -> &str| self.columns.iter().map(|column| width(text(column))).max().unwrap_or(0);
        let (names, aliases, descriptions) =
            (widest(|column| &column.name), widest(|column| column.aliases), widest(|column| column.description));
        let mut out = String::new();
        for column in &self.columns {
            pad(&mut out, &column.name, names);
            out.push_str(" | ");
            pad(&mut out, column.aliases, aliases);
            out.push_str(" | ");
            pad(&mut out, column.description, descriptions);
            out.push('\n');
        }
        out
    }

    /// Orders the rows.
    ///
    /// # Errors
    /// `unsupported_operation_exception` for a column that there is not.
    pub(crate) fn sort(&mut self, look: &Look) -> Result<(), Error> {
        let mut keys = Vec::with_capacity(look.sort.len());
        for (name, down) in &look.sort {
            let reason = || format!("Unable to sort by unknown sort key `{name}`");
            let column = self.find(name).ok_or_else(|| Error::new(ErrorKind::UnsupportedOperation, reason()))?;
            keys.push((column, *down));
        }
        self.rows.sort_by(|a, b| {
            let compare = |&(column, down): &(usize, bool)| {
                let order = a[column].compare(&b[column]);
                if down { order.reverse() } else { order }
            };
            keys.iter().map(compare).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        });
        Ok(())
    }

    /// Aligned text, a line a row.
    pub(crate) fn text(&self, look: &Look) -> String {
        let shown = self.shown(look);
        let cells: Vec<Vec<String>> = self
            .rows
            .iter()
            .map(|row| shown.iter().map(|&(_, at)| row[at].text_in(&look.units).unwrap_or_default()).collect())
            .collect();
        let mut widths: Vec<usize> =
            shown.iter().map(|(name, _)| if look.with_header { width(name) } else { 0 }).collect();
        for row in &cells {
            for (widest, cell) in widths.iter_mut().zip(row) {
                *widest = width(cell).max(*widest);
            }
        }
        let mut out = String::new();
        if look.with_header {
            let names: Vec<&str> = shown.iter().map(|(name, _)| *name).collect();
            self.line(&mut out, &shown, &widths, &names);
        }
        for row in &cells {
            let row: Vec<&str> = row.iter().map(String::as_str).collect();
            self.line(&mut out, &shown, &widths, &row);
        }
        out
    }

    fn line(&self, out: &mut String, shown: &[Shown<'_>], widths: &[usize], cells: &[&str]) {
        for (at, (cell, &widest)) in cells.iter().zip(widths).enumerate() {
            if at > 0 {
                out.push(' ');
            }
            let right = shown.get(at).is_some_and(|&(_, column)| self.columns[column].right);
            let gap = widest.saturating_sub(width(cell));
            if right {
                out.extend(std::iter::repeat_n(' ', gap));
                out.push_str(cell);
            } else if at + 1 == cells.len() {
                // Nothing follows that would have to be aligned.
                out.push_str(cell);
            } else {
                pad(out, cell, widest);
            }
        }
        out.push('\n');
    }

    /// A list of objects, every value a string or null.
    pub(crate) fn json(&self, look: &Look) -> Value {
        let shown = self.shown(look);
        let row = |row: &Vec<Cell>| {
            let cells = shown.iter().map(|&(name, at)| {
                let value = row[at].text_in(&look.units).map_or(Value::Null, Value::String);
                (name.to_owned(), value)
            });
            Value::Object(cells.collect::<Map<_, _>>())
        };
        self.rows.iter().map(row).collect()
    }

    /// What is shown. A name that is no column's is passed by; what was shown is not shown again.
    fn shown<'a>(&'a self, look: &'a Look) -> Vec<Shown<'a>> {
        let Some(headers) = &look.headers else {
            let columns = self.columns.iter().enumerate().filter(|(_, column)| column.shown);
            return columns.map(|(at, column)| (column.name.as_ref(), at)).collect();
        };
        let mut shown: Vec<Shown<'a>> = Vec::new();
        let mut add = |name: &'a str, at: usize| {
            if !shown.iter().any(|&(other, _)| other == name) {
                shown.push((name, at));
            }
        };
        for header in headers {
            if header.contains('*') {
                for (at, column) in self.columns.iter().enumerate() {
                    if simple_match(header, &column.name) || column.aliases().any(|alias| simple_match(header, alias)) {
                        add(&column.name, at);
                    }
                }
            } else if let Some(at) = self.find(header) {
                add(header, at);
            }
        }
        shown
    }

    /// A column by its name, or else by an alias, of which the last counts.
    fn find(&self, name: &str) -> Option<usize> {
        let named = self.columns.iter().position(|column| column.name == name);
        named.or_else(|| self.columns.iter().rposition(|column| column.aliases().any(|alias| alias == name)))
    }
}

fn width(text: &str) -> usize {
    text.chars().count()
}

fn pad(out: &mut String, text: &str, to: usize) {
    out.push_str(text);
    out.extend(std::iter::repeat_n(' ', to.saturating_sub(width(text))));
}

#[cfg(test)]
mod tests {
    use super::column::{hidden, left, right};
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(vec![
            left("index", "i,idx", "index name"),
            right("docs.count", "dc,docsCount", "available docs"),
            hidden(right("store", "ss,dc", "size")),
            left("node", "n", "node"),
        ]);
        table.rows = vec![
            vec![Cell::text("bb"), Cell::Number(9), Cell::Bytes(1536), Cell::Empty],
            vec![Cell::text("a"), Cell::Number(10), Cell::Bytes(1 << 20), Cell::text("one")],
        ];
        table
    }

    fn check(query: &str, expected: &str) {
        let mut table = table();
        let mut params = Params::parse(query);
        let look = Look::take(&mut params).unwrap();
        params.finish("/").unwrap();
        table.sort(&look).unwrap();
        assert_eq!(table.text(&look), expected, "{query}");
    }

    #[test]
    fn text_is_aligned_and_the_last_column_is_not_padded() {
        check("", "bb  9 \na  10 one\n");
        check("v", "index docs.count node\nbb             9 \na             10 one\n");
        check("h=n,i&v", "n   i\n    bb\none a\n");
        check("h=index,index,i&v", "index i\nbb    bb\na     a\n");
        check("h=colour", "\n\n");
        check("h=s*", "1.5kb\n  1mb\n");
        // An alias that two columns have is the later one's; a name wins over aliases.
        check("h=dc&bytes=kb", "   1\n1024\n");
        check("h=store&bytes=elephants", "1.5kb\n  1mb\n");
    }

    #[test]
    fn rows_are_sorted_by_value() {
        check("h=i&s=docs.count:desc", "a\nbb\n");
        check("h=i&s=i", "a\nbb\n");
        check("h=i&s=n,i:asc", "bb\na\n");
        check("h=i&s=store", "bb\na\n");
        let look = Look::take(&mut Params::parse("s=docs.count:foo")).unwrap();
        let error = table().sort(&look).unwrap_err();
        assert_eq!(error.reason, "Unable to sort by unknown sort key `docs.count:foo`");
    }

    #[test]
    fn as_json_and_help() {
        let look = Look::take(&mut Params::parse("h=i,n,d*")).unwrap();
        assert_eq!(
            table().json(&look).to_string(),
            r#"[{"i":"bb","n":null,"docs.count":"9","store":"1.5kb"},{"i":"a","n":"one","docs.count":"10","store":"1mb"}]"#
        );
        assert_eq!(
            table().help(),
            "index      | i,idx        | index name    \ndocs.count | dc,docsCount | available docs\nstore      | ss,dc        | size          \nnode       | n            | node          \n"
        );
    }
}
