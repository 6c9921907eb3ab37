//! Reading the settings of one component. OpenSearch stores settings as strings, so `2`, `"2"`, `true` and `"true"` are all legal.

use serde_json::{Map, Value};

use crate::error::AnalysisError;

/// Settings that name a file in OpenSearch's folder of configuration.
const FILES: [&str; 9] = [
    "articles_path",
    "keep_words_path",
    "keywords_path",
    "mappings_path",
    "protected_words_path",
    "rules_path",
    "stem_exclusion_path",
    "stopwords_path",
    "type_table_path",
];

/// The settings of one component (`analysis.filter.NAME`), nested or with dotted keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    values: Map<String, Value>,
}

impl Settings {
    pub(crate) fn new(values: Map<String, Value>) -> Self {
        Settings { values }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Refuses words and rules that are kept in files: without them a text would silently be analyzed otherwise.
    pub(crate) fn no_files(&self) -> Result<(), AnalysisError> {
        match FILES.iter().find(|key| self.text(key).is_some()) {
            Some(key) => {
                Err(AnalysisError::setting(format!("{key} is not supported: write the list into the settings")))
            }
            None => Ok(()),
        }
    }

    /// A value as text; null and absence are the same.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        match self.values.get(key)? {
            Value::Null | Value::Object(_) => None,
            Value::String(text) => Some(text.clone()),
            Value::Array(items) => Some(items.iter().filter_map(scalar).collect::<Vec<_>>().join(",")),
            other => Some(other.to_string()),
        }
    }

    pub(crate) fn int(&self, key: &str, default: i64) -> Result<i64, AnalysisError> {
        let Some(text) = self.text(key) else { return Ok(default) };
        match text.parse::<i32>() {
            Ok(number) => Ok(i64::from(number)),
            Err(_) => Err(AnalysisError::Unreadable { expected: "int", setting: key.to_owned(), value: text }),
        }
    }

    /// A number that is a size: below zero counts as zero.
    pub(crate) fn size(&self, key: &str, default: usize) -> Result<usize, AnalysisError> {
        let number = self.int(key, i64::try_from(default).unwrap_or(i64::MAX))?;
        Ok(usize::try_from(number).unwrap_or(0))
    }

    pub(crate) fn bool(&self, key: &str, default: bool) -> Result<bool, AnalysisError> {
        match self.text(key).as_deref() {
            None => Ok(default),
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(other) => Err(AnalysisError::setting(format!(
                "Failed to parse value [{other}] as only [true] or [false] are allowed."
            ))),
        }
    }

    /// A list: an array, a comma-separated string, or keys `key.0`, `key.1`.
    pub(crate) fn list(&self, key: &str) -> Option<Vec<String>> {
        match self.values.get(key) {
            Some(Value::Array(items)) => Some(items.iter().filter_map(scalar).collect()),
            Some(Value::Null) => None,
            Some(Value::String(text)) if text.is_empty() => Some(Vec::new()),
            Some(other) => {
                let text = scalar(other)?;
                Some(text.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect())
            }
            None => self.numbered(key),
        }
    }

    fn numbered(&self, key: &str) -> Option<Vec<String>> {
        let items: Vec<String> = (0..).map_while(|n| self.values.get(&format!("{key}.{n}")).and_then(scalar)).collect();
        (!items.is_empty()).then_some(items)
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::Registry;

    #[test]
    fn words_in_files_are_refused() {
        for (part, component, key) in [
            ("analyzer", json!({"type": "standard", "stopwords_path": "words.txt"}), "stopwords_path"),
            ("analyzer", json!({"type": "french", "stem_exclusion_path": "words.txt"}), "stem_exclusion_path"),
            ("filter", json!({"type": "stop", "stopwords_path": "words.txt"}), "stopwords_path"),
            ("char_filter", json!({"type": "mapping", "mappings_path": "rules.txt"}), "mappings_path"),
        ] {
            let error = Registry::from_settings(&json!({part: {"mine": component}})).expect_err(key);
            assert!(error.to_string().starts_with(key), "{error}");
        }
    }
}
