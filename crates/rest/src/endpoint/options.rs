//! Parameters that many endpoints share, and the refusals that OpenSearch collects before it acts.

use model::error::{Error, ErrorKind};
use model::id::{PrimaryTerm, SeqNo, Version};
use model::target::Target;
use model::write::{ActiveShards, Condition, Refresh, VersionType};

use crate::params::{Params, number_format};

/// A target that must mean some index where it is given by names: a pattern that nothing fits is refused unless the client allows it.
pub(crate) fn of_some(mut target: Target) -> Target {
    if !target.names.is_empty() {
        target.options.allow_no_indices.get_or_insert(false);
    }
    target
}

/// Milliseconds of `timeout`'s default.
const TIMEOUT_MS: u64 = 60_000;

/// `refresh` of a write.
///
/// # Errors
/// `illegal_argument_exception` for anything but a flag or `wait_for`.
pub(crate) fn refresh(params: &mut Params) -> Result<Refresh, Error> {
    match params.take("refresh").as_deref() {
        None | Some("false") => Ok(Refresh::Later),
        Some("" | "true") => Ok(Refresh::Now),
        Some("wait_for") => Ok(Refresh::WaitFor),
        Some(other) => Err(Error::illegal_argument(format!("Unknown value for refresh: [{other}]."))),
    }
}

/// `timeout`, a minute where it is not given.
///
/// # Errors
/// `illegal_argument_exception` for what is no time.
pub(crate) fn timeout_ms(params: &mut Params) -> Result<u64, Error> {
    Ok(params.time_ms("timeout")?.map_or(TIMEOUT_MS, |given| given.unwrap_or(u64::MAX)))
}

/// `cluster_manager_timeout`, or its older name: how long a change of the metadata waits for an elected node. What only reads the metadata
/// reads what this node knows, and waits for nobody. `None`: not given.
///
/// # Errors
/// `illegal_argument_exception` for what is no time, `parse_exception` when both names are given.
pub(crate) fn cluster_manager_timeout(params: &mut Params) -> Result<Option<u64>, Error> {
    let given = params.time_ms("cluster_manager_timeout")?;
    let older = params.time_ms("master_timeout")?;
    if older.is_some() && given.is_some() {
        let reason = "Please only use one of the request parameters [master_timeout, cluster_manager_timeout].";
        return Err(Error::new(ErrorKind::Parse, reason));
    }
    Ok(given.or(older).map(|given| given.unwrap_or(u64::MAX)))
}

/// `cluster_manager_timeout`, and `timeout`, for which nothing else waits.
///
/// # Errors
/// As [`cluster_manager_timeout`] and [`timeout_ms`].
pub(crate) fn patience(params: &mut Params) -> Result<Option<u64>, Error> {
    let patience = cluster_manager_timeout(params)?;
    timeout_ms(params)?;
    Ok(patience)
}

/// `wait_for_active_shards`.
///
/// # Errors
/// `illegal_argument_exception` for what is neither `all` nor a number.
pub(crate) fn active_shards(params: &mut Params) -> Result<Option<ActiveShards>, Error> {
    params.take("wait_for_active_shards").map(|text| active_shard_count(&text)).transpose()
}

/// `all` or a number of copies.
///
/// # Errors
/// As [`active_shards`].
pub(crate) fn active_shard_count(text: &str) -> Result<ActiveShards, Error> {
    if text == "all" {
        return Ok(ActiveShards::All);
    }
    match text.parse::<i32>() {
        Ok(count) => u32::try_from(count)
            .map(ActiveShards::Count)
            .map_err(|_| Error::illegal_argument("shard count cannot be a negative value")),
        Err(_) => {
            Err(Error::illegal_argument(format!("cannot parse ActiveShardCount[{text}]"))
                .with_cause(number_format(text)))
        }
    }
}

/// `version_type`.
///
/// # Errors
/// `illegal_argument_exception` for a type that there is not.
pub(crate) fn version_type(text: &str) -> Result<VersionType, Error> {
    match text {
        "internal" => Ok(VersionType::Internal),
        "external" | "external_gt" => Ok(VersionType::External),
        "external_gte" => Ok(VersionType::ExternalGte),
        _ => Err(Error::illegal_argument(format!("No version type match [{text}]"))),
    }
}

