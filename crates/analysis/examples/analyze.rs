//! Analyzes requests from standard input, one JSON object a line, in the form of `_analyze` (`settings` may hold the `analysis` object of an
//! index), and prints the tokens as one JSON array a line: to put beside what another server answers.

use std::io::{BufRead, Write};

use analysis::{AnalysisError, Analyzer, Limits, Registry};
use serde_json::{Value, json};

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        let answer = match answer(&request) {
            Ok(answer) => answer,
            Err(error) => json!({"error": {"type": error.kind(), "reason": error.to_string()}}),
        };
        writeln!(out, "{answer}")?;
    }
    Ok(())
}

fn answer(request: &Value) -> Result<Value, AnalysisError> {
    let registry = Registry::with_limits(&request["settings"], Limits::default())?;
    let list = |key: &str| request[key].as_array().cloned().unwrap_or_default();
    let text = request["text"].as_str().unwrap_or_default();
    let analyzer: Analyzer = match request["analyzer"].as_str() {
        Some(name) => registry
            .analyzer(name)
            .ok_or_else(|| AnalysisError::NotFound { part: "analyzer", name: name.to_owned() })?,
        None => registry.custom(request.get("tokenizer"), &list("filter"), &list("char_filter"))?,
    };
    let tokens = analyzer.tokens(text).into_iter().map(|token| {
        let length = if token.position_length > 1 { json!(token.position_length) } else { Value::Null };
        json!([token.text, token.position, token.start_offset, token.end_offset, token.kind.as_str(), length])
    });
    Ok(Value::Array(tokens.collect()))
}
