//! Delivering a batch: ask, read what became of each item, ask again for those that the node had no room for.

use std::time::Duration;

use serde_json::Value;

use super::tally::Tally;
use crate::client::{Answer, Body, Client, explained, path_segment, reason};
use crate::failure::Failure;

/// How often an item is sent at most.
const ATTEMPTS: u32 = 12;
/// Before the second attempt; then twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Items of one request.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Batch {
    body: Vec<u8>,
    items: Vec<Item>,
}

/// One item: the line it began on, and where it ends in the body.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Item {
    line: u64,
    end: usize,
}

impl Batch {
    /// Where the next item is to be appended.
    pub(super) fn body(&mut self) -> &mut Vec<u8> {
        &mut self.body
    }

    /// What has been appended since the last call is an item.
    pub(super) fn close_item(&mut self, line: u64) {
        self.items.push(Item { line, end: self.body.len() });
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.body.len()
    }

    /// The items at these places alone.
    fn only(&self, places: &[usize]) -> Self {
        let mut batch = Self::default();
        for place in places {
            let begin = place.checked_sub(1).map_or(0, |before| self.items[before].end);
            batch.body.extend_from_slice(&self.body[begin..self.items[*place].end]);
            batch.close_item(self.items[*place].line);
        }
        batch
    }
}

/// What became of an item.
#[derive(Debug, PartialEq)]
enum Fate {
    Done,
    /// The node had no room for it.
    Again(String),
    Refused(String),
}

/// Where batches go, and who counts them.
pub(super) struct Delivery<'a> {
    client: &'a Client,
    path: String,
    tally: &'a Tally,
    first_pause: Duration,
}

impl<'a> Delivery<'a> {
    pub(super) fn new(client: &'a Client, index: Option<&str>, tally: &'a Tally) -> Self {
        let index = index.map(|name| format!("/{}", path_segment(name))).unwrap_or_default();
        let path = format!("{index}/_bulk?filter_path=items.*.status,items.*.error");
        Self { client, path, tally, first_pause: FIRST_PAUSE }
    }

    /// Sends until every item is done, refused, or has been sent too often.
    ///
    /// # Errors
    /// A node that does not answer. What it refuses is counted.
    pub(super) fn deliver(&self, mut batch: Batch) -> Result<(), Failure> {
        for attempt in 1.. {
            let answer = self.client.post(&self.path, Body::Lines, &batch.body)?;
            let fates = self.fates(&answer, batch.len())?;
            let again = self.count(&batch, fates, attempt == ATTEMPTS);
            if again.is_empty() {
                break;
            }
            self.tally.sent_again(again.len() as u64);
            batch = batch.only(&again);
            std::thread::sleep(pause(self.first_pause, attempt));
        }
        Ok(())
    }

    /// Counts what is decided; returns the places of what is to be sent again.
    fn count(&self, batch: &Batch, fates: Vec<Fate>, is_last: bool) -> Vec<usize> {
        let mut again = Vec::new();
        let mut done = 0;
        for (place, fate) in fates.into_iter().enumerate() {
            match fate {
                Fate::Done => done += 1,
                Fate::Again(_) if !is_last => again.push(place),
                Fate::Again(reason) | Fate::Refused(reason) => self.tally.refused(batch.items[place].line, &reason),
            }
        }
        self.tally.accepted(done);
        again
    }

    fn fates(&self, answer: &Answer, items: usize) -> Result<Vec<Fate>, Failure> {
        let whole = |fate: fn(String) -> Fate| Ok((0..items).map(|_| fate(reason(&answer.text))).collect());
        match answer.status {
            429 | 503 => whole(Fate::Again),
            200 => {
                let json = self.client.accepted(answer)?;
                let fates: Vec<Fate> = json["items"].as_array().into_iter().flatten().map(fate).collect();
                if fates.len() == items {
                    return Ok(fates);
                }
                let reason = format!("{} items in the answer to {items}", fates.len());
                Err(Failure::Answer { url: self.client.url().to_owned(), reason })
            }
            _ => whole(Fate::Refused),
        }
    }
}

fn fate(item: &Value) -> Fate {
    let result = item.as_object().and_then(|object| object.values().next()).unwrap_or(&Value::Null);
    let why = || explained(&result["error"]).unwrap_or_else(|| format!("status {}", result["status"]));
    match result["status"].as_u64() {
        Some(200..300) => Fate::Done,
        Some(429) => Fate::Again(why()),
        // Deleting what is not there is no mistake.
        Some(404) if result["error"].is_null() => Fate::Done,
        _ => Fate::Refused(why()),
    }
}

