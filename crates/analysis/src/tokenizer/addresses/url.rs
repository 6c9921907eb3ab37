//! Addresses of pages and files.

use super::host::{self, Domains};
use super::run;
use crate::unicode::category;

fn unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn in_login(byte: u8) -> bool {
    unreserved(byte) || b"!$&'()*+,;=".contains(&byte)
}

fn in_query(byte: u8) -> bool {
    in_login(byte) || matches!(byte, b':' | b'@' | b'/' | b'?')
}

fn in_path(byte: u8) -> bool {
    unreserved(byte) || matches!(byte, b'/' | b':' | b'@' | b'&' | b'=')
}

/// The address that begins the text, and how far it was looked at to know that. `behind`: what follows the text.
pub(super) fn find(text: &[u8], behind: Option<char>, domains: &Domains) -> Option<(usize, usize)> {
    let after = |scheme: &[u8]| {
        let head = text.get(..scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then_some(scheme.len())
    };
    let page = after(b"http://").or_else(|| after(b"https://")).and_then(|at| page(text, at));
    let end = page.or_else(|| after(b"ftp://").and_then(|at| remote(text, at)));
    let end = end.or_else(|| after(b"file://").and_then(|at| file(text, at)));
    end.map(|end| (end, end)).or_else(|| bare(text, behind, domains))
}

/// Behind the host, which may stand behind a login.
fn authority(text: &[u8], at: usize) -> Option<usize> {
    let mut end = run(text, at, in_login);
    if text.get(end) == Some(&b':') {
        end = run(text, end + 1, in_login);
    }
    let behind_login = (text.get(end) == Some(&b'@')).then(|| host::any(text, end + 1)).flatten();
    behind_login.or_else(|| host::any(text, at))
}

fn port(text: &[u8], at: usize) -> usize {
    let digits = match text.get(at..) {
        Some([b':', rest @ ..]) => rest.iter().take(5).take_while(|byte| byte.is_ascii_digit()).count(),
        _ => 0,
    };
    if digits > 0 { at + 1 + digits } else { at }
}

fn query_and_fragment(text: &[u8], mut at: usize) -> usize {
    for sign in [b'?', b'#'] {
        if text.get(at) == Some(&sign) {
            at = run(text, at + 1, in_query);
        }
    }
    at
}

/// Port, path, query and fragment, any of which may be missing.
fn tail(text: &[u8], at: usize) -> usize {
    let mut at = port(text, at);
    if text.get(at) == Some(&b'/') {
        at = run(text, at, |byte| in_path(byte) || byte == b';');
    }
    query_and_fragment(text, at)
}

fn page(text: &[u8], at: usize) -> Option<usize> {
    Some(tail(text, authority(text, at)?))
}

/// A path must be there.
fn path(text: &[u8], at: usize) -> Option<usize> {
    (text.get(at) == Some(&b'/')).then(|| run(text, at, in_path))
}

fn remote(text: &[u8], at: usize) -> Option<usize> {
    let end = path(text, port(text, authority(text, at)?))?;
    match text.get(end..end + 7) {
        Some([b';', b't' | b'T', b'y' | b'Y', b'p' | b'P', b'e' | b'E', b'=', kind]) if b"aidAID".contains(kind) => {
            Some(end + 7)
        }
        _ => Some(query_and_fragment(text, end)),
    }
}

fn file(text: &[u8], at: usize) -> Option<usize> {
    Some(query_and_fragment(text, path(text, host::any(text, at).unwrap_or(at))?))
}

/// An address without a scheme: one that nothing follows but the host must not go on as a word.
fn bare(text: &[u8], behind: Option<char>, domains: &Domains) -> Option<(usize, usize)> {
    let next = |at: usize| text.get(at).map(|byte| char::from(*byte)).or(if at == text.len() { behind } else { None });
    let ends = |c: char| !(c.is_alphabetic() || c == '-' || matches!(category(c), b'd' | b'n' | b'e' | b'c' | b'_'));
    let mut best: Option<(usize, usize)> = None;
    let mut offer = |end: usize, at_the_end: bool| {
        let tail = tail(text, end);
        let found = match next(end) {
            _ if tail > end => Some((tail, tail)),
            Some(c) => ends(c).then_some((end, end + c.len_utf8())),
            None => at_the_end.then_some((end, end)),
        };
        best = best.into_iter().chain(found).max_by_key(|(end, seen)| (*seen, *end));
    };
    for end in host::known(text, 0, domains) {
        offer(end, true);
        if text.get(end) == Some(&b'.') {
            offer(end + 1, false);
        }
    }
    if let Some(end) = host::numbered(text, 0) {
        // At the end of all text numbers of several digits are a number, as the original has it.
        offer(end, text.get(end.saturating_sub(2)) == Some(&b'.'));
    }
    if let Some(end) = host::bracketed(text, 0) {
        offer(end, true);
    }
    best
}
