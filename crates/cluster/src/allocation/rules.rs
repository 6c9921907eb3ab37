//! The cluster's settings of allocation, read once for a plan.

use model::error::{Error, ErrorKind};

use super::Disk;
use crate::settings::{ClusterSettings, value};

/// `cluster.routing.allocation.` ..
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    pub enable: Enable,
    /// Most copies on one node; `None`: any number.
    pub total_shards_per_node: Option<u32>,
    pub initial_primaries: u32,
    /// Replicas that may recover on one node at a time, and from one.
    pub incoming: u32,
    pub outgoing: u32,
    pub awareness: Vec<String>,
    pub disk_enabled: bool,
    pub single_node_disk: bool,
    pub low: Watermark,
    pub high: Watermark,
    pub flood_stage: Watermark,
    pub shard_balance: f64,
    pub index_balance: f64,
    /// How much heavier a node must be than another before a copy moves between them.
    pub threshold: f64,
    pub rebalance: Rebalance,
    pub allow_rebalance: AllowRebalance,
    /// Copies that may move at a time in the whole cluster; `None`: any number.
    pub concurrent_rebalance: Option<u32>,
}

/// Which copies may move for the sake of balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rebalance {
    All,
    Primaries,
    Replicas,
    None,
}

impl Rebalance {
    /// Anything else than the names of the others: all.
    pub fn parse(text: &str) -> Self {
        match text {
            "primaries" => Self::Primaries,
            "replicas" => Self::Replicas,
            "none" => Self::None,
            _ => Self::All,
        }
    }

    pub(super) fn admits(self, primary: bool) -> bool {
        match self {
            Self::All => true,
            Self::Primaries => primary,
            Self::Replicas => !primary,
            Self::None => false,
        }
    }
}

/// When copies may move for the sake of balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllowRebalance {
    Always,
    PrimariesActive,
    AllActive,
}

/// Which copies may be assigned at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enable {
    All,
    Primaries,
    NewPrimaries,
    None,
}

impl Enable {
    /// # Errors
    /// `illegal_argument_exception`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        match text.to_lowercase().as_str() {
            "all" => Ok(Self::All),
            "primaries" => Ok(Self::Primaries),
            "new_primaries" => Ok(Self::NewPrimaries),
            "none" => Ok(Self::None),
            _ => Err(Error::illegal_argument(format!("Illegal allocation.enable value [{}]", text.to_uppercase()))),
        }
    }

    /// `all` ..
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Primaries => "primaries",
            Self::NewPrimaries => "new_primaries",
            Self::None => "none",
        }
    }
}

/// How full a disk may be.
#[derive(Clone, Debug, PartialEq)]
pub struct Watermark {
    /// As it was given.
    pub text: String,
    pub bound: Bound,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// At most so much is used, in percent.
    Used(f64),
    /// At least so many bytes are free.
    Free(u64),
}

impl Watermark {
    fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
        let percent = match text.strip_suffix('%') {
            Some(percent) => number(percent.trim()),
            None => number(text).filter(|_| !text.is_empty()).map(|ratio| ratio * 100.0),
        };
        let bound = match percent {
            Some(percent) if (0.0..=100.0).contains(&percent) => Bound::Used(percent),
            Some(_) => return Err(Error::illegal_argument(format!("Percentage should be in [0-100], got [{text}]"))),
            None => Bound::Free(value::bytes(name, text)?.unwrap_or(0)),
        };
        Ok(Self { text: text.to_owned(), bound })
    }

    /// Whether a disk is fuller than this.
    pub fn exceeded(&self, disk: Disk) -> bool {
        match self.bound {
            Bound::Used(percent) => disk.used_percent() > percent,
            Bound::Free(bytes) => disk.available_bytes < bytes,
        }
    }
}

/// That one setting of the allocation has a value that reads, whatever overrides it.
///
/// # Errors
/// In OpenSearch's words.
pub fn check_value(name: &str, text: &str) -> Result<(), Error> {
    match name.strip_prefix("cluster.routing.allocation.") {
        Some("enable") => Enable::parse(text).map(drop),
        Some("disk.watermark.low" | "disk.watermark.high" | "disk.watermark.flood_stage") => {
            Watermark::parse(name, text).map(drop)
        }
        _ => Ok(()),
    }
}

const DISK: &str = "cluster.routing.allocation.disk.watermark";

