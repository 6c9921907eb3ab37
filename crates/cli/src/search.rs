//! `shoal search`: one search, shown to a person or as the JSON that came.

use std::io::Write as _;
use std::time::Instant;

use serde_json::{Value, json};

use crate::arguments::Search;
use crate::client::{Body, Client, path_segment};
use crate::failure::Failure;
use crate::print::{self, Style};

/// # Errors
/// Why the node does not answer, or refuses.
pub(crate) fn search(arguments: &Search) -> Result<(), Failure> {
    let client = Client::new(&arguments.url)?;
    let path = format!("/{}/_search", path_segment(&arguments.index));
    let begun = Instant::now();
    let answer = client.post(&path, Body::Json, body(arguments).to_string().as_bytes())?;
    let took = begun.elapsed();
    let json = client.accepted(&answer)?;
    let mut out = std::io::stdout().lock();
    if arguments.json {
        return writeln!(out, "{}", answer.text.trim_end()).map_err(Failure::Output);
    }
    let style = Style::of_output();
    print::hits(&mut out, &json, &[], style).map_err(Failure::Output)?;
    writeln!(out, "{} in {}", print::total(&json), print::time(took)).map_err(Failure::Output)
}

/// The program prints highlights, so it asks for them; whoever wants JSON gets what was searched alone.
fn body(arguments: &Search) -> Value {
    let words = arguments.query.join(" ");
    let query =
        if words.trim().is_empty() { json!({"match_all": {}}) } else { json!({"query_string": {"query": words}}) };
    let mut body = json!({"query": query, "size": arguments.size});
    if !arguments.json {
        body["highlight"] = json!({
            "pre_tags": [print::FOUND[0]], "post_tags": [print::FOUND[1]], "number_of_fragments": 1, "fields": {"*": {}},
        });
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(query: &[&str], json: bool) -> Search {
        let query = query.iter().map(|word| (*word).to_owned()).collect();
        Search { index: "a".to_owned(), query, url: String::new(), size: 3, json }
    }

    #[test]
    fn words_are_one_query_and_none_is_everything() {
        assert_eq!(
            body(&arguments(&["a", "AND", "b"], true)),
            json!({"query": {"query_string": {"query": "a AND b"}}, "size": 3})
        );
        assert_eq!(body(&arguments(&[], true))["query"], json!({"match_all": {}}));
        assert_eq!(body(&arguments(&[], false))["highlight"]["fields"], json!({"*": {}}));
    }
}
