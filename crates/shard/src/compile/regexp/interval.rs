//! `<n-m>`: the decimal numbers from n to m.

use super::Expression;

/// As many digits where both are written with as many, and any zeros before otherwise; `None`: not numbers of 32 bits.
pub(super) fn of(from: &str, to: &str) -> Option<Expression> {
    let (low, high) = (from.parse::<u32>().ok()?, to.parse::<u32>().ok()?);
    let (low, high) = (low.min(high), low.max(high));
    if from.len() == to.len() {
        let width = from.len();
        return Some(between(format!("{low:0width$}").as_bytes(), format!("{high:0width$}").as_bytes()));
    }
    let (least, most) = (low.to_string().len(), high.to_string().len());
    let of_width = |width: usize| {
        let first = if width == least { low.to_string() } else { format!("1{}", "0".repeat(width - 1)) };
        let last = if width == most { high.to_string() } else { "9".repeat(width) };
        between(first.as_bytes(), last.as_bytes())
    };
    let zeros = Expression::Repeated(Box::new(digit(b'0', b'0')), 0, None);
    Some(Expression::All(vec![zeros, Expression::Any((least..=most).map(of_width).collect())]))
}

fn digit(from: u8, to: u8) -> Expression {
    Expression::One(vec![(from.into(), to.into())])
}

/// Numbers of one width from `low` to `high`.
fn between(low: &[u8], high: &[u8]) -> Expression {
    let (Some((&first, low_rest)), Some((&last, high_rest))) = (low.split_first(), high.split_first()) else {
        return Expression::All(Vec::new());
    };
    if first == last {
        return Expression::All(vec![digit(first, first), between(low_rest, high_rest)]);
    }
    let (zeros, nines) = (vec![b'0'; low_rest.len()], vec![b'9'; low_rest.len()]);
    let mut parts = vec![
        Expression::All(vec![digit(first, first), between(low_rest, &nines)]),
        Expression::All(vec![digit(last, last), between(&zeros, high_rest)]),
    ];
    if first + 1 < last {
        let width = low_rest.len() as u32;
        let rest = Expression::Repeated(Box::new(digit(b'0', b'9')), width, Some(width));
        parts.push(Expression::All(vec![digit(first + 1, last - 1), rest]));
    }
    Expression::Any(parts)
}