/// What the client said of the current document, before it is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Versions {
    pub(crate) if_seq_no: Option<i64>,
    pub(crate) if_primary_term: Option<i64>,
    pub(crate) version: Option<i64>,
    pub(crate) version_type: Option<VersionType>,
}

/// What is written: what the conditions may be depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    Index,
    Create,
    Delete,
    Update { retries: bool },
}

impl Versions {
    /// From the parameters.
    ///
    /// # Errors
    /// `illegal_argument_exception` for what is no number or no type.
    pub(crate) fn take(params: &mut Params) -> Result<Self, Error> {
        let versions = Self {
            if_seq_no: params.long("if_seq_no")?,
            if_primary_term: params.long("if_primary_term")?,
            version: params.long("version")?,
            version_type: params.take("version_type").map(|text| version_type(&text)).transpose()?,
        };
        versions.check()?;
        Ok(versions)
    }

    /// Refuses numbers that can be no sequence number and no term.
    ///
    /// # Errors
    /// `illegal_argument_exception`.
    pub(crate) fn check(&self) -> Result<(), Error> {
        // -2 is how OpenSearch says "not given".
        if let Some(number) = self.if_seq_no.filter(|&number| number < 0 && number != -2) {
            return Err(Error::illegal_argument(format!("sequence numbers must be non negative. got [{number}].")));
        }
        match self.if_primary_term.filter(|&term| term < 0) {
            Some(term) => Err(Error::illegal_argument(format!("primary term must be non negative. got [{term}]"))),
            None => Ok(()),
        }
    }

    /// Whether a version, or a type of versions, is given.
    pub(crate) fn are_given(&self) -> bool {
        self.version.is_some() || self.version_type.is_some_and(|kind| kind != VersionType::Internal)
    }

    /// The condition; what is wrong with it goes to `refusals`.
    pub(crate) fn condition(&self, written: Written, refusals: &mut Refusals) -> Condition {
        let kind = self.version_type.unwrap_or(VersionType::Internal);
        let seq_no = self.if_seq_no.filter(|&number| number >= 0);
        let term = self.if_primary_term.unwrap_or(0);
        if written == Written::Create {
            if kind != VersionType::Internal {
                refusals.add("create operations only support internal versioning. use index instead");
            } else if self.version.is_some() {
                refusals.add("create operations do not support explicit versions. use index instead");
            } else if seq_no.is_some() || term != 0 {
                refusals.add("create operations do not support compare and set. use index instead");
            }
            return Condition::default();
        }
        let version = self.external(kind, written, refusals);
        if self.are_given() && !matches!(written, Written::Update { .. }) && seq_no.is_some() {
            refusals.add("compare and write operations can not use versioning");
        }
        if seq_no.is_none() && term != 0 {
            refusals.add(&format!("ifSeqNo is unassigned, but primary term is [{term}]"));
        }
        if seq_no.is_some() && term == 0 {
            refusals.add("ifSeqNo is set, but primary term is [0]");
        }
        if seq_no.is_some() && written == (Written::Update { retries: true }) {
            refusals.add("compare and write operations can not be retried");
        }
        let number = |number: i64| u64::try_from(number).unwrap_or(0);
        Condition { if_seq_no: seq_no.map(|seq_no| (SeqNo(number(seq_no)), PrimaryTerm(number(term)))), version }
    }

    fn external(&self, kind: VersionType, written: Written, refusals: &mut Refusals) -> Option<(Version, VersionType)> {
        let internal = kind == VersionType::Internal || matches!(written, Written::Update { .. });
        if internal {
            if self.version.is_some() || kind != VersionType::Internal {
                refusals.add(NO_INTERNAL_VERSIONS);
            }
            return None;
        }
        // -3 is how OpenSearch says "not given".
        let given = self.version.unwrap_or(-3);
        match u64::try_from(given) {
            Ok(version) => Some((Version(version), kind)),
            Err(_) => {
                let name = if kind == VersionType::External { "EXTERNAL" } else { "EXTERNAL_GTE" };
                refusals.add(&format!("illegal version value [{given}] for version type [{name}]"));
                None
            }
        }
    }
}

