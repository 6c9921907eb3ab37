//! `FT.SUGADD`, `FT.SUGGET`, `FT.SUGDEL`, `FT.SUGLEN`: completions of what is being typed.

use super::create::word;
use super::edits;
use super::words_index::{Purpose, Word, Words};
use crate::args::{Args, integer};
use crate::error::RespError;
use crate::frame::reply::{Protocol, Reply};
use crate::session::Session;

type Answer = Result<Reply, RespError>;

/// The score of what was typed to its end, or is as long as what was typed.
const EXACT: f64 = 2_147_483_648.0;

/// The list of a key, which must not hold anything else.
async fn list<'s>(session: &'s Session, args: &mut Args) -> Result<(Words<'s>, bool), RespError> {
    let key = args.must()?;
    if session.server.keyspace.get(&key).await?.is_some() {
        return Err(RespError::WrongType);
    }
    let words = Words { server: &session.server, purpose: Purpose::Suggestions, list: super::text(key) };
    Ok((words, session.protocol == Protocol::Three))
}

pub async fn add(session: &mut Session, mut args: Args) -> Answer {
    let (words, _) = list(session, &mut args).await?;
    let text = super::text(args.must()?);
    let score = super::text(args.must()?);
    let mut score: f64 = score.parse().map_err(|_| RespError::refused("invalid score"))?;
    let (mut adds, mut payload) = (false, None);
    while !args.is_empty() {
        if args.take_word("INCR") {
            adds = true;
        } else if args.take_word("PAYLOAD") {
            payload = Some(word(&mut args, "PAYLOAD")?);
        } else {
            let word = super::text(args.must()?);
            return Err(RespError::line(format!("Unknown argument `{word}`")));
        }
    }
    if !text.is_empty() {
        if adds && let Some(known) = words.get(&text).await? {
            score += known.score;
            payload = payload.or(known.payload);
        }
        let folded = text.to_lowercase();
        words.put(&Word { list: words.list.clone(), text, folded, score, payload }).await?;
    }
    Ok(Reply::Integer(words.count().await? as i64))
}

pub async fn get(session: &mut Session, mut args: Args) -> Answer {
    let (words, three) = list(session, &mut args).await?;
    let prefix = super::text(args.must()?).to_lowercase();
    let (mut fuzzy, mut scores, mut payloads, mut most) = (false, false, false, 5);
    while let Some(next) = args.take() {
        match super::text(next.clone()).to_ascii_uppercase().as_str() {
            "FUZZY" => fuzzy = true,
            "WITHSCORES" => scores = true,
            "WITHPAYLOADS" => payloads = true,
            "MAX" => {
                let given = args.take().and_then(|most| integer(&most));
                let given = given.ok_or(RespError::line("MAX: Could not convert argument to expected type"))?;
                most = usize::try_from(given)
                    .ok()
                    .filter(|most| *most > 0)
                    .ok_or(RespError::line("MAX: Value is outside acceptable bounds"))?;
            }
            _ => return Err(RespError::line(format!("Unrecognized argument: {}", super::text(next)))),
        }
    }
    let mut found: Vec<(f64, Word)> = Vec::new();
    let mut any = false;
    words
        .each(if fuzzy { "" } else { &prefix }, |word| {
            any = true;
            if let Some(score) = scored(&word, &prefix, fuzzy) {
                found.push((score, word));
            }
            // Far more than are wanted: the worst go, so that memory stays bounded.
            if found.len() > 4 * most.max(1024) {
                best(&mut found, most);
            }
        })
        .await?;
    if !any && words.count().await? == 0 {
        return Ok(Reply::Null);
    }
    best(&mut found, most);
    let mut reply = Vec::new();
    for (score, word) in found {
        reply.push(Reply::text(&word.text));
        if scores {
            reply.push(if three { Reply::Double(score) } else { Reply::text(&score.to_string()) });
        }
        if payloads {
            reply.push(word.payload.map_or(Reply::Null, |payload| Reply::text(&payload)));
        }
    }
    Ok(Reply::Array(reply))
}

fn best(found: &mut Vec<(f64, Word)>, most: usize) {
    found.sort_by(|(a, one), (b, other)| b.total_cmp(a).then_with(|| one.text.cmp(&other.text)));
    found.truncate(most);
}

/// What a word is worth: the less the more has still to be typed, and the more it differs from what was.
fn scored(word: &Word, prefix: &str, fuzzy: bool) -> Option<f64> {
    let edits = match word.folded.starts_with(prefix) {
        true => 0,
        false if fuzzy => edits::of_prefix(prefix, &word.folded, 1)?,
        false => return None,
    };
    let rest = word.folded.chars().count().abs_diff(prefix.chars().count());
    let score = if rest == 0 { EXACT } else { word.score / ((rest + 1) as f64).sqrt() };
    Some(score * (-2.0 * edits as f64).exp())
}

pub async fn delete(session: &mut Session, mut args: Args) -> Answer {
    let (words, _) = list(session, &mut args).await?;
    let gone = words.remove(&super::text(args.must()?)).await?;
    Ok(Reply::Integer(i64::from(gone)))
}

pub async fn length(session: &mut Session, mut args: Args) -> Answer {
    let (words, _) = list(session, &mut args).await?;
    Ok(Reply::Integer(words.count().await? as i64))
}
