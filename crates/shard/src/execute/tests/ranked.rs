//! What the Redis dialect ranks: by postings or document by document, counted on the way or not, it is one answer.

use model::query::ranked::{Corpus as Ranking, Scorer};
use search::bound::{BoundKind, BoundRanked, Pattern, RankedKind, RankedPart};

use super::*;

const FORMULAS: [Scorer; 6] =
    [Scorer::TfIdf, Scorer::TfIdfDocNorm, Scorer::Bm25, Scorer::Bm25Std, Scorer::DisMax, Scorer::DocScore];

fn part(rng: &mut Rng, kind: RankedKind) -> RankedPart {
    RankedPart { kind, weight: [1.0, 1.0, 0.2, 3.0][rng.below(4)] }
}

fn word(rng: &mut Rng) -> RankedPart {
    let fields = (rng.below(8) == 0).then(|| vec!["title".into()]);
    let term = queries::term(rng.pick(&["a", "b", "ab", "ship", "nowhere", "zz"]));
    part(rng, RankedKind::Word { pool: "title".into(), term, stem: false, fields })
}

fn prefix(rng: &mut Rng) -> RankedPart {
    let prefix = rng.pick(&["a", "s", "al", "q"]).to_owned();
    let pattern = Pattern::Prefix { prefix, case_insensitive: false };
    part(rng, RankedKind::Words { pool: "title".into(), pattern, stem: false, fields: None })
}

fn any(rng: &mut Rng) -> RankedPart {
    let parts = (0..1 + rng.below(3)).map(|_| if rng.below(3) == 0 { prefix(rng) } else { word(rng) }).collect();
    part(rng, RankedKind::Any(parts))
}

fn whole(rng: &mut Rng) -> RankedPart {
    match rng.below(6) {
        0 => word(rng),
        1 => prefix(rng),
        2 => {
            let parts = vec![any(rng), any(rng)];
            part(rng, RankedKind::All(parts, None))
        }
        _ => any(rng),
    }
}

fn query(rng: &mut Rng) -> BoundQuery {
    let candidates = match rng.below(4) {
        0 => BoundKind::MatchAll,
        1 => BoundKind::NumberRange("d".into(), -10, 15),
        2 => BoundKind::Term("title".into(), queries::term(rng.pick(&["a", "b", "ship", "nowhere"]))),
        _ => BoundKind::Terms("title".into(), ["a", "b", "ship"].map(queries::term).to_vec()),
    };
    let corpus = Ranking {
        pool: "title".into(),
        texts: vec![("title".into(), 1)],
        stems: None,
        forms: None,
        length: "n".into(),
        max_freq: "g".into(),
        score: "nowhere".into(),
        default_score: 0.5,
    };
    BoundQuery::new(BoundKind::Ranked(Box::new(BoundRanked {
        candidates: BoundQuery::new(candidates),
        verify: false,
        part: whole(rng),
        scorer: FORMULAS[rng.below(FORMULAS.len())],
        corpus,
    })))
}

#[test]
fn words_rank_by_their_postings_as_document_by_document() {
    for seed in 0..30 {
        let mut rng = Rng(seed * 3571 + 9);
        let corpus = Corpus::random(&mut rng, 150);
        let directory = tempfile::tempdir().expect("a directory");
        let reader = corpus.reader_in([Layouts::OneBlock, Layouts::Mixed(3)][rng.below(2)], directory.path());
        for _ in 0..40 {
            let asked = request(&query(&mut rng), 1 + rng.below(20));
            let filter = BoundQuery::new(BoundKind::NumberRange("n".into(), 0, 4));
            let post_filter = (rng.below(4) == 0).then(|| Arc::new(filter));
            let asked = ShardQuery { post_filter, ..asked };
            let found = ask(&reader, &asked);
            // Where a least score is asked for, every match is looked at by itself.
            let one_by_one = ask(&reader, &ShardQuery { min_score: Some(f32::NEG_INFINITY), ..asked.clone() });
            assert_eq!(seen(&found), seen(&one_by_one), "seed {seed} {asked:?}");
            assert_eq!(found.total, one_by_one.total, "seed {seed} {asked:?}");
        }
    }
}