fn pause(first: Duration, attempt: u32) -> Duration {
    first.saturating_mul(1 << (attempt - 1).min(16)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;
    use serde_json::json;

    fn batch(items: &[(u64, &str)]) -> Batch {
        let mut batch = Batch::default();
        for (line, text) in items {
            batch.body().extend_from_slice(text.as_bytes());
            batch.close_item(*line);
        }
        batch
    }

    #[test]
    fn some_items_of_a_batch() {
        let whole = batch(&[(1, "a"), (3, "bb"), (5, "ccc")]);
        assert_eq!(whole.only(&[0, 2]), batch(&[(1, "a"), (5, "ccc")]));
        assert_eq!(whole.only(&[1]), batch(&[(3, "bb")]));
    }

    #[test]
    fn fates_by_status() {
        let error = json!({"type": "t", "reason": "r"});
        assert_eq!(fate(&json!({"index": {"status": 201}})), Fate::Done);
        assert_eq!(fate(&json!({"delete": {"status": 404}})), Fate::Done);
        assert_eq!(fate(&json!({"update": {"status": 404, "error": error}})), Fate::Refused("t: r".into()));
        assert_eq!(fate(&json!({"index": {"status": 429, "error": error}})), Fate::Again("t: r".into()));
        assert_eq!(fate(&json!({"index": {"status": 400}})), Fate::Refused("status 400".into()));
        assert_eq!(fate(&json!({})), Fate::Refused("status null".into()));
    }

    #[test]
    fn pauses_grow_to_a_limit() {
        let millis = |attempt| pause(FIRST_PAUSE, attempt).as_millis();
        assert_eq!((millis(1), millis(2), millis(3), millis(12)), (50, 100, 200, 5000));
    }

    /// A node that gives these answers, one a connection, and returns the bodies it was asked with.
    fn node(answers: Vec<(u16, Value)>) -> (String, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = std::thread::spawn(move || answers.iter().map(|answer| serve_one(&listener, answer)).collect());
        (url, serving)
    }

    fn serve_one(listener: &TcpListener, (status, body): &(u16, Value)) -> String {
        let (mut stream, _) = listener.accept().unwrap();
        let mut text = String::new();
        let mut buffer = [0; 4096];
        loop {
            let read = stream.read(&mut buffer).unwrap();
            text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
            let Some((head, rest)) = text.split_once("\r\n\r\n") else { continue };
            let length =
                head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if rest.len() >= length.unwrap_or(0) {
                break;
            }
        }
        let body = body.to_string();
        write!(stream, "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
            .unwrap();
        text.split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    fn deliver(batch: Batch, answers: Vec<(u16, Value)>) -> (Tally, Vec<String>) {
        let (url, serving) = node(answers);
        let client = Client::new(&url).unwrap();
        let tally = Tally::new(None, Default::default());
        let delivery = Delivery { first_pause: Duration::ZERO, ..Delivery::new(&client, Some("a"), &tally) };
        delivery.deliver(batch).unwrap();
        let bodies = serving.join().unwrap();
        (tally, bodies)
    }

    #[test]
    fn only_what_had_no_room_is_sent_again() {
        let items = |statuses: &[u16]| json!({"items": statuses.iter().map(|status| json!({"index": {"status": status}})).collect::<Vec<_>>()});
        let answers = vec![
            (429, json!({"error": {"type": "circuit_breaking_exception", "reason": "full"}})),
            (200, items(&[201, 429, 400, 429])),
            (200, items(&[429, 201])),
            (200, items(&[201])),
        ];
        let (tally, bodies) = deliver(batch(&[(1, "a\n"), (2, "b\n"), (3, "c\n"), (4, "d\n")]), answers);
        assert_eq!(bodies, ["a\nb\nc\nd\n", "a\nb\nc\nd\n", "b\nd\n", "b\n"]);
        assert_eq!((tally.done(), tally.failed()), (4, 1));
        assert!(tally.finish().contains("7 sent again"), "{}", tally.finish());
    }

    #[test]
    fn what_never_finds_room_fails_in_the_end() {
        let answers = vec![(503, json!({})); ATTEMPTS as usize];
        let (tally, bodies) = deliver(batch(&[(1, "a\n")]), answers);
        assert_eq!((bodies.len(), tally.failed()), (12, 1));
    }

    #[test]
    fn a_refused_request_refuses_all_its_items() {
        let (tally, bodies) = deliver(batch(&[(1, "a\n"), (2, "b\n")]), vec![(400, json!({}))]);
        assert_eq!((bodies.len(), tally.done(), tally.failed()), (1, 2, 2));
    }
}
