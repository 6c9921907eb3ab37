//! Texts with holes, in the words of Mustache: `{{name}}`, sections, and the functions that OpenSearch adds.
//!
//! In: a template and values by name. Out: text. Sections nest within a bound, what is written is bounded, and names that are not there are
//! nothing. Not here: partials and changed delimiters, which are refused.

mod parse;
mod render;

use serde_json::Value;

/// Sections within sections, at most.
const MAX_DEPTH: usize = 50;
/// Bytes of a rendered text, at most.
const MAX_TEXT: usize = 10 << 20;

/// A template that has been read.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    parts: Vec<Part>,
}

/// How values are written in the places of `{{name}}`; those of `{{{name}}}` are written as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// As parts of a JSON string.
    Json,
    Nothing,
}

/// Why a template cannot be read, or rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError(pub String);

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(String),
    Value { path: Path, raw: bool },
    Section { path: Path, inverted: bool, parts: Vec<Part> },
    Function { function: Function, parts: Vec<Part> },
}

#[derive(Clone, Debug, PartialEq)]
enum Function {
    /// The value as JSON.
    ToJson,
    /// Items with something between them.
    Join(String),
    /// As a part of a URL.
    Url,
}

/// Names from the outside in; empty: the value itself (`.`).
type Path = Vec<String>;

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// Where a section is not closed, or something is not known.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        Ok(Self { parts: parse::parse(text)? })
    }

    /// Whether there is nothing to fill in.
    pub fn is_plain(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Text(_)))
    }

    /// Fills in values.
    ///
    /// # Errors
    /// When the text gets too long.
    pub fn render(&self, values: &Value, escape: Escape) -> Result<String, TemplateError> {
        render::render(&self.parts, values, escape)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(template: &str, values: &Value, expected: &str) {
        let text = Template::parse(template).and_then(|template| template.render(values, Escape::Json));
        assert_eq!(text.as_deref(), Ok(expected), "{template}");
    }

    #[test]
    fn values_sections_and_functions() {
        let values = json!({"a": "x\"y", "n": 5, "f": 1.5, "list": ["p", "q"], "people": [{"name": "b"}, {"name": "c"}],
            "in": {"deep": {"er": true}}, "no": false, "none": null, "empty": []});
        check("plain", &values, "plain");
        check("{{a}} {{{a}}} {{&a}}", &values, "x\\\"y x\"y x\"y");
        check("{{n}}|{{f}}|{{ in.deep.er }}|{{nope}}|{{none}}", &values, "5|1.5|true||");
        check("{{#people}}<{{name}}>{{/people}}", &values, "<b><c>");
        check("{{#list}}{{.}},{{/list}}", &values, "p,q,");
        check("{{#no}}a{{/no}}{{^no}}b{{/no}}{{^empty}}c{{/empty}}{{#empty}}d{{/empty}}", &values, "bc");
        check("{{#in}}{{#deep}}{{er}}{{a}}{{/deep}}{{/in}}", &values, "truex\\\"y");
        check("{{! nothing }}{{#toJson}}people{{/toJson}}", &values, r#"[{"name":"b"},{"name":"c"}]"#);
        check("{{#join}}list{{/join}} {{#join delimiter=' or '}}list{{/join delimiter=' or '}}", &values, "p,q p or q");
        check("{{#url}}{{a}} b{{/url}}", &values, "x%5C%22y+b");
        check("{{list.1}}{{people.0.name}}", &values, "qb");
    }

    #[test]
    fn what_is_no_template_is_refused() {
        for wrong in ["{{#a}}", "{{#a}}{{/b}}", "{{/a}}", "{{a", "{{{a}}", "{{> partial}}", "{{=<% %>=}}"] {
            assert!(Template::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Template::parse(&"{{#a}}".repeat(1000)).is_err());
    }

    #[test]
    fn what_is_written_is_bounded() {
        let list: Vec<u32> = (0..100).collect();
        let template = format!("{}x{}", "{{#a}}".repeat(5), "{{/a}}".repeat(5));
        let template = Template::parse(&template).unwrap();
        assert!(template.render(&json!({"a": list}), Escape::Nothing).is_err());
    }
}
