//! A server over the fake gateway, and a client of bytes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rest::http::{Settings, serve};
use tokio::sync::oneshot;

use crate::fake::Fake;

/// A running server; stops when it is dropped.
pub(crate) struct Server {
    pub(crate) gateway: Arc<Fake>,
    pub(crate) settings: Settings,
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    runtime: Option<tokio::runtime::Runtime>,
    pub(crate) ended: std::sync::mpsc::Receiver<()>,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::with(Settings::default())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let gateway = Arc::new(Fake::default());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let (end, ended) = std::sync::mpsc::channel();
        let serving = serve(listener, gateway.clone(), settings.clone(), async {
            let _ = stopped.await;
        });
        runtime.spawn(async move {
            serving.await.unwrap();
            let _ = end.send(());
        });
        Self { gateway, settings, address, stop: Some(stop), runtime: Some(runtime), ended }
    }

    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::new(self.address)
    }

    /// One request on a connection of its own. A body is JSON.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Response {
        let headers: &[(&str, &str)] = if body.is_empty() { &[] } else { &[("content-type", "application/json")] };
        self.connect().ask(method, path, headers, body.as_bytes())
    }

    /// The answer's status and body must be these.
    pub(crate) fn check(&self, ask: &str, body: &str, status: u16, expected: &str) {
        let (method, path) = ask.split_once(' ').unwrap();
        let response = self.ask(method, path, body);
        assert_eq!((response.status, response.text().as_str()), (status, expected), "{ask} {body}");
    }

    /// The answer is an error of this status, whose body contains `expected`.
    pub(crate) fn refuses(&self, ask: &str, body: &str, status: u16, expected: &str) {
        let (method, path) = ask.split_once(' ').unwrap();
        let response = self.ask(method, path, body);
        let text = response.text();
        assert!(response.status == status && text.contains(expected), "{ask}: {} {text}", response.status);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
}

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }
}

impl Connection {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    pub(crate) fn ask(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\n");
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() && !headers.iter().any(|(name, _)| *name == "content-length") {
            head += &format!("content-length: {}\r\n", body.len());
        }
        self.send(format!("{head}\r\n").as_bytes());
        self.send(body);
        self.read(method == "HEAD")
    }

    /// What the server no longer takes is not sent: it has answered.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let _ = self.try_send(bytes);
    }

    /// `Err` when the server has closed.
    pub(crate) fn try_send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    pub(crate) fn read(&mut self, without_body: bool) -> Response {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).unwrap_or_else(|| panic!("no answer: {line:?}")).parse().unwrap();
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let mut response = Response { status, headers, body: Vec::new() };
        if without_body {
            return response;
        }
        if let Some(length) = response.header("content-length") {
            response.body = vec![0; length.parse().unwrap()];
            self.stream.read_exact(&mut response.body).unwrap();
        } else if response.header("transfer-encoding") == Some("chunked") {
            response.body = self.chunks();
        }
        response
    }

    fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            let length = usize::from_str_radix(line.trim(), 16).unwrap();
            let mut chunk = vec![0; length + 2];
            self.stream.read_exact(&mut chunk).unwrap();
            if length == 0 {
                return body;
            }
            body.extend_from_slice(&chunk[..length]);
        }
    }
}
