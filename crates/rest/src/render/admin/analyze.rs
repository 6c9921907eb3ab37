//! Tokens, plain or stage by stage.

use model::admin::{AnalyzeResponse, AnalyzedStage, AnalyzedToken};

use crate::render::json::Json;

pub(crate) fn answer(response: &AnalyzeResponse) -> Json {
    let mut json = Json::default();
    json.begin_object();
    match response {
        AnalyzeResponse::Tokens(list) => tokens(&mut json, list, false),
        AnalyzeResponse::Stages { custom, char_filters, tokenizer, filters, analyzer } => {
            json.key("detail");
            json.begin_object();
            json.field_bool("custom_analyzer", *custom);
            if let Some(analyzer) = analyzer {
                json.key("analyzer");
                stage(&mut json, analyzer);
            }
            if *custom {
                filtered(&mut json, char_filters);
            }
            if let Some(tokenizer) = tokenizer {
                json.key("tokenizer");
                stage(&mut json, tokenizer);
            }
            if *custom {
                json.key("tokenfilters");
                json.begin_array();
                filters.iter().for_each(|filter| stage(&mut json, filter));
                json.end_array();
            }
            json.end_object();
        }
    }
    json.end_object();
    json
}

fn filtered(json: &mut Json, char_filters: &[(String, Vec<String>)]) {
    json.key("charfilters");
    json.begin_array();
    for (name, texts) in char_filters {
        json.begin_object();
        json.field_str("name", name);
        json.key("filtered_text");
        json.begin_array();
        texts.iter().for_each(|text| json.string(text));
        json.end_array();
        json.end_object();
    }
    json.end_array();
}

fn stage(json: &mut Json, stage: &AnalyzedStage) {
    json.begin_object();
    json.field_str("name", &stage.name);
    tokens(json, &stage.tokens, true);
    json.end_object();
}

fn tokens(json: &mut Json, list: &[AnalyzedToken], explained: bool) {
    json.key("tokens");
    json.begin_array();
    for token in list {
        json.begin_object();
        json.field_str("token", &token.token);
        json.field_u64("start_offset", u64::from(token.start_offset));
        json.field_u64("end_offset", u64::from(token.end_offset));
        json.field_str("type", &token.kind);
        json.field_u64("position", u64::from(token.position));
        // Explained, it is one of the attributes, there or not as they were asked for.
        if !explained && token.position_length > 1 {
            json.field_u64("positionLength", u64::from(token.position_length));
        }
        for (name, value) in &token.attributes {
            json.key(name);
            json.value(value);
        }
        json.end_object();
    }
    json.end_array();
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    fn token(text: &str, position_length: u32) -> AnalyzedToken {
        AnalyzedToken {
            token: text.into(),
            start_offset: 1,
            end_offset: 2,
            kind: "word".into(),
            position: 0,
            position_length,
            attributes: Map::new(),
        }
    }

    fn check(response: &AnalyzeResponse, expected: &str) {
        assert_eq!(String::from_utf8(answer(response).finish()).unwrap(), expected);
    }

    #[test]
    fn plain_tokens() {
        check(
            &AnalyzeResponse::Tokens(vec![token("a", 1), token("b", 2)]),
            r#"{"tokens":[{"token":"a","start_offset":1,"end_offset":2,"type":"word","position":0},{"token":"b","start_offset":1,"end_offset":2,"type":"word","position":0,"positionLength":2}]}"#,
        );
    }

    #[test]
    fn stages() {
        let mut explained = token("a", 1);
        explained.attributes.insert("keyword".into(), json!(false));
        let stage = AnalyzedStage { name: "standard".into(), tokens: vec![explained] };
        let shown = r#"{"name":"standard","tokens":[{"token":"a","start_offset":1,"end_offset":2,"type":"word","position":0,"keyword":false}]}"#;
        check(
            &AnalyzeResponse::Stages {
                custom: false,
                char_filters: Vec::new(),
                tokenizer: None,
                filters: Vec::new(),
                analyzer: Some(stage.clone()),
            },
            &format!(r#"{{"detail":{{"custom_analyzer":false,"analyzer":{shown}}}}}"#),
        );
        check(
            &AnalyzeResponse::Stages {
                custom: true,
                char_filters: vec![("html_strip".into(), vec!["x".into()])],
                tokenizer: Some(stage),
                filters: Vec::new(),
                analyzer: None,
            },
            &format!(
                r#"{{"detail":{{"custom_analyzer":true,"charfilters":[{{"name":"html_strip","filtered_text":["x"]}}],"tokenizer":{shown},"tokenfilters":[]}}}}"#
            ),
        );
    }
}