impl Rules {
    /// From settings that [`check`] has admitted; what does not read is as if it were not set.
    pub fn of(settings: &ClusterSettings) -> Self {
        let text = |name: &str| settings.text(&format!("cluster.routing.allocation.{name}"));
        let number = |name: &str, otherwise: f64| text(name).parse().unwrap_or(otherwise);
        let mark = |name: &str, percent: f64| {
            let given = settings.text(&format!("{DISK}.{name}"));
            let default = Watermark { text: format!("{percent}%"), bound: Bound::Used(percent) };
            Watermark::parse(name, &given).unwrap_or(default)
        };
        Self {
            enable: Enable::parse(&text("enable")).unwrap_or(Enable::All),
            total_shards_per_node: text("total_shards_per_node").parse().ok().filter(|&most| most > 0),
            initial_primaries: text("node_initial_primaries_recoveries").parse().unwrap_or(u32::MAX).max(1),
            incoming: recoveries(settings, "incoming"),
            outgoing: recoveries(settings, "outgoing"),
            awareness: list(&text("awareness.attributes")),
            disk_enabled: text("disk.threshold_enabled") != "false",
            single_node_disk: text("disk.watermark.enable_for_single_data_node") == "true",
            low: mark("low", 85.0),
            high: mark("high", 90.0),
            flood_stage: mark("flood_stage", 95.0),
            shard_balance: number("balance.shard", 0.45),
            index_balance: number("balance.index", 0.55),
            threshold: number("balance.threshold", 1.0),
            rebalance: Rebalance::parse(&settings.text("cluster.routing.rebalance.enable")),
            allow_rebalance: match text("allow_rebalance").as_str() {
                "always" => AllowRebalance::Always,
                "indices_primaries_active" => AllowRebalance::PrimariesActive,
                _ => AllowRebalance::AllActive,
            },
            concurrent_rebalance: match text("cluster_concurrent_rebalance").parse::<i64>() {
                Ok(-1) => None,
                Ok(most) => Some(u32::try_from(most).unwrap_or(u32::MAX)),
                Err(_) => Some(2),
            },
        }
    }
}

/// `node_concurrent_recoveries` stands for both directions, where they are not set.
fn recoveries(settings: &ClusterSettings, direction: &str) -> u32 {
    let own = format!("cluster.routing.allocation.node_concurrent_{direction}_recoveries");
    let given = settings.transient.contains_key(&own) || settings.persistent.contains_key(&own);
    let name = if given { own } else { "cluster.routing.allocation.node_concurrent_recoveries".to_owned() };
    settings.text(&name).parse().unwrap_or(2)
}

/// The items of a list as [`ClusterSettings::text`] shows it: `a,b` or `[a, b]`.
pub(super) fn list(text: &str) -> Vec<String> {
    let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// Refuses settings that make no sense, alone or together.
///
/// # Errors
/// In OpenSearch's words.
pub fn check(settings: &ClusterSettings) -> Result<(), Error> {
    Enable::parse(&settings.text("cluster.routing.allocation.enable"))?;
    let names = ["low", "high", "flood_stage"].map(|name| format!("{DISK}.{name}"));
    let mut marks = Vec::new();
    for name in &names {
        marks.push(Watermark::parse(name, &settings.text(name))?);
    }
    let [low, high, flood] = marks.as_slice() else { return Ok(()) };
    let (outer, inner) = match (low.bound, high.bound, flood.bound) {
        (Bound::Used(low), Bound::Used(high), Bound::Used(flood)) => (low > high, high > flood),
        (Bound::Free(low), Bound::Free(high), Bound::Free(flood)) => (low < high, high < flood),
        _ => {
            let all: Vec<String> =
                names.iter().zip(&marks).map(|(name, mark)| format!("[{name}={}]", mark.text)).collect();
            let [low, high, flood] = all.as_slice() else { return Ok(()) };
            return Err(Error::illegal_argument(format!(
                "unable to consistently parse {low}, {high}, and {flood} as percentage or bytes"
            ))
            .with_cause(Error::new(ErrorKind::Parse, "percentages and sizes are mixed")));
        }
    };
    // Of sizes that must stay free the lower mark is the larger.
    let than = if matches!(low.bound, Bound::Used(_)) { "more" } else { "less" };
    if outer {
        let (low, high) = (&low.text, &high.text);
        return Err(Error::illegal_argument(format!(
            "low disk watermark [{low}] {than} than high disk watermark [{high}]"
        )));
    }
    if inner {
        let (high, flood) = (&high.text, &flood.text);
        return Err(Error::illegal_argument(format!(
            "high disk watermark [{high}] {than} than flood stage disk watermark [{flood}]"
        )));
    }
    Ok(())
}
