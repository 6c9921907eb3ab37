//! `fuzziness`: `AUTO`, `AUTO:low,high`, or a number of edits.

use model::error::{Error, ErrorKind};
use model::query::full_text::Fuzziness;

use crate::params::number_format;

/// What `text` allows. More than 2 edits are 2, fractions are dropped.
///
/// # Errors
/// `illegal_argument_exception`, or `parse_exception` for a half-written `AUTO:`.
pub(crate) fn parse(text: &str) -> Result<Fuzziness, Error> {
    if text.eq_ignore_ascii_case("auto") {
        return Ok(Fuzziness::Auto { low: 3, high: 6 });
    }
    if text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("auto:")) {
        return auto(text, &text[5..]);
    }
    match text.parse::<f32>() {
        Ok(edits) if edits >= 0.0 && edits.is_finite() => Ok(Fuzziness::Edits(edits.min(2.0) as u8)),
        _ => Err(Error::illegal_argument(format!("Invalid fuzziness value: {text}"))),
    }
}

fn auto(text: &str, limits: &str) -> Result<Fuzziness, Error> {
    let parts: Vec<&str> = limits.split(',').collect();
    let [low, high] = parts[..] else {
        return Err(Error::new(ErrorKind::Parse, "failed to find low and high distance values"));
    };
    let number = |part: &str| {
        part.parse::<i32>().map_err(|_| {
            Error::new(ErrorKind::Parse, format!("failed to parse [{text}] as a \"auto:int,int\""))
                .with_cause(number_format(part))
        })
    };
    match (u32::try_from(number(low)?), u32::try_from(number(high)?)) {
        (Ok(low), Ok(high)) if low <= high => Ok(Fuzziness::Auto { low, high }),
        _ => Err(Error::illegal_argument(
            "fuzziness wrongly configured, must be: lowDistance > 0, highDistance > 0 and lowDistance <= highDistance",
        )),
    }
}
