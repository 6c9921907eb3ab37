//! Addresses of people.

use super::host::{self, Domains};

/// The address that begins the text: behind it.
pub(super) fn find(text: &[u8], domains: &Domains) -> Option<usize> {
    let at = local(text).filter(|at| text.get(*at) == Some(&b'@'))? + 1;
    if let Some(end) = bracketed(text, at) {
        return Some(end);
    }
    let end = *host::known(text, at, domains).first()?;
    Some(if text.get(end) == Some(&b'.') { end + 1 } else { end })
}

/// Behind the part before the sign: words and quoted words with points anywhere between and around them.
fn local(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    let mut word = false;
    while let Some(byte) = text.get(at) {
        match byte {
            b'.' => {
                word = false;
                at += 1;
                continue;
            }
            b'"' if !word => at = quoted(text, at)?,
            byte if !word && in_word(*byte) => {
                at += text.get(at..)?.iter().take_while(|byte| in_word(**byte)).count();
            }
            _ => break,
        }
        word = true;
    }
    (at > 0).then_some(at)
}

fn in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+,-/=?^_`{|}~".contains(&byte)
}

fn quoted(text: &[u8], at: usize) -> Option<usize> {
    enclosed(text, at, (b'"', b'"'), |byte| byte != 0x7f)
}

fn bracketed(text: &[u8], at: usize) -> Option<usize> {
    enclosed(text, at, (b'[', b']'), |byte| byte != b'[')
}

/// Behind what stands between two signs; a backslash takes away the meaning of what follows.
fn enclosed(text: &[u8], at: usize, signs: (u8, u8), takes: impl Fn(u8) -> bool) -> Option<usize> {
    let mut rest = text.get(at..)?.strip_prefix(&[signs.0])?;
    loop {
        rest = match rest {
            [byte, ..] if *byte == signs.1 => return Some(text.len() - rest.len() + 1),
            [b'\\', next, rest @ ..] if !matches!(next, 0 | b'\n' | b'\r') => rest,
            [byte, rest @ ..] if !matches!(byte, 0 | b'\t' | b'\n' | b'\r') && takes(*byte) => rest,
            _ => return None,
        };
    }
}
