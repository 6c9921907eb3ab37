//! The REST dialect over real sockets, against a gateway that records what it is asked and answers by script.

#![cfg(test)]

mod bulk;
mod client;
mod documents;
mod fake;
mod http;
mod searches;
