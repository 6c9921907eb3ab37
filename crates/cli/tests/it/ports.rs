//! Addresses for nodes that are stopped and started again.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the ports that the system takes for connections: while a node is away, nobody's connection begins at its address.
const FIRST: u32 = 12_000;
const COUNT: u32 = 20_000;

/// Tests run side by side in one process: no address is given twice.
static GIVEN: AtomicU16 = AtomicU16::new(0);

/// An address that nobody listens at, given to nobody else.
pub(crate) fn free_address() -> String {
    loop {
        let number = std::process::id() + u32::from(GIVEN.fetch_add(1, Ordering::Relaxed));
        let address = format!("127.0.0.1:{}", FIRST + number % COUNT);
        if TcpListener::bind(&address).is_ok() {
            return address;
        }
    }
}

/// Several of them.
pub(crate) fn free_addresses(count: usize) -> Vec<String> {
    (0..count).map(|_| free_address()).collect()
}
