//! Aggregations over segments of several stretches, where what is known of a stretch or of a whole segment stands for its documents:
//! the answers must be those of memory blocks, where every document is looked at, and of one by one, where some are gone.

use model::aggregation::answer::Answer;
use model::aggregation::request::histogram::{CalendarUnit, DateInterval};
use model::aggregation::request::{Order, OrderBy};
use model::date::Zone;
use model::date::rounding::Rounding;
use search::aggregation::format::Format;
use search::aggregation::histogram::{Histogram, Step};
use search::aggregation::metric::{Cardinality, Stats, StatsShown};
use search::aggregation::values::{Column, Values};
use search::aggregation::{BoundAggregation, Filters, Kind, Level};
use search::bound::BoundKind;
use search::merge::aggregations::{Limit, finish};

use super::aggregations::{numbers, one, strings, terms_by_count};
use super::corpus::Doc;
use super::*;

const DOCS: usize = 9500;
const HOUR_MS: i64 = 3_600_000;
/// Two days before the clocks of Berlin go forward.
const BEGIN_MS: i64 = 1_711_670_400_000;

/// `d` ascends through ten days, `n` does not and is missing in some if `gaps`, `g` has a few values.
fn corpus(gaps: bool, dead: bool) -> Corpus {
    let mut rng = Rng(99);
    let doc = |number: usize| Doc {
        id: format!("id{number:05}"),
        plain: vec![format!("p{}", number / 700)],
        keys: vec![["a", "b", "c"][rng.below(3)].to_owned()],
        n: if gaps && rng.below(4) == 0 { Vec::new() } else { vec![BEGIN_MS + rng.below(240) as i64 * HOUR_MS] },
        d: vec![BEGIN_MS + number as i64 * 90_000],
        g: vec![rng.below(7) as i64 * 13 - 20],
        alive: !dead || rng.below(50) > 0,
        ..Doc::default()
    };
    Corpus::new((0..DOCS).map(doc).collect())
}

fn days(field: &str, zone: &str) -> Kind {
    let zone = Zone::parse(zone).expect("a zone");
    let rounding = Rounding::new(DateInterval::Calendar(CalendarUnit::Day), zone, 0);
    Kind::Histogram(Box::new(Histogram {
        values: numbers(field),
        step: Step::Dates { rounding, extended: None, hard: None },
        min_doc_count: 0,
        order: vec![Order { by: OrderBy::Key, descending: false }],
        keyed: false,
    }))
}

fn stats(field: &str, shown: StatsShown) -> BoundAggregation {
    one("s", Kind::Stats(Box::new(Stats { values: numbers(field), shown })), Vec::new())
}

fn overlapping() -> Kind {
    let some = |from: i64| Arc::new(BoundQuery::new(BoundKind::NumberRange("g".into(), from, 100)));
    Kind::Filters(Box::new(Filters { filters: vec![some(-20), some(0)], names: None, other: false }))
}

fn tree() -> Level {
    let values = |field: &str| Values { column: Column::Strings(field.into()), missing: None, format: Format::Raw };
    let list = vec![
        one("days", days("d", "Europe/Berlin"), Vec::new()),
        one(
            "days+",
            days("d", "Europe/Berlin"),
            vec![
                stats("g", StatsShown::Avg),
                one("k", terms_by_count(strings("k"), 9), vec![stats("n", StatsShown::Stats)]),
            ],
        ),
        one("utc", days("n", "UTC"), vec![stats("g", StatsShown::Stats)]),
        one("mixed", days("n", "Europe/Berlin"), Vec::new()),
        one("k", terms_by_count(strings("k"), 9), Vec::new()),
        one("k+", terms_by_count(strings("k"), 9), vec![stats("d", StatsShown::Extended { sigma: 2.0 })]),
        one("g", terms_by_count(numbers("g"), 9), Vec::new()),
        stats("n", StatsShown::Stats),
        one("overlapping", overlapping(), vec![stats("d", StatsShown::Stats), one("n", days("n", "UTC"), Vec::new())]),
        one("c", Kind::Cardinality(Box::new(Cardinality { values: values("k"), threshold: 100 })), Vec::new()),
        one("v", Kind::ValueCount(numbers("n")), Vec::new()),
        one("w", Kind::ValueCount(strings("k")), Vec::new()),
    ];
    Level { list, pipelines: Vec::new() }
}

