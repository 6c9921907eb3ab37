//! Two ends of the wire on loopback.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cluster::state::NodeId;
use grpc::call::CallError;
use grpc::channels::{Ask, Channels};
use grpc::introduction::Introduction;
use grpc::route::{Class, Router};
use grpc::server::serve;
use grpc::wire::Wire;
use model::error::{Error, ErrorKind};
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};

fn wire(node: &str, secret: &str) -> Wire {
    Wire {
        cluster_name: "reef".into(),
        node: NodeId(node.into()),
        secret: Some(secret.into()),
        max_message: 1 << 20,
        compress_bulk: true,
        tls: None,
    }
}

/// Tells whether the endpoint that waits for ever was dropped.
struct Dropped(Arc<AtomicBool>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// A server that echoes, refuses and waits for ever. Out: its address, and whether the last was dropped.
async fn started() -> (String, Arc<AtomicBool>) {
    let dropped = Arc::new(AtomicBool::new(false));
    let mut router = Router::new(|other: Introduction| Introduction {
        node_id: "b".to_owned(),
        met: vec![other.node_id],
        ..Introduction::default()
    });
    for class in Class::ALL {
        router.on(class, "echo", |question| async move {
            let mut answer = question.from.0.as_bytes().to_vec();
            answer.extend(question.payload);
            Ok(answer)
        });
    }
    router.on(Class::Search, "refuse", |_| async { Err(Error::index_not_found("films")) });
    let seen = dropped.clone();
    router.on(Class::Search, "wait", move |_| {
        let guard = Dropped(seen.clone());
        async move {
            let _guard = guard;
            std::future::pending().await
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("its address").to_string();
    tokio::spawn(serve(listener, wire("b", "pearl"), router, std::future::pending()));
    (address, dropped)
}

/// A process that tells its name, and tells when it has begun to wait for ever; it is asked to stop through what comes out.
fn process(name: &'static str, listener: TcpListener) -> (oneshot::Sender<()>, Arc<Notify>) {
    let waits = Arc::new(Notify::new());
    let mut router = Router::new(|_| Introduction { node_name: name.to_owned(), ..Introduction::default() });
    for class in Class::ALL {
        router.on(class, "name", move |_| async move { Ok(name.as_bytes().to_vec()) });
        let begun = waits.clone();
        router.on(class, "wait", move |_| {
            let begun = begun.clone();
            async move {
                begun.notify_one();
                std::future::pending().await
            }
        });
    }
    let (stop, stopped) = oneshot::channel::<()>();
    tokio::spawn(serve(listener, wire("b", "pearl"), router, async move { drop(stopped.await) }));
    (stop, waits)
}

fn ask<'a>(class: Class, kind: &'a str, payload: &[u8]) -> Ask<'a> {
    Ask { class, kind, within: Some(Duration::from_secs(30)), payload: payload.to_vec().into() }
}

#[tokio::test]
async fn questions_are_answered_on_every_class() {
    let (address, _) = started().await;
    let channels = Channels::new(wire("a", "pearl"));
    for class in Class::ALL {
        let answer = channels.ask(&address, ask(class, "echo", b" asks")).await.unwrap();
        assert_eq!(answer, b"a asks");
    }
    let own = Introduction { node_id: "a".to_owned(), ..Introduction::default() };
    let met = channels.hello(&address, &own).await.unwrap();
    assert_eq!((met.node_id.as_str(), met.met), ("b", vec!["a".to_owned()]));
}

#[tokio::test]
async fn a_refusal_comes_back_whole() {
    let (address, _) = started().await;
    let channels = Channels::new(wire("a", "pearl"));
    let refused = channels.ask(&address, ask(Class::Search, "refuse", b"")).await.unwrap_err();
    assert_eq!(Error::from(refused), Error::index_not_found("films"));
    let unknown = channels.ask(&address, ask(Class::Search, "sing", b"")).await.unwrap_err();
    assert_eq!(Error::from(unknown).kind, ErrorKind::NotImplemented);
}

#[tokio::test]
async fn strangers_are_not_heard() {
    let (address, _) = started().await;
    let stranger = Channels::new(wire("a", "stone"));
    let refused = stranger.ask(&address, ask(Class::Control, "echo", b"x")).await.unwrap_err();
    assert!(matches!(&refused, CallError::NotHeard { reason, .. } if reason.contains("secret")), "{refused:?}");
    assert!(matches!(stranger.hello(&address, &Introduction::default()).await, Err(CallError::NotHeard { .. })));
}

#[tokio::test]
async fn who_is_not_there_is_told_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let refused = Channels::new(wire("a", "pearl")).ask(&address, ask(Class::Bulk, "echo", b"")).await.unwrap_err();
    assert_eq!(refused, CallError::Refused { address });
}

/// A process that stops takes no more questions on a connection over which it still owes an answer, and the connection does not end.
#[tokio::test]
async fn a_question_that_a_kept_connection_does_not_take_goes_to_the_process_that_came_after() {
    for class in Class::ALL {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, waits) = process("before", listener);
        let (channels, place) = (Channels::new(wire("a", "pearl")), address.to_string());
        let owed = tokio::spawn({
            let (channels, place) = (channels.clone(), place.clone());
            async move { channels.ask(&place, ask(class, "wait", b"")).await }
        });
        waits.notified().await;
        stop.send(()).unwrap();
        let listener = again(address).await;
        let (_lives, _) = process("after", listener);
        let named = async {
            loop {
                let name =
                    channels.ask(&place, ask(class, "name", b"")).await.unwrap_or_else(|e| panic!("{class:?}: {e}"));
                if name == b"after" {
                    return;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), named).await.expect("the process that came after is asked");
        if class == Class::Control {
            let met = channels.hello(&place, &Introduction::default()).await.unwrap();
            assert_eq!(met.node_name, "after");
        }
        owed.abort();
    }
}

/// Listens where somebody else has listened until a moment ago.
async fn again(address: SocketAddr) -> TcpListener {
    let free = async {
        loop {
            match TcpListener::bind(address).await {
                Ok(listener) => return listener,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), free).await.expect("the address is let go")
}

#[tokio::test]
async fn a_question_that_nobody_waits_for_is_dropped_there() {
    let (address, dropped) = started().await;
    let channels = Channels::new(wire("a", "pearl"));
    let short = Ask { within: Some(Duration::from_millis(50)), ..ask(Class::Search, "wait", b"") };
    let late = channels.ask(&address, short).await.unwrap_err();
    assert!(matches!(Error::from(late).kind, ErrorKind::ReceiveTimeout));
    let waited = async {
        while !dropped.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waited).await.unwrap();
}

#[tokio::test]
async fn what_is_too_long_is_refused() {
    let (address, _) = started().await;
    let channels = Channels::new(wire("a", "pearl"));
    for class in Class::ALL {
        let refused = channels.ask(&address, ask(class, "echo", &vec![0; 2 << 20])).await.unwrap_err();
        assert!(refused.to_string().contains("[2097152] bytes"), "{refused}");
        // One byte more comes back than goes out.
        let refused = channels.ask(&address, ask(class, "echo", &vec![0; 1 << 20])).await.unwrap_err();
        assert!(refused.to_string().contains("[1048577] bytes"), "{refused}");
        // The connection goes on.
        assert_eq!(channels.ask(&address, ask(class, "echo", b"")).await.unwrap(), b"a");
    }
}

#[tokio::test]
async fn more_questions_than_a_connection_holds_wait_their_turn() {
    let (address, _) = started().await;
    let channels = Channels::new(wire("a", "pearl"));
    let mut asked = tokio::task::JoinSet::new();
    for n in 0..10_000_u32 {
        let (channels, address) = (channels.clone(), address.clone());
        asked.spawn(async move {
            let answer = channels.ask(&address, ask(Class::Search, "echo", &n.to_be_bytes())).await.unwrap();
            assert_eq!(answer[1..], n.to_be_bytes());
        });
    }
    while let Some(answered) = asked.join_next().await {
        answered.unwrap();
    }
}

/// Short ones are told apart from those that had left already: only these may have been carried out.
#[tokio::test]
async fn what_had_left_when_the_other_end_vanished_is_unknown() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sends, vanishes) = oneshot::channel::<()>();
    let waits = Arc::new(Notify::new());
    let begun = waits.clone();
    let end = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        listener.into_std().map(|listener| {
            runtime.block_on(async move {
                let mut router = Router::new(|_| Introduction::default());
                router.on(Class::Search, "wait", move |_| {
                    begun.notify_one();
                    std::future::pending()
                });
                let listener = TcpListener::from_std(listener).unwrap();
                tokio::spawn(serve(listener, wire("b", "pearl"), router, std::future::pending()));
                drop(vanishes.await);
            });
        })
    });
    let channels = Channels::new(wire("a", "pearl"));
    let (asker, place) = (channels.clone(), address.clone());
    let owed = tokio::spawn(async move { asker.ask(&place, ask(Class::Search, "wait", b"")).await });
    waits.notified().await;
    sends.send(()).unwrap();
    let lost = owed.await.unwrap().unwrap_err();
    assert!(matches!(&lost, CallError::Unreachable { .. }) && !lost.nothing_happened(), "{lost:?}");
    end.join().unwrap().unwrap();
    let refused = channels.ask(&address, ask(Class::Search, "wait", b"")).await.unwrap_err();
    assert!(refused.nothing_happened(), "{refused:?}");
}
