//! Scores that OpenSearch 3.4 gave, recorded in `testdata/scores.json`: sloppy phrases, prefixes, fuzzy terms, several fields.

use search::bound::{BoundBool, BoundKind, Expand, Pattern, Phrase, PhrasePosition, Rewrite};
use serde_json::Value;

use super::corpus::Doc;
use super::*;

fn phrase(text: &str, slop: u32, prefix_expansions: Option<u32>) -> BoundKind {
    let position = |(position, word)| PhrasePosition { position: position as u32, terms: vec![queries::term(word)] };
    let positions = text.split(' ').enumerate().map(position).collect();
    BoundKind::Phrase(Phrase { field: "title".into(), positions, slop, prefix_expansions })
}

fn any(parts: impl Iterator<Item = BoundKind>) -> BoundKind {
    let should = parts.map(BoundQuery::new).collect();
    BoundKind::Bool(BoundBool { should, minimum_should_match: 1, ..BoundBool::default() })
}

fn bound(kind: &str, number: f64, text: &str) -> BoundQuery {
    let slop = number as u32;
    BoundQuery::new(match kind {
        "phrase" => phrase(text, slop, None),
        "prefix" => phrase(text, slop, Some(50)),
        "fuzzy" => {
            let pattern = Pattern::Fuzzy {
                text: text.into(),
                edits: slop as u8,
                prefix_length: 0,
                max_expansions: 50,
                transpositions: true,
            };
            BoundKind::Expand(Expand { field: "title".into(), pattern, rewrite: Rewrite::TopTermsBlended(50) })
        }
        "cross" => any(text.split(' ').map(|word| BoundKind::Blended {
            terms: vec![("title".into(), queries::term(word), 2.0), ("body".into(), queries::term(word), 1.0)],
            tie_breaker: 0.0,
        })),
        "dis_max" => {
            let field =
                |field: &str| any(text.split(' ').map(|word| BoundKind::Term(field.into(), queries::term(word))));
            let queries = ["title", "body"].map(|name| BoundQuery::new(field(name))).to_vec();
            BoundKind::DisMax { queries, tie_breaker: number as f32 }
        }
        _ => panic!("{kind}"),
    })
}

#[test]
fn scores_are_those_of_opensearch() {
    let recorded: Value = serde_json::from_str(include_str!("../../../testdata/scores.json")).expect("recorded");
    let texts = |doc: &Value, at: usize| doc[at].as_str().expect("text").split(' ').map(str::to_owned).collect();
    let docs = recorded["docs"].as_array().expect("documents").iter().enumerate();
    let docs = docs.map(|(n, doc)| Doc {
        id: format!("{n:03}"),
        title: texts(doc, 0),
        body: texts(doc, 1),
        alive: true,
        ..Doc::default()
    });
    let corpus = Corpus::new(docs.collect());
    let reader = corpus.reader(Layouts::Blocks(2));
    let mut wrong = Vec::new();
    for case in recorded["cases"].as_array().expect("cases") {
        let asked = &case["ask"];
        let kind = asked[0].as_str().expect("kind");
        let query = bound(kind, asked[1].as_f64().expect("number"), asked[2].as_str().expect("text"));
        let mut own: Vec<(String, f64)> = ask(&reader, &request(&query, 100))
            .hits
            .iter()
            .map(|hit| (hit.id.to_string(), f64::from(hit.score)))
            .collect();
        let hits = case["hits"].as_array().expect("hits").iter();
        let mut expected: Vec<(String, f64)> =
            hits.map(|hit| (hit[0].as_str().expect("id").to_owned(), hit[1].as_f64().expect("score"))).collect();
        own.sort_by(|a, b| a.0.cmp(&b.0));
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        let equal = own.len() == expected.len()
            && own.iter().zip(&expected).all(|(a, b)| a.0 == b.0 && (a.1 - b.1).abs() <= 1e-6 * b.1.max(1e-3));
        if !equal {
            let pairs = own.iter().zip(&expected).find(|(a, b)| a.0 != b.0 || (a.1 - b.1).abs() > 1e-6 * b.1.max(1e-3));
            wrong.push(format!(
                "{asked}: {} hits instead of {}, first difference {pairs:?}",
                own.len(),
                expected.len()
            ));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
