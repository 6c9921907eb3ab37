//! The list of sizes that are admitted although they are over the limits.
//!
//! One line each, `file PATH LINES` or `function PATH NAME LINES`; `#` begins a comment. The list may only shrink.

use crate::failure::Failure;

/// Where the list is, from the root.
pub(crate) const PATH: &str = "crates/xtask/exceptions.txt";

/// One line of the list.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Exception {
    pub(crate) path: String,
    /// None: the file itself.
    pub(crate) function: Option<String>,
    /// How long it may be.
    pub(crate) lines: usize,
    /// Where this stands in the list, from 1.
    pub(crate) line: usize,
}

/// Reads the list.
///
/// # Errors
/// [`Failure::Exceptions`] for the first line that has another form.
pub(crate) fn parse(text: &str) -> Result<Vec<Exception>, Failure> {
    let mut list = Vec::new();
    for (index, raw) in text.lines().enumerate() {
        let content = raw.split('#').next().unwrap_or_default();
        let words: Vec<_> = content.split_whitespace().collect();
        let (path, function, lines) = match words.as_slice() {
            [] => continue,
            ["file", path, lines] => (path, None, lines),
            ["function", path, name, lines] => (path, Some((*name).to_owned()), lines),
            _ => return Err(unreadable(index, raw)),
        };
        let lines = lines.parse().map_err(|_| unreadable(index, raw))?;
        list.push(Exception { path: (*path).to_owned(), function, lines, line: index + 1 });
    }
    Ok(list)
}

fn unreadable(index: usize, text: &str) -> Failure {
    Failure::Exceptions { path: PATH, line: index + 1, text: text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_and_comments_are_not() {
        let list = parse("# sizes\n\nfile a.rs 700 # why\nfunction b.rs f 80\n").unwrap();
        let file = Exception { path: "a.rs".to_owned(), function: None, lines: 700, line: 3 };
        let function = Exception { path: "b.rs".to_owned(), function: Some("f".to_owned()), lines: 80, line: 4 };
        assert_eq!(list, [file, function]);
    }

    #[test]
    fn another_form_is_an_error_with_its_line() {
        for bad in ["file a.rs", "file a.rs many", "folder a 3", "function a.rs 80"] {
            let error = parse(&format!("# head\n{bad}")).unwrap_err().to_string();
            assert!(error.contains("exceptions.txt:2") && error.contains(bad), "{error}");
        }
    }
}