/// Few values of many documents, many of few: those of most are found without a look at all others.
#[test]
fn the_best_of_several_segments_are_those_of_one() {
    let mut rng = Rng(7);
    let mut docs = Corpus::zipf(&mut rng, 3000).docs;
    docs.iter_mut().for_each(|doc| doc.keys.clone_from(&vec![doc.title[0].clone()]));
    let corpus = Corpus::new(docs);
    let directory = tempfile::tempdir().expect("a directory");
    let block = corpus.reader(Layouts::OneBlock);
    let sealed = corpus.reader_in(Layouts::Sealed(4), &directory.path().join("four"));
    let mixed = corpus.reader_in(Layouts::Mixed(7), &directory.path().join("seven"));
    let everything = BoundQuery::new(BoundKind::MatchAll);
    for query in [everything, BoundQuery::new(BoundKind::NumberRange("n".into(), 100, 400))] {
        for size in [1, 2, 5, 20, 60, 1000] {
            let list = vec![one("k", terms_by_count(strings("k"), size), Vec::new())];
            let level = Level { list, pipelines: Vec::new() };
            let expected = answers_of(&block, &query, &level);
            for reader in [&sealed, &mixed, &sealed, &mixed] {
                assert_eq!(answers_of(reader, &query, &level), expected, "{size}: {query:?}");
            }
        }
    }
}

/// A value that no segment has most of may still be the best.
#[test]
fn the_best_is_found_though_it_is_nowhere_first() {
    let docs = (0..1600).map(|number| {
        let (segment, at) = (number / 400, number % 400);
        let key = match at {
            0..11 => "spread".to_owned(),
            // More of them in each segment than any shard tells.
            11..299 => format!("here{segment}{}", at % 12),
            _ => format!("alone{number}"),
        };
        Doc { id: format!("id{number:04}"), keys: vec![key], ..Doc::default() }
    });
    let corpus = Corpus::new(docs.map(|doc| Doc { alive: true, ..doc }).collect());
    let directory = tempfile::tempdir().expect("a directory");
    let reader = corpus.reader_in(Layouts::Sealed(4), directory.path());
    for size in [1, 3, 5] {
        let list = vec![one("k", terms_by_count(strings("k"), size), Vec::new())];
        let level = Level { list, pipelines: Vec::new() };
        let everything = BoundQuery::new(BoundKind::MatchAll);
        let expected = answers_of(&corpus.reader(Layouts::OneBlock), &everything, &level);
        assert_eq!(answers_of(&reader, &everything, &level), expected, "{size}");
    }
}

fn answers(reader: &Reader, query: &BoundQuery) -> (u64, Vec<Answer>) {
    answers_of(reader, query, &tree())
}

fn answers_of(reader: &Reader, query: &BoundQuery, level: &Level) -> (u64, Vec<Answer>) {
    let mut asked = request(query, 0);
    asked.aggregations = Some(Arc::new(level.clone()));
    let hits = ask(reader, &asked);
    let total = hits.total;
    (total, finish(level, vec![hits.aggregations], &mut Limit::new(65_535)).expect("finishes"))
}

#[test]
fn what_stands_for_many_documents_says_what_they_say() {
    let range = |field: &str, from, to| BoundQuery::new(BoundKind::NumberRange(field.into(), from, to));
    let queries = [
        // Some behind each other in the middle of a stretch.
        BoundQuery::new(BoundKind::Term("plain".into(), queries::term("p3"))),
        BoundQuery::new(BoundKind::MatchAll),
        range("g", -20, 100),
        range("g", -7, 100),
        range("g", 58, 58),
        range("d", BEGIN_MS, BEGIN_MS + 5000 * 90_000),
        range("n", BEGIN_MS, BEGIN_MS + 200 * HOUR_MS),
    ];
    for (gaps, dead) in [(false, false), (false, true), (true, false)] {
        let corpus = corpus(gaps, dead);
        let directory = tempfile::tempdir().expect("a directory");
        let block = corpus.reader(Layouts::OneBlock);
        let sealed = corpus.reader_in(Layouts::Sealed(1), &directory.path().join("one"));
        let two = corpus.reader_in(Layouts::Mixed(2), &directory.path().join("two"));
        for query in &queries {
            let expected = answers(&block, query);
            // What is found the first and the second time is known the third.
            for (reader, name) in [(&sealed, "sealed"), (&two, "mixed")] {
                for time in 1..=3 {
                    let found = answers(reader, query);
                    assert_eq!(found, expected, "{name}, time {time}, gaps {gaps}, dead {dead}: {query:?}");
                }
            }
        }
    }
}
