//! CLIENT: who is connected.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;

use super::connection::client_name;
use super::flag::{LOADING, NOSCRIPT, STALE};
use super::{Keys, commands, unknown_subcommand};
use crate::args::{Args, integer};
use crate::client::Client;
use crate::error::RespError;
use crate::frame::reply::{Protocol, Reply};
use crate::server::now_ms;
use crate::session::{Answers, Session};

commands! { "connection";
    "client" -2, LOADING | STALE | NOSCRIPT, Keys::NONE, "A container for client connection commands." => client;
}

type Answer = Result<Reply, RespError>;

async fn client(session: &mut Session, mut args: Args) -> Answer {
    let word = args.must()?;
    let name = word.to_ascii_uppercase();
    let arity = |least: usize, most: usize| {
        let name = String::from_utf8_lossy(&word).to_ascii_lowercase();
        let right = (least..=most).contains(&args.left());
        if right { Ok(()) } else { Err(RespError::Arity { command: format!("client|{name}") }) }
    };
    match name.as_slice() {
        b"ID" => arity(0, 0).map(|()| Reply::Integer(session.client.id as i64)),
        b"INFO" => arity(0, 0).map(|()| Reply::Verbatim("txt", format!("{}\n", line(&session.client)).into())),
        b"GETNAME" => arity(0, 0).map(|()| get_name(session)),
        b"SETNAME" => {
            arity(1, 1)?;
            let name = client_name(&args.must()?)?;
            session.client.state.lock().name = name;
            Ok(Reply::OK)
        }
        b"SETINFO" => {
            arity(2, 2)?;
            set_info(session, &mut args)
        }
        b"LIST" => list(session, args),
        b"KILL" => {
            arity(1, usize::MAX)?;
            kill(session, args)
        }
        b"REPLY" => {
            arity(1, 1)?;
            reply(session, &args.must()?)
        }
        b"NO-EVICT" | b"NO-TOUCH" => {
            arity(1, 1)?;
            let word = args.must()?;
            // Nothing is evicted, and nothing is touched by reading: either is how it is already.
            if word.eq_ignore_ascii_case(b"ON") || word.eq_ignore_ascii_case(b"OFF") {
                Ok(Reply::OK)
            } else {
                Err(RespError::Syntax)
            }
        }
        b"GETREDIR" => arity(0, 0).map(|()| Reply::Integer(-1)),
        // It is never on.
        b"TRACKING" if matches!(args.rest(), [only] if only.eq_ignore_ascii_case(b"OFF")) => Ok(Reply::OK),
        b"TRACKINGINFO" => {
            arity(0, 0)?;
            let pair = |name: &str, value: Reply| (Reply::text(name), value);
            Ok(Reply::Map(vec![
                pair("flags", Reply::Set(vec![Reply::text("off")])),
                pair("redirect", Reply::Integer(-1)),
                pair("prefixes", Reply::Array(Vec::new())),
            ]))
        }
        b"TRACKING" | b"CACHING" => {
            Err(RespError::refused("CLIENT TRACKING is not implemented: no client is told of keys that change"))
        }
        b"PAUSE" | b"UNPAUSE" | b"UNBLOCK" => {
            let name = String::from_utf8_lossy(&word).to_uppercase();
            Err(RespError::refused(format!("CLIENT {name} is not implemented")))
        }
        b"HELP" => Ok(help()),
        _ => Err(unknown_subcommand("client", &word)),
    }
}

fn help() -> Reply {
    let lines = [
        "ID",
        "INFO",
        "GETNAME",
        "SETNAME name",
        "SETINFO option value",
        "LIST",
        "KILL option ..",
        "REPLY ON|OFF|SKIP",
        "NO-EVICT ON|OFF",
    ];
    Reply::Array(lines.iter().map(|line| Reply::Simple(format!("CLIENT {line}").into())).collect())
}

fn get_name(session: &Session) -> Reply {
    let name = session.client.state.lock().name.clone();
    if name.is_empty() { Reply::Null } else { Reply::text(&name) }
}

fn set_info(session: &Session, args: &mut Args) -> Answer {
    let (option, value) = (args.must()?, args.must()?);
    if value.iter().any(|byte| !(b'!'..=b'~').contains(byte)) {
        let option = String::from_utf8_lossy(&option).to_ascii_lowercase();
        return Err(RespError::refused(format!("{option} cannot contain spaces, newlines or special characters.")));
    }
    let value = String::from_utf8_lossy(&value).into_owned();
    let mut state = session.client.state.lock();
    match option.to_ascii_uppercase().as_slice() {
        b"LIB-NAME" => state.library = value,
        b"LIB-VER" => state.library_version = value,
        _ => {
            let option = String::from_utf8_lossy(&option).into_owned();
            return Err(RespError::refused(format!("Unrecognized option '{option}'")));
        }
    }
    Ok(Reply::OK)
}

/// One client as `CLIENT LIST` shows it.
fn line(client: &Client) -> String {
    let now = now_ms();
    let state = client.state.lock();
    let seconds = |since: u64| now.saturating_sub(since) / 1000;
    let flags = if state.queued.is_some() { "x" } else { "N" };
    let protocol = if state.protocol == Protocol::Three { 3 } else { 2 };
    format!(
        "id={} addr={} laddr={} fd=0 name={} age={} idle={} flags={flags} db=0 sub=0 psub=0 ssub=0 multi={} watch={} cmd={} user=default \
         redir=-1 resp={protocol} lib-name={} lib-ver={}",
        client.id,
        client.address,
        client.local,
        state.name,
        seconds(client.since_ms),
        seconds(client.active_ms.load(Ordering::Relaxed)),
        state.queued.map_or(-1, |queued| queued as i64),
        state.watching,
        state.command,
        state.library,
        state.library_version
    )
}

