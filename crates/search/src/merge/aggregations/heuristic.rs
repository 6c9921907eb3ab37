//! How much a value stands out: five ways to compare how often it is found with how often it is there at all.

use model::aggregation::request::terms::Heuristic;
use model::error::Error;

/// Documents with a value among so many, here and in the background.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Counts {
    pub(super) found: u64,
    pub(super) of: u64,
    pub(super) background: u64,
    pub(super) of_background: u64,
}

/// The score; above 0: it stands out.
///
/// # Errors
/// `illegal_argument_exception` where a background that should hold everything does not, and where values were found more often than documents,
/// as those that stand for several let them be.
pub(super) fn score(heuristic: Heuristic, counts: Counts) -> Result<f64, Error> {
    if counts.found > counts.of {
        let name = match heuristic {
            Heuristic::Jlh => "JLHScore",
            Heuristic::Percentage => "PercentageScore",
            Heuristic::ChiSquare { .. } => "ChiSquare",
            Heuristic::MutualInformation { .. } => "MutualInformation",
            Heuristic::Gnd { .. } => "GND",
        };
        return Err(Error::illegal_argument(format!("subsetFreq > subsetSize, in {name}")));
    }
    match heuristic {
        Heuristic::Jlh => Ok(jlh(counts)),
        Heuristic::Percentage if counts.background == 0 => Ok(0.0),
        Heuristic::Percentage => Ok(counts.found as f64 / counts.background as f64),
        Heuristic::ChiSquare { include_negatives, background_is_superset } => {
            let table = Contingency::of(counts, background_is_superset)?;
            Ok(if include_negatives || !table.is_rarer() { table.chi_square() } else { f64::NEG_INFINITY })
        }
        Heuristic::MutualInformation { include_negatives, background_is_superset } => {
            let table = Contingency::of(counts, background_is_superset)?;
            let score = table.mutual_information();
            Ok(if score.is_nan() || (!include_negatives && table.is_rarer()) { f64::NEG_INFINITY } else { score })
        }
        Heuristic::Gnd { background_is_superset } => Ok(Contingency::of(counts, background_is_superset)?.gnd()),
    }
}

/// The absolute change of the share times its relative change.
fn jlh(counts: Counts) -> f64 {
    if counts.of == 0 || counts.of_background == 0 {
        return 0.0;
    }
    // A value that a foreign background lacks counts as if it were there once.
    let here = counts.found as f64 / counts.of as f64;
    let there = counts.background.max(1) as f64 / counts.of_background as f64;
    if here <= there { 0.0 } else { (here - there) * (here / there) }
}

/// Documents by whether they have the value and whether they are found: `with_in` have it and are found.
struct Contingency {
    with_in: f64,
    with_out: f64,
    without_in: f64,
    without_out: f64,
}

impl Contingency {
    fn of(counts: Counts, superset: bool) -> Result<Self, Error> {
        let Counts { found, of, background, of_background } = counts;
        if superset {
            let refused = |what: &str| {
                Error::illegal_argument(format!(
                    "{what}, does your background filter not include all documents in the bucket? If so and it is intentional, set \
                     \"background_is_superset\": false"
                ))
            };
            if found > background {
                return Err(refused("subsetFreq > supersetFreq"));
            }
            if of > of_background {
                return Err(refused("subsetSize > supersetSize"));
            }
            if background - found > of_background - of {
                return Err(refused("supersetFreq - subsetFreq > supersetSize - subsetSize"));
            }
        }
        let (with_out, out) =
            if superset { (background - found, of_background - of) } else { (background, of_background) };
        Ok(Self {
            with_in: found as f64,
            with_out: with_out as f64,
            without_in: of.saturating_sub(found) as f64,
            without_out: out.saturating_sub(with_out) as f64,
        })
    }

    fn with(&self) -> f64 {
        self.with_in + self.with_out
    }

    fn without(&self) -> f64 {
        self.without_in + self.without_out
    }

    fn inside(&self) -> f64 {
        self.with_in + self.without_in
    }

    fn outside(&self) -> f64 {
        self.with_out + self.without_out
    }

    fn all(&self) -> f64 {
        self.inside() + self.outside()
    }

    /// Whether the value is rarer here than elsewhere.
    fn is_rarer(&self) -> bool {
        self.with_in / self.inside() < self.with_out / self.outside()
    }

    /// Pearson's statistic of a table of two by two.
    fn chi_square(&self) -> f64 {
        let difference = self.with_in * self.without_out - self.without_in * self.with_out;
        self.all() * difference.powi(2) / (self.inside() * self.with() * self.without() * self.outside())
    }

    /// In bits.
    fn mutual_information(&self) -> f64 {
        let all = self.all();
        let part = |both: f64, one: f64, other: f64| {
            let share = both / all;
            if share < 1e-7 && all * both < 1e-7 { 0.0 } else { share * (all * both / (one * other)).ln() }
        };
        let sum = part(self.without_out, self.without(), self.outside())
            + part(self.without_in, self.without(), self.inside())
            + part(self.with_out, self.with(), self.outside())
            + part(self.with_in, self.with(), self.inside());
        sum / std::f64::consts::LN_2
    }

    /// Normalized Google distance (Cilibrasi and Vitanyi 2007) as a nearness from 0 to 1.
    fn gnd(&self) -> f64 {
        let (value, found, both) = (self.with(), self.inside(), self.with_in);
        if both == 0.0 {
            return 0.0;
        }
        if value == found && value == both {
            return 1.0;
        }
        let (value, found) = (value.ln(), found.ln());
        let distance = (value.max(found) - both.ln()) / (self.all().ln() - value.min(found));
        (-distance).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OpenSearch 3.4 scores five of 94 against 19 of 1000 so.
    #[test]
    fn scores_are_those_of_opensearch() {
        let counts = Counts { found: 5, of: 94, background: 19, of_background: 1000 };
        let check = |heuristic: Heuristic, counts: Counts, expected: f64| {
            let found = score(heuristic, counts).expect("comparable");
            assert!((found - expected).abs() < 1e-9, "{heuristic:?}: {found} instead of {expected}");
        };
        let chi = |background_is_superset| Heuristic::ChiSquare { include_negatives: false, background_is_superset };
        check(Heuristic::Jlh, counts, 0.09572085487598582);
        check(chi(true), counts, 6.507483644367333);
        check(Heuristic::Gnd { background_is_superset: true }, counts, 0.4769932102637863);
        check(Heuristic::Gnd { background_is_superset: false }, counts, 0.46388554772704327);
        check(Heuristic::Percentage, counts, 5.0 / 19.0);
        let mutual = Heuristic::MutualInformation { include_negatives: false, background_is_superset: true };
        check(mutual, counts, 0.0033419368141633203);
        let apart = Counts { background: 14, of_background: 906, ..counts };
        check(chi(false), apart, 6.507483644367333);
        assert!(score(chi(true), Counts { background: 4, ..counts }).is_err());
    }
}
