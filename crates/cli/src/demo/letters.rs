//! Letters from ships, found by their words, by their meaning, and by both: what each way is worth.
//!
//! Letters and their vectors are invented, the same every time: a word's vector says mostly what it is about, as an embedding model's would. Who asks
//! for a ship and a matter is shown, beside the first letters of each way, its nDCG@10 over all such questions: a letter from that ship about that
//! matter counts three times one from another ship.

use std::io::{Result as Written, Write};

use serde_json::{Value, json};

use super::random::Random;
use super::words::{MATTERS, SHIPS};
use crate::client::{Body, Client};
use crate::failure::Failure;
use crate::print::Style;

const INDEX: &str = "letters";
const COUNT: u64 = 600;
/// Ships that write.
const WRITERS: u64 = 12;
/// Numbers of a vector: one for each matter, and as many that mean nothing.
const DIMENSION: usize = 2 * MATTERS.len();
/// How much of a word's vector is by chance.
const NOISE: f64 = 0.35;
/// Hits that are judged.
const DEPTH: usize = 10;

struct Letter {
    ship: &'static str,
    matter: usize,
    text: String,
    vector: Vec<f64>,
}

/// What somebody looks for.
struct Question {
    ship: &'static str,
    matter: usize,
    word: &'static str,
}

/// The ways of searching, in the order in which they are shown.
const WAYS: [&str; 3] = ["words", "vector", "hybrid"];

/// Shows them.
///
/// # Errors
/// The first request that fails; of the writer.
pub(super) fn show(client: &Client, out: &mut dyn Write, style: Style) -> Result<(), Failure> {
    let letters: Vec<Letter> = (0..COUNT).map(letter).collect();
    load(client, &letters)?;
    let questions = questions();
    let (mut sums, mut first) = ([0.0; 3], Vec::new());
    for question in &questions {
        for (way, sum) in sums.iter_mut().enumerate() {
            let hits = ask(client, &body(question, way))?;
            *sum += quality(&letters, question, &hits);
            if first.len() < WAYS.len() {
                first.push(hits);
            }
        }
    }
    let means = sums.map(|sum| sum / questions.len() as f64);
    tell(out, style, (&letters, &questions), (&first, means)).map_err(Failure::Output)
}

fn load(client: &Client, letters: &[Letter]) -> Result<(), Failure> {
    let vector = json!({"type": "knn_vector", "dimension": DIMENSION, "space_type": "cosinesimil"});
    let index = json!({
        "settings": {"number_of_shards": 3, "number_of_replicas": 0},
        "mappings": {"properties": {"text": {"type": "text"}, "meaning": vector}},
    });
    client.ask("PUT", &format!("/{INDEX}"), &index)?;
    let lines = letters.iter().enumerate().map(|(number, letter)| {
        let document = json!({"text": letter.text, "meaning": letter.vector});
        format!("{}\n{document}\n", json!({"index": {"_id": number.to_string()}}))
    });
    let path = format!("/{INDEX}/_bulk?refresh=true");
    let answer = client.post(&path, Body::Lines, lines.collect::<String>().as_bytes())?;
    let json = client.accepted(&answer)?;
    if json["errors"] == false {
        return Ok(());
    }
    Err(Failure::Answer { url: client.url().to_owned(), reason: "not all letters were taken".to_owned() })
}

/// The numbers of the letters found, the best first.
fn ask(client: &Client, body: &Value) -> Result<Vec<usize>, Failure> {
    let answer = client.ask("POST", &format!("/{INDEX}/_search"), body)?;
    let hits = answer["hits"]["hits"].as_array().into_iter().flatten();
    Ok(hits.filter_map(|hit| hit["_id"].as_str()?.parse().ok()).collect())
}

fn body(question: &Question, way: usize) -> Value {
    let words = json!({"match": {"text": format!("{} {}", question.ship, question.word)}});
    let vector = json!({"knn": {"meaning": {"vector": word_vector(question.matter, question.word), "k": 50}}});
    let query = match way {
        0 => words,
        1 => vector,
        _ => json!({"hybrid": {"queries": [words, vector], "pagination_depth": 50}}),
    };
    json!({"query": query, "size": DEPTH, "_source": false})
}

fn questions() -> Vec<Question> {
    let mut random = Random::new(5);
    let one = |(matter, (_, words)): (usize, &(&str, &'static [&'static str]))| {
        let ship = SHIPS[random.below(WRITERS) as usize];
        Question { ship, matter, word: words[random.below(words.len() as u64) as usize] }
    };
    MATTERS.iter().enumerate().cycle().take(3 * MATTERS.len()).map(one).collect()
}

