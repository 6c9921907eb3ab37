//! The connection itself: greeting, password, protocol, and whether anybody is there.

use bytes::Bytes;

use super::flag::{FAST, LOADING, NO_AUTH, NO_QUEUE, NOSCRIPT, STALE};
use super::{Keys, commands};
use crate::args::Args;
use crate::error::RespError;
use crate::frame::reply::{Protocol, Reply};
use crate::session::Session;

commands! { "connection";
    "ping" -1, FAST, Keys::NONE, "Returns the server's liveliness response." => ping;
    "echo" 2, FAST | LOADING | STALE, Keys::NONE, "Returns the given string." => echo;
    "quit" -1, FAST | LOADING | STALE | NO_AUTH | NO_QUEUE | NOSCRIPT, Keys::NONE, "Closes the connection." => quit;
    "reset" 1, FAST | LOADING | STALE | NO_AUTH | NO_QUEUE | NOSCRIPT, Keys::NONE, "Resets the connection." => reset;
    "select" 2, FAST | LOADING | STALE, Keys::NONE, "Changes the selected database." => select;
    "auth" -2, FAST | LOADING | STALE | NO_AUTH | NOSCRIPT, Keys::NONE, "Authenticates the connection." => auth;
    "hello" -1, FAST | LOADING | STALE | NO_AUTH | NOSCRIPT, Keys::NONE, "Handshakes with the server." => hello;
}

type Answer = Result<Reply, RespError>;

async fn ping(_session: &mut Session, mut args: Args) -> Answer {
    match (args.take(), args.is_empty()) {
        (None, _) => Ok(Reply::Simple("PONG".into())),
        (Some(text), true) => Ok(Reply::Bulk(text)),
        (Some(_), false) => Err(RespError::Arity { command: "ping".to_owned() }),
    }
}

async fn echo(_session: &mut Session, mut args: Args) -> Answer {
    Ok(Reply::Bulk(args.must()?))
}

async fn quit(session: &mut Session, _args: Args) -> Answer {
    session.closing = true;
    Ok(Reply::OK)
}

async fn reset(session: &mut Session, _args: Args) -> Answer {
    session.reset();
    Ok(Reply::Simple("RESET".into()))
}

/// There is one database.
async fn select(_session: &mut Session, mut args: Args) -> Answer {
    match args.integer() {
        Ok(0) => Ok(Reply::OK),
        Ok(_) => Err(RespError::refused("DB index is out of range")),
        Err(error) => Err(error),
    }
}

async fn auth(session: &mut Session, mut args: Args) -> Answer {
    let (first, second) = (args.must()?, args.take());
    if !args.is_empty() {
        return Err(RespError::Syntax);
    }
    if second.is_none() && session.server.password.read().is_empty() {
        return Err(RespError::refused(
            "AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
        ));
    }
    let (user, password) = second.map_or((Bytes::from_static(b"default"), first.clone()), |second| (first, second));
    authenticate(session, &user, &password)?;
    Ok(Reply::OK)
}

/// The one user is `default`. Without a password every password is right, as in Redis.
fn authenticate(session: &mut Session, user: &[u8], given: &[u8]) -> Result<(), RespError> {
    let right = {
        let password = session.server.password.read();
        password.is_empty() || same(password.as_bytes(), given)
    };
    if user != b"default" || !right {
        return Err(RespError::line("WRONGPASS invalid username-password pair or user is disabled."));
    }
    session.authenticated = true;
    Ok(())
}

/// Whether two texts are the same, in a time that does not tell where they differ.
fn same(one: &[u8], other: &[u8]) -> bool {
    let differences = one.iter().zip(other).fold(0, |all, (a, b)| all | (a ^ b));
    one.len() == other.len() && differences == 0
}

async fn hello(session: &mut Session, mut args: Args) -> Answer {
    let mut protocol = session.protocol;
    if let Some(version) = args.take() {
        protocol = match crate::args::integer(&version) {
            None => return Err(RespError::refused("Protocol version is not an integer or out of range")),
            Some(2) => Protocol::Two,
            Some(3) => Protocol::Three,
            Some(_) => return Err(RespError::line("NOPROTO unsupported protocol version")),
        };
    }
    let mut name = None;
    while let Some(option) = args.take() {
        if option.eq_ignore_ascii_case(b"AUTH") && args.left() >= 2 {
            let (user, password) = (args.must()?, args.must()?);
            authenticate(session, &user, &password)?;
        } else if option.eq_ignore_ascii_case(b"SETNAME") && args.left() >= 1 {
            name = Some(client_name(&args.must()?)?);
        } else {
            let option = String::from_utf8_lossy(&option).into_owned();
            return Err(RespError::refused(format!("Syntax error in HELLO option '{option}'")));
        }
    }
    if !session.authenticated {
        return Err(RespError::line(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be \
             used to authenticate the client and select the RESP protocol version at the same time",
        ));
    }
    session.protocol = protocol;
    let mut state = session.client.state.lock();
    state.protocol = protocol;
    if let Some(name) = name {
        state.name = name;
    }
    drop(state);
    Ok(greeting(session))
}

fn greeting(session: &Session) -> Reply {
    let modules = super::server::modules().iter().map(super::server::module).collect();
    let version = if session.protocol == Protocol::Three { 3 } else { 2 };
    Reply::Map(vec![
        (Reply::text("server"), Reply::text("redis")),
        (Reply::text("version"), Reply::text(&session.server.settings.compatible_version)),
        (Reply::text("proto"), Reply::Integer(version)),
        (Reply::text("id"), Reply::Integer(session.client.id as i64)),
        (Reply::text("mode"), Reply::text("standalone")),
        (Reply::text("role"), Reply::text("master")),
        (Reply::text("modules"), Reply::Array(modules)),
    ])
}

/// A name as a client may give itself.
pub(super) fn client_name(name: &[u8]) -> Result<String, RespError> {
    if name.iter().any(|byte| !(b'!'..=b'~').contains(byte)) {
        return Err(RespError::refused("Client names cannot contain spaces, newlines or special characters."));
    }
    Ok(String::from_utf8_lossy(name).into_owned())
}
