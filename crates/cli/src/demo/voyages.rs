//! Invented voyages of cargo ships, the same every time.
//!
//! Out: documents by their number, and the settings and mapping of an index for them.

use serde_json::{Value, json};

use super::random::Random;
use super::words;

/// The index's name.
pub(super) const INDEX: &str = "voyages";
/// How many there are.
pub(super) const COUNT: u64 = 5_000;

/// Settings and mapping. Three shards, because scores do not depend on it; names are found without their accents.
pub(super) fn index() -> Value {
    let named = json!({"type": "text", "analyzer": "names", "fields": {"raw": {"type": "keyword"}}});
    json!({
        "settings": {
            "number_of_shards": 3,
            "number_of_replicas": 0,
            "analysis": {"analyzer": {"names": {
                "type": "custom", "tokenizer": "standard", "filter": ["lowercase", "asciifolding"],
            }}},
        },
        "mappings": {"dynamic": "strict", "properties": {
            "title": {"type": "text", "analyzer": "english"},
            "log": {"type": "text", "analyzer": "english"},
            "captain": named,
            "from": named,
            "to": named,
            "ship": {"properties": {
                "name": named,
                "kind": {"type": "keyword"},
                "tons": {"type": "integer"},
                "built": {"type": "short"},
            }},
            "cargo": {"type": "keyword"},
            "departed": {"type": "date"},
            "days": {"type": "integer"},
            "miles": {"type": "float"},
            "crew": {"type": "short"},
            "arrived": {"type": "boolean"},
            "beacon": {"type": "ip"},
        }},
    })
}

/// What sentences speak of.
struct Voyage {
    first: &'static str,
    last: &'static str,
    ship: &'static str,
    other: &'static str,
    from: &'static str,
    to: &'static str,
    cargo: Vec<&'static str>,
    days: u64,
    crew: u64,
    miles: f64,
    arrived: bool,
}

/// The voyage with this number.
pub(super) fn document(number: u64) -> Value {
    let mut random = Random::new(number.wrapping_mul(0x2545_f491_4f6c_dd1d));
    let voyage = Voyage::new(&mut random);
    // A ship's own facts follow from its name, whoever sails it.
    let seed = voyage.ship.bytes().fold(17, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let mut of_ship = Random::new(seed);
    let title = voyage.fill(random.pick(words::TITLES), &mut random);
    let log = voyage.log(&mut random);
    json!({
        "title": title,
        "log": log,
        "captain": format!("{} {}", voyage.first, voyage.last),
        "from": voyage.from,
        "to": voyage.to,
        "ship": {
            "name": voyage.ship,
            "kind": of_ship.pick(words::KINDS),
            "tons": of_ship.between(40, 900),
            "built": of_ship.between(1958, 2010),
        },
        "cargo": voyage.cargo,
        "departed": format!("{}-{:02}-{:02}", random.between(2012, 2025), random.between(1, 12), random.between(1, 28)),
        "days": voyage.days,
        "miles": voyage.miles,
        "crew": voyage.crew,
        "arrived": voyage.arrived,
        "beacon": format!("10.{}.{}.{}", seed % 8, random.below(16), random.between(1, 254)),
    })
}

impl Voyage {
    fn new(random: &mut Random) -> Self {
        let ship = random.pick(words::SHIPS);
        let from = random.pick(words::PORTS);
        let days = random.between(3, 35) + random.below(2) * random.below(40);
        let mut cargo = vec![random.pick(words::CARGOES)];
        for _ in 0..random.below(3) {
            cargo.push(random.pick(words::CARGOES));
        }
        cargo.sort_unstable();
        cargo.dedup();
        Self {
            first: random.pick(words::FIRST_NAMES),
            last: random.pick(words::LAST_NAMES),
            ship,
            other: different(words::SHIPS, ship, random),
            from,
            to: different(words::PORTS, from, random),
            cargo,
            days,
            crew: random.between(4, 28),
            // Halves are exact, whatever the width of the field.
            miles: (days * random.between(40, 170)) as f64 + random.below(2) as f64 / 2.0,
            arrived: random.percent(93),
        }
    }

    /// What the captain wrote: a beginning, some of the middle, an end.
    fn log(&self, random: &mut Random) -> String {
        let mut sentences = vec![random.pick(words::DEPARTURES)];
        for (list, least, most) in [(words::WEATHER, 1, 2), (words::INCIDENTS, 0, 3), (words::ENCOUNTERS, 0, 2)] {
            for _ in 0..random.between(least, most) {
                let sentence = random.pick(list);
                if !sentences.contains(&sentence) {
                    sentences.push(sentence);
                }
            }
        }
        sentences.push(random.pick(if self.arrived { words::ARRIVALS } else { words::LOSSES }));
        let filled: Vec<String> = sentences.into_iter().map(|sentence| self.fill(sentence, random)).collect();
        filled.join(" ")
    }

    /// The sentence with values for its names.
    fn fill(&self, sentence: &str, random: &mut Random) -> String {
        let mut out = String::new();
        let mut rest = sentence;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, behind) = after.split_once('}').unwrap_or((after, ""));
            out.push_str(before);
            out.push_str(&self.value(name, random));
            rest = behind;
        }
        out.push_str(rest);
        out
    }

    fn value(&self, name: &str, random: &mut Random) -> String {
        let word = match name {
            "last" => self.last,
            "ship" => self.ship,
            "other" => self.other,
            "from" => self.from,
            "to" => self.to,
            "cargo" => random.pick(self.cargo.as_slice()),
            "animal" => random.pick(words::ANIMALS),
            "part" => random.pick(words::PARTS),
            "song" => random.pick(words::SONGS),
            "mood" => random.pick(words::MOODS),
            "captain" => return format!("{} {}", self.first, self.last),
            "crew" => return self.crew.to_string(),
            "days" => return self.days.to_string(),
            "miles" => return random.between(90, 600).to_string(),
            unknown => unreachable!("the sentences name no {unknown}: a test fills all of them"),
        };
        word.to_owned()
    }
}