fn letter(number: u64) -> Letter {
    let mut random = Random::new(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1e77);
    let ship = SHIPS[random.below(WRITERS) as usize];
    let matter = random.below(MATTERS.len() as u64) as usize;
    let word = |matter: usize, random: &mut Random| {
        let words = MATTERS[matter].1;
        (matter, words[random.below(words.len() as u64) as usize])
    };
    let elsewhere = random.below(MATTERS.len() as u64) as usize;
    let said = [word(matter, &mut random), word(matter, &mut random), word(elsewhere, &mut random)];
    let [first, second, third] = said.map(|(_, word)| word);
    let text =
        format!("Written aboard the {ship}. Of {first} I have told you, of {second} less; and still no {third}.");
    let mut vector = vec![0.0; DIMENSION];
    for (matter, word) in said {
        vector.iter_mut().zip(word_vector(matter, word)).for_each(|(sum, part)| *sum += part);
    }
    Letter { ship, matter, text, vector }
}

/// What a word is about, and something by chance.
fn word_vector(matter: usize, word: &str) -> Vec<f64> {
    let seed = word.bytes().fold(7, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let mut random = Random::new(seed);
    let noise = |at: usize| {
        let chance = random.below(2001) as f64 / 1000.0 - 1.0;
        f64::from(u8::from(at == matter)) + NOISE * chance
    };
    (0..DIMENSION).map(noise).collect()
}

/// How much a letter answers a question.
fn gain(letter: &Letter, question: &Question) -> f64 {
    match (letter.matter == question.matter, letter.ship == question.ship) {
        (true, true) => 3.0,
        (true, false) => 1.0,
        _ => 0.0,
    }
}

fn discounted(gains: impl Iterator<Item = f64>) -> f64 {
    gains.take(DEPTH).enumerate().map(|(at, gain)| gain / (at as f64 + 2.0).log2()).sum()
}

/// nDCG@10 (Järvelin and Kekäläinen 2002).
fn quality(letters: &[Letter], question: &Question, hits: &[usize]) -> f64 {
    let found = discounted(hits.iter().filter_map(|at| letters.get(*at)).map(|letter| gain(letter, question)));
    let mut best: Vec<f64> = letters.iter().map(|letter| gain(letter, question)).collect();
    best.sort_by(|a, b| b.total_cmp(a));
    found / discounted(best.into_iter())
}

fn tell(
    out: &mut dyn Write,
    style: Style,
    (letters, questions): (&[Letter], &[Question]),
    (first, means): (&[Vec<usize>], [f64; 3]),
) -> Written<()> {
    let Some(question) = questions.first() else { return Ok(()) };
    let about = MATTERS[question.matter].0;
    let told = "Words, a vector, and both: letters about a matter from a ship";
    writeln!(out, "\n{}: {} of them", style.bold(told), letters.len())?;
    writeln!(out, "{}", style.dim(&format!("POST /{INDEX}/_search {}", body(question, 2))))?;
    writeln!(out, "  looked for: {about}, from the {}", question.ship)?;
    write!(out, "  {:<8}", "")?;
    WAYS.iter().try_for_each(|way| write!(out, "  {way:<34}"))?;
    writeln!(out)?;
    for rank in 0..3 {
        write!(out, "  {:<8}", rank + 1)?;
        for hits in first {
            let found = hits.get(rank).and_then(|at| letters.get(*at));
            let shown = found.map_or_else(String::new, |found| format!("{}, {}", MATTERS[found.matter].0, found.ship));
            write!(out, "  {shown:<34}")?;
        }
        writeln!(out)?;
    }
    write!(out, "  {:<8}", "nDCG@10")?;
    means.iter().try_for_each(|mean| write!(out, "  {:<34}", format!("{mean:.3}")))?;
    writeln!(out, "\n  over {} questions", questions.len())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn letters_are_the_same_every_time_and_of_every_matter() {
        assert_eq!((letter(3).text, letter(3).vector), (letter(3).text, letter(3).vector));
        let mut counts: BTreeMap<usize, u64> = BTreeMap::new();
        (0..COUNT).for_each(|number| *counts.entry(letter(number).matter).or_default() += 1);
        assert!(counts.len() == MATTERS.len() && counts.values().all(|count| *count > COUNT / 20), "{counts:?}");
    }

    #[test]
    fn the_best_order_is_worth_one_and_the_worst_little() {
        let letters: Vec<Letter> = (0..COUNT).map(letter).collect();
        let question = &questions()[0];
        let mut order: Vec<usize> = (0..letters.len()).collect();
        order.sort_by(|a, b| gain(&letters[*b], question).total_cmp(&gain(&letters[*a], question)));
        assert!((quality(&letters, question, &order) - 1.0).abs() < 1e-9);
        order.reverse();
        assert!(quality(&letters, question, &order) < 1e-9);
    }
}
