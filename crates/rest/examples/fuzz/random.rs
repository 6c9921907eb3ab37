//! A small seeded generator (xorshift64*, Vigna 2016) and the arguments that the fuzz targets share.

pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// From 0 up to, without, `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 33) as usize % limit
    }
}

/// `--seconds N` (10) and `--seed S` (the time).
pub(crate) fn arguments() -> (u64, u64) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let (mut seconds, mut seed) = (10, now.map_or(1, |time| time.as_nanos() as u64));
    let given: Vec<String> = std::env::args().skip(1).collect();
    for pair in given.chunks(2) {
        match (pair.first().map(String::as_str), pair.get(1).and_then(|value| value.parse().ok())) {
            (Some("--seconds"), Some(value)) => seconds = value,
            (Some("--seed"), Some(value)) => seed = value,
            _ => {
                eprintln!("usage: [--seconds N] [--seed S]");
                std::process::exit(2);
            }
        }
    }
    (seconds, seed)
}
