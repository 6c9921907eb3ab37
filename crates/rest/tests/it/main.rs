//! The REST dialect over real sockets, against a gateway that records what it is asked and answers by script.

#![cfg(test)]

mod admin;
mod aggregations;
mod bulk;
mod cat;
mod client;
mod cluster;
mod documents;
mod fake;
mod http;
mod script;
mod searches;
