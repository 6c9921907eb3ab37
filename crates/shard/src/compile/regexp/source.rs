//! An expression in the syntax of the `regex` crate, where that can say it.

use std::fmt::Write as _;

use super::Expression;

/// `None`: it has `&` or `~`, which the crate does not know.
pub(super) fn of(expression: &Expression) -> Option<String> {
    let mut out = String::from("(?s:");
    write(expression, &mut out)?;
    out.push(')');
    Some(out)
}

fn write(expression: &Expression, out: &mut String) -> Option<()> {
    match expression {
        Expression::Nothing => out.push_str("[^\\x{0}-\\x{10ffff}]"),
        Expression::One(ranges) if ranges.is_empty() => out.push_str("[^\\x{0}-\\x{10ffff}]"),
        Expression::One(ranges) => class(ranges, out),
        Expression::All(parts) => parts.iter().try_for_each(|part| write(part, out))?,
        Expression::Any(parts) => {
            out.push_str("(?:");
            for (at, part) in parts.iter().enumerate() {
                out.push_str(if at > 0 { "|" } else { "" });
                write(part, out)?;
            }
            out.push(')');
        }
        Expression::Repeated(inner, least, most) => {
            out.push_str("(?:");
            write(inner, out)?;
            // Writing into a String cannot fail.
            let _ = match most {
                Some(most) => write!(out, "){{{least},{most}}}"),
                None => write!(out, "){{{least},}}"),
            };
        }
        Expression::Both(_) | Expression::Not(_) => return None,
    }
    Some(())
}

fn class(ranges: &[(u32, u32)], out: &mut String) {
    out.push('[');
    for &(from, to) in ranges {
        // Halves of surrogate pairs are no characters.
        for (from, to) in [(from, to.min(0xd7ff)), (from.max(0xe000), to)] {
            if from <= to {
                let _ = write!(out, "\\x{{{from:x}}}-\\x{{{to:x}}}");
            }
        }
    }
    out.push(']');
}
