//! Names and numbers of hosts.

use std::collections::HashSet;
use std::net::Ipv6Addr;

/// The domains under which hosts are known without being told to be hosts, in lower case.
pub(super) struct Domains {
    all: HashSet<&'static str>,
    longest: usize,
}

impl Domains {
    pub(super) fn new() -> Self {
        let all: HashSet<_> = include_str!("domains.txt").split_whitespace().collect();
        let longest = all.iter().map(|domain| domain.len()).max().unwrap_or(0);
        Self { all, longest }
    }

    fn has(&self, name: &[u8]) -> bool {
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        self.all.contains(&*name)
    }
}

/// Labels that stand between points, each from a letter or digit to one.
fn labels(text: &[u8], mut at: usize) -> Vec<(usize, usize)> {
    let mut labels = Vec::new();
    while text.get(at).is_some_and(u8::is_ascii_alphanumeric) {
        let rest = text.get(at..).unwrap_or_default();
        let end = at + rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-').count();
        let hyphens = text.get(at..end).unwrap_or_default().iter().rev().take_while(|byte| **byte == b'-').count();
        labels.push((at, end - hyphens));
        if hyphens > 0 || text.get(end) != Some(&b'.') {
            break;
        }
        at = end + 1;
    }
    labels
}

/// Any name or number of a host that begins at `at`, also one in brackets: behind it.
pub(super) fn any(text: &[u8], at: usize) -> Option<usize> {
    labels(text, at).last().map(|label| label.1).or_else(|| bracketed(text, at))
}

/// Where names end that begin at `at` and whose last label begins with a known domain; the longest first.
pub(super) fn known(text: &[u8], at: usize, domains: &Domains) -> Vec<usize> {
    let mut ends = Vec::new();
    for (start, end) in labels(text, at).into_iter().skip(1).rev() {
        let longest = (end - start).min(domains.longest);
        let lengths =
            (2..=longest).rev().filter(|length| text.get(start..start + length).is_some_and(|name| domains.has(name)));
        ends.extend(lengths.map(|length| start + length));
    }
    ends
}

/// Behind four numbers up to 255 with points between.
pub(super) fn numbered(text: &[u8], mut at: usize) -> Option<usize> {
    for number in 0..4 {
        if number > 0 {
            (text.get(at) == Some(&b'.')).then_some(())?;
            at += 1;
        }
        let digits: Vec<u8> = text.get(at..)?.iter().copied().take_while(u8::is_ascii_digit).take(4).collect();
        let value = digits.iter().fold(0u32, |value, digit| value * 10 + u32::from(digit - b'0'));
        ((1..=3).contains(&digits.len()) && value <= 255).then_some(())?;
        at += digits.len();
    }
    Some(at)
}

/// Behind an address of the sixth version in brackets.
pub(super) fn bracketed(text: &[u8], at: usize) -> Option<usize> {
    let inner = text.get(at..)?.strip_prefix(b"[")?;
    let end = inner.iter().position(|byte| *byte == b']')?;
    let address = std::str::from_utf8(inner.get(..end)?).ok()?;
    address.parse::<Ipv6Addr>().ok().map(|_| at + end + 2)
}
