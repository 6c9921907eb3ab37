//! `community_id`: a hash that both directions of a flow of packets share (<https://github.com/corelight/community-id-spec>, version 1).

use std::net::IpAddr;

use model::binary::to_padded_base64;
use model::error::Error;
use serde_json::Value;
use sha1::{Digest, Sha1};

use crate::document::{Document, not_castable};
use crate::options::Options;

#[derive(Clone, Debug)]
pub(crate) struct CommunityId {
    source_ip: String,
    source_port: Option<String>,
    destination_ip: String,
    destination_port: Option<String>,
    protocol_number: Option<String>,
    protocol_name: Option<String>,
    icmp_type: Option<String>,
    icmp_code: Option<String>,
    seed: u16,
    target: String,
    ignore_missing: bool,
}

/// Protocols by their IANA numbers.
const PROTOCOLS: [(u8, &str); 5] = [(1, "icmp"), (6, "tcp"), (17, "udp"), (58, "ipv6-icmp"), (132, "sctp")];

/// Types of ICMP and ICMPv6 messages that answer each other.
const ANSWERS: [(u8, u8); 5] = [(8, 0), (13, 14), (15, 16), (10, 9), (17, 18)];
const ANSWERS_6: [(u8, u8); 6] = [(128, 129), (133, 134), (135, 136), (130, 131), (144, 145), (139, 140)];

/// What stands for the ports, and whether the flow has two directions.
struct Ports {
    source: u16,
    destination: u16,
    two_ways: bool,
}

impl CommunityId {
    pub(super) fn read(options: &mut Options) -> Result<Self, Error> {
        let seed = match options.take("seed") {
            None => 0,
            Some(value) => {
                let number = match &value {
                    Value::String(text) => text.parse().ok(),
                    other => other.as_i64(),
                };
                let number = number.ok_or_else(|| options.refused("seed", "property cannot be converted to an int"))?;
                let why = "seed must be between 0 and 65535";
                u16::try_from(number).map_err(|_| options.refused("seed", why))?
            }
        };
        Ok(Self {
            source_ip: options.required_text("source_ip_field")?,
            source_port: options.text("source_port_field")?,
            destination_ip: options.required_text("destination_ip_field")?,
            destination_port: options.text("destination_port_field")?,
            protocol_number: options.text("iana_protocol_number_field")?,
            protocol_name: options.text("protocol_field")?,
            icmp_type: options.text("icmp_type_field")?,
            icmp_code: options.text("icmp_code_field")?,
            seed,
            target: options.text("target_field")?.unwrap_or_else(|| "community_id".to_owned()),
            ignore_missing: options.flag("ignore_missing", false)?,
        })
    }

    pub(super) fn process(&self, document: &mut Document) -> Result<(), Error> {
        match self.id(document) {
            Ok(id) => document.set(&self.target, id.into()),
            Err(Wrong::Missing(_)) if self.ignore_missing => Ok(()),
            Err(Wrong::Missing(reason)) => Err(Error::illegal_argument(reason)),
            Err(Wrong::Value(error)) => Err(error),
        }
    }

    fn id(&self, document: &Document) -> Result<String, Wrong> {
        let protocol = self.protocol(document)?;
        let source = address(document, &self.source_ip)?;
        let destination = address(document, &self.destination_ip)?;
        if source.is_ipv4() != destination.is_ipv4() {
            return Err(wrong("source ip and destination ip must have same format"));
        }
        let ports = match protocol {
            1 => self.messages(document, &ANSWERS)?,
            58 => self.messages(document, &ANSWERS_6)?,
            _ => self.ports(document)?,
        };
        let (mut from, mut to) = ((octets(source), ports.source), (octets(destination), ports.destination));
        if ports.two_ways && from > to {
            std::mem::swap(&mut from, &mut to);
        }
        let mut hash = Sha1::new();
        hash.update(self.seed.to_be_bytes());
        hash.update(&from.0);
        hash.update(&to.0);
        hash.update([protocol, 0]);
        hash.update(from.1.to_be_bytes());
        hash.update(to.1.to_be_bytes());
        Ok(format!("1:{}", to_padded_base64(&hash.finalize())))
    }