fn different(list: &'static [&'static str], taken: &str, random: &mut Random) -> &'static str {
    let found = random.pick(list);
    if found != taken { found } else { list.iter().copied().find(|word| *word != taken).unwrap_or(found) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_sentence_fills() {
        let mut random = Random::new(1);
        let voyage = Voyage::new(&mut random);
        let lists = [
            words::TITLES,
            words::DEPARTURES,
            words::WEATHER,
            words::INCIDENTS,
            words::ENCOUNTERS,
            words::ARRIVALS,
            words::LOSSES,
        ];
        for sentence in lists.into_iter().flatten() {
            let filled = voyage.fill(sentence, &mut random);
            assert!(!filled.contains(['{', '}']), "{sentence}: {filled}");
        }
    }

    #[test]
    fn a_number_is_a_voyage() {
        assert_eq!(document(17), document(17));
        assert_ne!(document(17), document(18));
    }

    #[test]
    fn voyages_differ_and_fit_the_mapping() {
        let mapped: BTreeSet<String> = index()["mappings"]["properties"].as_object().unwrap().keys().cloned().collect();
        let mut logs = BTreeSet::new();
        let mut lost = 0;
        for number in 0..COUNT {
            let document = document(number);
            let fields: BTreeSet<String> = document.as_object().unwrap().keys().cloned().collect();
            assert_eq!(fields, mapped);
            assert_ne!(document["from"], document["to"]);
            assert_ne!(document["cargo"].as_array().unwrap().len(), 0);
            lost += u64::from(document["arrived"] == false);
            logs.insert(document["log"].as_str().unwrap().to_owned());
        }
        assert!(logs.len() as u64 > COUNT * 9 / 10, "{} logs", logs.len());
        assert!((200..600).contains(&lost), "{lost} lost");
    }

    #[test]
    fn a_ship_stays_itself() {
        let ships: BTreeSet<String> = (0..500).map(|number| document(number)["ship"].to_string()).collect();
        assert!(ships.len() <= words::SHIPS.len(), "{ships:?}");
    }
}