fn list(session: &Session, mut args: Args) -> Answer {
    let mut chosen = session.server.clients.all();
    if args.take_word("TYPE") {
        match args.must()?.to_ascii_lowercase().as_slice() {
            b"normal" => {}
            b"master" | b"replica" | b"slave" | b"pubsub" => chosen.clear(),
            other => {
                let kind = String::from_utf8_lossy(other).into_owned();
                return Err(RespError::refused(format!("Unknown client type '{kind}'")));
            }
        }
    } else if args.take_word("ID") {
        let wanted = args.rest().iter().map(|id| integer(id).filter(|id| *id > 0));
        let wanted: Option<Vec<i64>> = wanted.collect();
        let wanted = wanted.filter(|ids| !ids.is_empty()).ok_or_else(|| RespError::refused("Invalid client ID"))?;
        chosen.retain(|client| wanted.contains(&(client.id as i64)));
        while args.take().is_some() {}
    }
    if !args.is_empty() {
        return Err(RespError::Syntax);
    }
    let lines: String = chosen.iter().map(|client| format!("{}\n", line(client))).collect();
    Ok(Reply::Verbatim("txt", lines.into()))
}

fn reply(session: &mut Session, word: &Bytes) -> Answer {
    session.answers = match word.to_ascii_uppercase().as_slice() {
        b"ON" => Answers::Sent,
        b"OFF" => Answers::Kept,
        b"SKIP" => Answers::SkipNext,
        _ => return Err(RespError::Syntax),
    };
    Ok(Reply::OK)
}

/// Who shall go.
struct Filters {
    id: Option<u64>,
    address: Option<Bytes>,
    local: Option<Bytes>,
    user: Option<Bytes>,
    older_than_s: Option<u64>,
    /// `TYPE` of something that nobody here is.
    nobody: bool,
    skip_me: bool,
}

fn kill(session: &mut Session, mut args: Args) -> Answer {
    if args.left() == 1 {
        let address = args.must()?;
        let all = session.server.clients.all();
        let found = all.iter().find(|client| client.address.to_string().as_bytes() == address);
        let found = found.ok_or_else(|| RespError::refused("No such client"))?;
        end(session, found);
        return Ok(Reply::OK);
    }
    let filters = filters(&mut args)?;
    let now = now_ms();
    let mut count = 0;
    for client in session.server.clients.all() {
        let is =
            |wanted: &Option<Bytes>, shown: String| wanted.as_ref().is_none_or(|wanted| shown.as_bytes() == wanted);
        let chosen = !filters.nobody
            && filters.id.is_none_or(|id| id == client.id)
            && is(&filters.address, client.address.to_string())
            && is(&filters.local, client.local.to_string())
            && is(&filters.user, "default".to_owned())
            && filters.older_than_s.is_none_or(|age| now.saturating_sub(client.since_ms) / 1000 >= age)
            && !(filters.skip_me && client.id == session.client.id);
        if chosen {
            end(session, &client);
            count += 1;
        }
    }
    Ok(Reply::Integer(count))
}

fn filters(args: &mut Args) -> Result<Filters, RespError> {
    let mut filters =
        Filters { id: None, address: None, local: None, user: None, older_than_s: None, nobody: false, skip_me: true };
    while let Some(option) = args.take() {
        let value = args.must()?;
        let number = |what: &'static str| {
            integer(&value)
                .and_then(|n| u64::try_from(n).ok())
                .filter(|n| *n > 0)
                .ok_or_else(|| RespError::refused(what))
        };
        match option.to_ascii_uppercase().as_slice() {
            b"ID" => filters.id = Some(number("client-id should be greater than 0")?),
            b"ADDR" => filters.address = Some(value),
            b"LADDR" => filters.local = Some(value),
            b"MAXAGE" => filters.older_than_s = Some(number("maxage is not an integer or out of range")?),
            b"USER" if value == "default" => filters.user = Some(value),
            b"USER" => {
                let user = String::from_utf8_lossy(&value).into_owned();
                return Err(RespError::refused(format!("No such user '{user}'")));
            }
            b"SKIPME" if value.eq_ignore_ascii_case(b"yes") => filters.skip_me = true,
            b"SKIPME" if value.eq_ignore_ascii_case(b"no") => filters.skip_me = false,
            b"TYPE" => match value.to_ascii_lowercase().as_slice() {
                b"normal" => {}
                b"master" | b"replica" | b"slave" | b"pubsub" => filters.nobody = true,
                other => {
                    let kind = String::from_utf8_lossy(other).into_owned();
                    return Err(RespError::refused(format!("Unknown client type '{kind}'")));
                }
            },
            _ => return Err(RespError::Syntax),
        }
    }
    Ok(filters)
}

/// Who kills itself is answered first.
fn end(session: &mut Session, client: &Arc<Client>) {
    if client.id == session.client.id {
        session.closing = true;
    } else {
        client.kill();
    }
}