    fn protocol(&self, document: &Document) -> Result<u8, Wrong> {
        if let Some(number) = int(document, self.protocol_number.as_deref())? {
            let known = PROTOCOLS.iter().find(|(known, _)| i64::from(*known) == number);
            let reason = || wrong(&format!("unsupported iana protocol number [{number}]"));
            return known.map(|(known, _)| *known).ok_or_else(reason);
        }
        if let Some(name) = text(document, self.protocol_name.as_deref())? {
            let known = PROTOCOLS.iter().find(|(_, known)| known.eq_ignore_ascii_case(&name));
            return known.map(|(known, _)| *known).ok_or_else(|| wrong(&format!("unsupported protocol [{name}]")));
        }
        let shown = |field: &Option<String>| field.clone().unwrap_or_else(|| "null".to_owned());
        Err(Wrong::Missing(format!(
            "cannot resolve protocol by neither iana protocol number field [{}] nor protocol name field [{}]",
            shown(&self.protocol_number),
            shown(&self.protocol_name)
        )))
    }

    fn ports(&self, document: &Document) -> Result<Ports, Wrong> {
        let one = |field: &Option<String>| {
            let shown = field.as_deref().unwrap_or("null");
            let both = "both source port and destination port";
            let number = int(document, field.as_deref())?.ok_or_else(|| {
                Wrong::Missing(format!("{both} cannot be null, but port in the field path [{shown}] is null"))
            })?;
            u16::try_from(number).map_err(|_| {
                wrong(&format!(
                    "{both} must be between 0 and 65535, but port in the field path [{shown}] is [{number}]"
                ))
            })
        };
        Ok(Ports { source: one(&self.source_port)?, destination: one(&self.destination_port)?, two_ways: true })
    }

    /// Of ICMP: the type stands for one port; the type that answers it, or the code, for the other.
    fn messages(&self, document: &Document, answers: &[(u8, u8)]) -> Result<Ports, Wrong> {
        let octet = |field: &Option<String>, what: &str| match int(document, field.as_deref())? {
            None => Ok(None),
            Some(number) => {
                u8::try_from(number).map(Some).map_err(|_| wrong(&format!("invalid icmp message {what} [{number}]")))
            }
        };
        let missing = |what: &str| Wrong::Missing(format!("icmp message {what} cannot be null"));
        let kind = octet(&self.icmp_type, "type")?.ok_or_else(|| missing("type"))?;
        let answer = answers.iter().find_map(|&(asks, answers)| match kind {
            _ if kind == asks => Some(answers),
            _ if kind == answers => Some(asks),
            _ => None,
        });
        Ok(match answer {
            Some(answer) => Ports { source: kind.into(), destination: answer.into(), two_ways: true },
            None => {
                let code = octet(&self.icmp_code, "code")?.ok_or_else(|| missing("code"))?;
                Ports { source: kind.into(), destination: code.into(), two_ways: false }
            }
        })
    }
}

/// Why there is no id: something is not there, which may be well, or is not what it should be.
enum Wrong {
    Missing(String),
    Value(Error),
}

fn wrong(reason: &str) -> Wrong {
    Wrong::Value(Error::illegal_argument(reason))
}

fn address(document: &Document, field: &str) -> Result<IpAddr, Wrong> {
    let given = text(document, Some(field))?.filter(|text| !text.is_empty());
    let given = given.ok_or_else(|| Wrong::Missing(format!("ip address in the field [{field}] is null or empty")))?;
    given
        .parse()
        .map_err(|_| wrong(&format!("ip address [{given}] in the field [{field}] is not a valid ipv4/ipv6 address")))
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(four) => four.octets().to_vec(),
        IpAddr::V6(six) => six.octets().to_vec(),
    }
}

fn text(document: &Document, field: Option<&str>) -> Result<Option<String>, Wrong> {
    match field.and_then(|field| Some((field, document.find(field)?))) {
        None | Some((_, Value::Null)) => Ok(None),
        Some((_, Value::String(text))) => Ok(Some(text.clone())),
        Some((field, other)) => Err(Wrong::Value(not_castable(field, other, "java.lang.String"))),
    }
}

fn int(document: &Document, field: Option<&str>) -> Result<Option<i64>, Wrong> {
    match field.and_then(|field| Some((field, document.find(field)?))) {
        None | Some((_, Value::Null)) => Ok(None),
        Some((field, value)) => match value.as_i64().filter(|number| i32::try_from(*number).is_ok()) {
            Some(number) => Ok(Some(number)),
            None => Err(Wrong::Value(not_castable(field, value, "java.lang.Integer"))),
        },
    }
}
