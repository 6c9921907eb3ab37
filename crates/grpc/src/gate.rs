//! Who is heard: a request without the protocol's version, the cluster's name and its secret is refused by its headers alone.

use tonic::metadata::{AsciiMetadataValue, MetadataMap};
use tonic::service::Interceptor;
use tonic::{Request, Status};

use crate::wire::{CLUSTER_HEADER, NODE_HEADER, OLDEST_PROTOCOL, PROTOCOL, PROTOCOL_HEADER, SECRET_HEADER, Wire};

/// Stands before every service.
#[derive(Clone)]
pub(crate) struct Gate {
    wire: Wire,
}

impl Gate {
    pub(crate) fn new(wire: Wire) -> Self {
        Self { wire }
    }

    fn check(&self, headers: &MetadataMap) -> Result<(), Status> {
        let given = |name| headers.get(name).map(AsciiMetadataValue::as_bytes).unwrap_or_default();
        if let Some(secret) = &self.wire.secret
            && !same(given(SECRET_HEADER), secret.as_bytes())
        {
            return Err(Status::unauthenticated("the cluster's secret is missing or wrong (cluster.secret)"));
        }
        let protocol = std::str::from_utf8(given(PROTOCOL_HEADER)).ok().and_then(|text| text.parse::<u32>().ok());
        match protocol {
            Some(protocol) if (OLDEST_PROTOCOL..=PROTOCOL).contains(&protocol) => {}
            Some(other) => {
                return Err(Status::failed_precondition(format!(
                    "protocol {other} is not spoken here, but {OLDEST_PROTOCOL} to {PROTOCOL}"
                )));
            }
            None => return Err(Status::failed_precondition("not a peer: no version of the protocol")),
        }
        if given(CLUSTER_HEADER) != escaped(&self.wire.cluster_name).as_bytes() {
            return Err(Status::failed_precondition(format!("this is the cluster [{}]", self.wire.cluster_name)));
        }
        Ok(())
    }
}

impl Interceptor for Gate {
    fn call(&mut self, request: Request<()>) -> Result<Request<()>, Status> {
        self.check(request.metadata())?;
        Ok(request)
    }
}

/// The headers by which a node passes the gates of others.
#[derive(Clone)]
pub(crate) struct Badge {
    headers: Vec<(&'static str, AsciiMetadataValue)>,
}

impl Badge {
    pub(crate) fn new(wire: &Wire) -> Self {
        let text = |text: &str| AsciiMetadataValue::try_from(text).ok();
        let headers = [
            (PROTOCOL_HEADER, text(&PROTOCOL.to_string())),
            (CLUSTER_HEADER, text(&escaped(&wire.cluster_name))),
            (NODE_HEADER, text(&escaped(&wire.node.0))),
            (SECRET_HEADER, wire.secret.as_deref().and_then(text)),
        ];
        Self { headers: headers.into_iter().filter_map(|(name, value)| Some((name, value?))).collect() }
    }

    pub(crate) fn show(&self, headers: &mut MetadataMap) {
        for (name, value) in &self.headers {
            headers.insert(*name, value.clone());
        }
    }
}

/// Who asks, as the badge says.
pub(crate) fn asker(headers: &MetadataMap) -> String {
    headers.get(NODE_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// Any text as a header's value.
fn escaped(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_ascii_graphic() { vec![c] } else { c.escape_unicode().collect() }).collect()
}

/// Compares in a time that tells nothing of where they differ.
fn same(one: &[u8], other: &[u8]) -> bool {
    let differs = one.iter().zip(other).fold(0, |differs, (a, b)| differs | (a ^ b));
    one.len() == other.len() && std::hint::black_box(differs) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(cluster: &str, secret: Option<&str>) -> Wire {
        Wire {
            cluster_name: cluster.into(),
            node: cluster::state::NodeId("n".into()),
            secret: secret.map(Into::into),
            max_message: 1 << 20,
            compress_bulk: false,
            tls: None,
        }
    }

    fn check(own: (&str, Option<&str>), theirs: (&str, Option<&str>)) -> Result<(), String> {
        let mut headers = MetadataMap::new();
        Badge::new(&wire(theirs.0, theirs.1)).show(&mut headers);
        Gate::new(wire(own.0, own.1)).check(&headers).map_err(|status| status.message().to_owned())
    }

    #[test]
    fn those_of_one_cluster_and_one_secret_pass() {
        assert_eq!(check(("reef", None), ("reef", None)), Ok(()));
        assert_eq!(check(("reef", Some("pearl")), ("reef", Some("pearl"))), Ok(()));
        assert_eq!(check(("Küste 1", None), ("Küste 1", None)), Ok(()));
        assert!(check(("reef", Some("pearl")), ("reef", None)).unwrap_err().contains("secret"));
        assert!(check(("reef", Some("pearl")), ("reef", Some("perl"))).unwrap_err().contains("secret"));
        assert!(check(("reef", Some("pearl")), ("reef", Some("pearly"))).unwrap_err().contains("secret"));
        assert!(check(("reef", None), ("atoll", None)).unwrap_err().contains("[reef]"));
    }

    #[test]
    fn those_without_a_version_are_no_peers() {
        let refused = Gate::new(wire("reef", None)).check(&MetadataMap::new()).unwrap_err();
        assert!(refused.message().contains("not a peer"), "{refused}");
    }
}
