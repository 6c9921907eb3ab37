//! What indexes and aliases may be called.

use model::error::{Error, ErrorKind};

const FORBIDDEN: &str = " \"*\\<|,>/?";
const SHOWN: &str = "[ , \", *, \\, <, |, ,, >, /, ?]";

/// # Errors
/// `invalid_index_name_exception` with the rule that is broken.
pub fn check_index(name: &str) -> Result<(), Error> {
    let why = broken_rule(name).or_else(|| (name.to_lowercase() != name).then(|| "must be lowercase".to_owned()));
    match why {
        Some(why) => Err(invalid_index(name, &why)),
        None => Ok(()),
    }
}

/// # Errors
/// `invalid_alias_name_exception` with the rule that is broken.
pub fn check_alias(name: &str) -> Result<(), Error> {
    match broken_rule(name) {
        Some(why) => Err(Error::new(ErrorKind::InvalidAliasName, format!("Invalid alias name [{name}]: {why}"))),
        None => Ok(()),
    }
}

/// # Errors
/// `illegal_argument_exception` with the rule that is broken.
pub fn check_data_stream(name: &str) -> Result<(), Error> {
    let why = broken_rule(name)
        .or_else(|| (name.to_lowercase() != name).then(|| "must be lowercase".to_owned()))
        .or_else(|| name.starts_with('.').then(|| "must not start with '.'".to_owned()));
    match why {
        Some(why) => Err(Error::illegal_argument(format!("data_stream [{name}] {why}"))),
        None => Ok(()),
    }
}

/// `Invalid index name [name], why`.
pub fn invalid_index(name: &str, why: &str) -> Error {
    let mut error = Error::new(ErrorKind::InvalidIndexName, format!("Invalid index name [{name}], {why}"));
    error.details.insert("index".into(), name.into());
    error.details.insert("index_uuid".into(), "_na_".into());
    error
}

fn broken_rule(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("must not be empty".to_owned());
    }
    if name.contains(|c| FORBIDDEN.contains(c)) {
        return Some(format!("must not contain the following characters {SHOWN}"));
    }
    if name.contains('#') {
        return Some("must not contain '#'".to_owned());
    }
    if name.contains(':') {
        return Some("must not contain ':'".to_owned());
    }
    if name.starts_with(['_', '-', '+']) {
        return Some("must not start with '_', '-', or '+'".to_owned());
    }
    if name.len() > 255 {
        return Some(format!("index name is too long, ({} > 255)", name.len()));
    }
    matches!(name, "." | "..").then(|| "must not be '.' or '..'".to_owned())
}
