//! Addresses: text to the sixteen bytes under which they are indexed.

use std::net::{IpAddr, Ipv6Addr};

use super::fault::{Fault, Outcome};

/// An address as sixteen bytes, IPv4 mapped.
pub(super) fn address(text: &str) -> Outcome<[u8; 16]> {
    let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    match inner.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => Ok(address.to_ipv6_mapped().octets()),
        Ok(IpAddr::V6(address)) => Ok(address.octets()),
        Err(_) => Err(Fault::illegal_argument(format!("'{text}' is not an IP string literal."))),
    }
}

/// First and last address of a network: `10.0.0.0/8`.
pub(super) fn network(text: &str) -> Outcome<([u8; 16], [u8; 16])> {
    let (base, length) = text.split_once('/').unwrap_or((text, ""));
    let malformed = || Fault::illegal_argument(format!("Expected [ip/prefix] but was [{text}]"));
    let length: u32 = length.parse().map_err(|_| malformed())?;
    let bytes = address(base)?;
    let mapped = !base.contains(':');
    let most = if mapped { 32 } else { 128 };
    if length > most {
        return Err(Fault::illegal_argument(format!(
            "Illegal prefix length [{length}] in [{text}]. Must be 0-32 for IPv4 ranges, 0-128 for IPv6 ranges"
        )));
    }
    let free = most - length;
    let mask = if free == 128 { u128::MAX } else { (1u128 << free) - 1 };
    let first = u128::from_be_bytes(bytes) & !mask;
    Ok((first.to_be_bytes(), (first | mask).to_be_bytes()))
}

/// The following address.
pub(super) fn next(bytes: [u8; 16]) -> Option<[u8; 16]> {
    u128::from_be_bytes(bytes).checked_add(1).map(u128::to_be_bytes)
}

/// The address before.
pub(super) fn previous(bytes: [u8; 16]) -> Option<[u8; 16]> {
    u128::from_be_bytes(bytes).checked_sub(1).map(u128::to_be_bytes)
}

/// As it is shown: IPv4 in dots, IPv6 shortened.
pub(super) fn show(bytes: &[u8]) -> Option<String> {
    let octets: [u8; 16] = bytes.try_into().ok()?;
    let address = Ipv6Addr::from(octets);
    Some(address.to_ipv4_mapped().map_or_else(|| address.to_string(), |mapped| mapped.to_string()))
}