/// Why a version of the kind that Shoal counts itself is no condition.
pub(crate) const NO_INTERNAL_VERSIONS: &str = "internal versioning can not be used for optimistic concurrency control. Please use `if_seq_no` and `if_primary_term` instead";

/// What is wrong with a request, all of it said at once.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    list: Vec<String>,
    more: usize,
}

impl Refusals {
    /// Most that are spelled out.
    const MAX: usize = 100;

    pub(crate) fn add(&mut self, reason: &str) {
        if self.list.len() < Self::MAX {
            self.list.push(reason.to_owned());
        } else {
            self.more += 1;
        }
    }

    /// An id has a bounded length.
    pub(crate) fn check_id(&mut self, id: &str) {
        if id.len() > 512 {
            let length = id.len();
            let shown: String = id.chars().take(600).collect();
            self.add(&format!("id [{shown}] is too long, must be no longer than 512 bytes but was: {length}"));
        }
    }

    /// # Errors
    /// `action_request_validation_exception` with all that was added.
    pub(crate) fn finish(self) -> Result<(), Error> {
        if self.list.is_empty() {
            return Ok(());
        }
        let mut reason = "Validation Failed: ".to_owned();
        for (at, one) in self.list.iter().enumerate() {
            reason += &format!("{}: {one};", at + 1);
        }
        if self.more > 0 {
            reason += &format!(" and {} more", self.more);
        }
        Err(Error::new(ErrorKind::ActionRequestValidation, reason))
    }
}

/// The refusal of a parameter of old: `the` begins it, `instead` is what to use in place of it.
pub(crate) fn no_fields(the: &str, instead: &str) -> Error {
    Error::illegal_argument(format!("{the} parameter [fields] is no longer supported, please use {instead}"))
}

/// One refusal, as an error.
pub(crate) fn refusal(reason: &str) -> Error {
    Error::new(ErrorKind::ActionRequestValidation, format!("Validation Failed: 1: {reason};"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, written: Written, expected: &str) {
        let mut refusals = Refusals::default();
        let condition = Versions::take(&mut Params::parse(query)).map(|given| given.condition(written, &mut refusals));
        let said = match (condition, refusals.finish()) {
            (Err(error), _) | (Ok(_), Err(error)) => error.reason,
            (Ok(condition), Ok(())) => format!("{condition:?}"),
        };
        assert!(said.contains(expected), "{query}: {said}");
    }

    #[test]
    fn conditions() {
        check("", Written::Index, "if_seq_no: None, version: None");
        check("if_seq_no=1&if_primary_term=2", Written::Index, "Some((SeqNo(1), PrimaryTerm(2)))");
        check("version=0&version_type=external", Written::Delete, "Some((Version(0), External))");
        check("version=9223372036854775800&version_type=external_gte", Written::Index, "9223372036854775800");
        check("if_seq_no=2", Written::Index, "Validation Failed: 1: ifSeqNo is set, but primary term is [0];");
        check("if_primary_term=1", Written::Index, "1: ifSeqNo is unassigned, but primary term is [1];");
        check("if_seq_no=-5&if_primary_term=1", Written::Index, "sequence numbers must be non negative. got [-5].");
        check("if_seq_no=x", Written::Index, "Failed to parse long parameter [if_seq_no] with value [x]");
        check("version=3", Written::Index, "internal versioning can not be used");
        check(
            "version=-1&version_type=external",
            Written::Index,
            "illegal version value [-1] for version type [EXTERNAL]",
        );
        check("version_type=external", Written::Index, "illegal version value [-3] for version type [EXTERNAL]");
        check("version=1&version_type=force", Written::Index, "No version type match [force]");
        check("version=4&version_type=external", Written::Create, "create operations only support internal versioning");
        check("if_seq_no=0&if_primary_term=1", Written::Update { retries: true }, "can not be retried");
        check("version=3", Written::Update { retries: false }, "internal versioning can not be used");
    }

    #[test]
    fn active_shards_are_all_or_a_number() {
        assert_eq!(active_shard_count("all").unwrap(), ActiveShards::All);
        assert_eq!(active_shard_count("2").unwrap(), ActiveShards::Count(2));
        for wrong in ["some", "-1", "", "99999999999"] {
            assert_eq!(active_shard_count(wrong).expect_err(wrong).status(), 400);
        }
    }
}
