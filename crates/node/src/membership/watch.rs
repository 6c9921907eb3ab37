//! Which nodes the elected one takes out of the cluster: a pure decision from what was heard and when.
//!
//! A node that is silent for longer than it ever seems to be is gone, unless it has answered somebody meanwhile: before that, the elected node and
//! others ask it. One whose address refuses connections is gone at once. When many fall silent together it is rather the elected node or its
//! network that is ill, and it waits. Time is in milliseconds of any clock that only grows.

use std::collections::BTreeMap;

use cluster::state::NodeId;

/// A lease lasts this long from when the heartbeat was sent that earned it.
pub(crate) const LEASE_MS: u64 = 1000;
/// A node that is silent for this long is removed: longer than its lease, whatever clocks drift.
const REMOVE_MS: u64 = 1500;
/// The longest that jitter may stretch this to, and the wait while many are silent, or one that answers others.
const REMOVE_MAX_MS: u64 = 5000;
/// Who is silent for this long is asked whether it lives, by several: the answers are there when it would be removed.
const SUSPECT_MS: u64 = 800;
/// A node that has answered somebody this lately lives.
const VOUCHED_MS: u64 = 1000;
/// How much an interval counts in the running mean and deviation.
const WEIGHT: f64 = 0.1;

/// The elected node's view of the others.
#[derive(Debug)]
pub(crate) struct Watch {
    /// Whoever has not been heard since was not heard by this node: it is new in office.
    since: u64,
    heard: BTreeMap<NodeId, Heard>,
}

#[derive(Clone, Copy, Debug)]
struct Heard {
    last: u64,
    /// Of the interval between two heartbeats, and its deviation.
    mean: f64,
    deviation: f64,
    refused: bool,
    /// When it was last asked whether it lives, and when it last answered that.
    asked: Option<u64>,
    vouched: Option<u64>,
}

impl Heard {
    fn at(last: u64) -> Self {
        Self { last, mean: 0.0, deviation: 0.0, refused: false, asked: None, vouched: None }
    }
}

impl Watch {
    /// From the moment at which this node was elected.
    pub(crate) fn new(now: u64) -> Self {
        Self { since: now, heard: BTreeMap::new() }
    }

    /// Up to now this node could not have heard the others: their silence does not count.
    pub(crate) fn excuse(&mut self, now: u64) {
        self.since = now;
    }

    /// A node has joined: what it was like before does not count any more.
    pub(crate) fn joined(&mut self, now: u64, node: &NodeId) {
        self.heard.insert(node.clone(), Heard::at(now));
    }

    /// A heartbeat came.
    pub(crate) fn heard(&mut self, now: u64, node: &NodeId) {
        let heard = self.heard.entry(node.clone()).or_insert(Heard::at(now));
        let interval = now.saturating_sub(heard.last) as f64;
        heard.deviation += WEIGHT * ((interval - heard.mean).abs() - heard.deviation);
        heard.mean += WEIGHT * (interval - heard.mean);
        heard.last = now;
        heard.refused = false;
    }

    /// Nobody listens at the node's address: its process has ended.
    pub(crate) fn refused(&mut self, node: &NodeId) {
        self.heard.entry(node.clone()).or_insert(Heard::at(self.since)).refused = true;
    }

    /// Those of `nodes` that are to be asked now whether they live, because they have fallen silent. Each is named once in a while.
    pub(crate) fn suspects(&mut self, now: u64, nodes: &[NodeId]) -> Vec<NodeId> {
        let silent: Vec<NodeId> = nodes.iter().filter(|node| self.silence(now, node) > SUSPECT_MS).cloned().collect();
        let mut due = Vec::new();
        for node in silent {
            let heard = self.heard.entry(node.clone()).or_insert(Heard::at(self.since));
            if heard.asked.is_none_or(|asked| now.saturating_sub(asked) >= SUSPECT_MS / 2) {
                heard.asked = Some(now);
                due.push(node);
            }
        }
        due
    }

    /// A suspect has answered this node or another.
    pub(crate) fn vouched(&mut self, now: u64, node: &NodeId) {
        self.heard.entry(node.clone()).or_insert(Heard::at(self.since)).vouched = Some(now);
    }

    /// Which of `nodes` are gone.
    pub(crate) fn gone(&self, now: u64, nodes: &[NodeId]) -> Vec<NodeId> {
        let (dead, alive): (Vec<&NodeId>, Vec<&NodeId>) = nodes.iter().partition(|node| self.is_dead(node));
        let silent: Vec<&NodeId> =
            alive.into_iter().filter(|node| self.silence(now, node) > self.patience(node)).collect();
        let (lively, silent): (Vec<&NodeId>, Vec<&NodeId>) =
            silent.into_iter().partition(|node| self.is_vouched_for(now, node));
        // Who answers others but never this node cannot be led by it.
        let lost = lively.into_iter().filter(|node| self.silence(now, node) > REMOVE_MAX_MS);
        // Of two others one may well be ill alone; of more than a third it is hard to believe.
        let many = silent.len() > 1 && silent.len() * 3 > nodes.len() + 1;
        let believed = silent.into_iter().filter(|node| !many || self.silence(now, node) > REMOVE_MAX_MS);
        dead.into_iter().chain(believed).chain(lost).cloned().collect()
    }

    fn is_vouched_for(&self, now: u64, node: &NodeId) -> bool {
        let vouched = self.heard.get(node).and_then(|heard| heard.vouched);
        vouched.is_some_and(|vouched| now.saturating_sub(vouched) < VOUCHED_MS)
    }

    fn is_dead(&self, node: &NodeId) -> bool {
        self.heard.get(node).is_some_and(|heard| heard.refused)
    }

    fn silence(&self, now: u64, node: &NodeId) -> u64 {
        let last = self.heard.get(node).map_or(self.since, |heard| heard.last.max(self.since));
        now.saturating_sub(last)
    }

    fn patience(&self, node: &NodeId) -> u64 {
        let Some(heard) = self.heard.get(node) else { return REMOVE_MS };
        ((heard.mean + 4.0 * heard.deviation) as u64).clamp(REMOVE_MS, REMOVE_MAX_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(names: &str) -> Vec<NodeId> {
        names.chars().map(|name| NodeId(name.to_string().into())).collect()
    }

    fn names(ids: &[NodeId]) -> String {
        ids.iter().map(|id| &*id.0).collect()
    }

    /// All of `names` beat every 200 ms until `until`.
    fn beating(watch: &mut Watch, nodes: &str, until: u64) {
        for now in (0..=until).step_by(200) {
            ids(nodes).iter().for_each(|node| watch.heard(now, node));
        }
    }

    #[test]
    fn who_is_silent_is_gone_after_the_lease_has_ended() {
        let mut watch = Watch::new(0);
        beating(&mut watch, "abcd", 10_000);
        beating(&mut watch, "abc", 0);
        for node in ids("abc") {
            watch.heard(11_400, &node);
        }
        assert_eq!(names(&watch.gone(11_000, &ids("abcd"))), "");
        assert_eq!(names(&watch.gone(11_501, &ids("abcd"))), "d");
    }

    #[test]
    fn who_refuses_is_gone_at_once_and_back_when_heard() {
        let mut watch = Watch::new(0);
        beating(&mut watch, "abc", 1000);
        watch.refused(&ids("b")[0]);
        assert_eq!(names(&watch.gone(1050, &ids("abc"))), "b");
        watch.heard(1100, &ids("b")[0]);
        assert_eq!(names(&watch.gone(1150, &ids("abc"))), "");
    }

    #[test]
    fn many_silent_at_once_are_waited_for() {
        let mut watch = Watch::new(0);
        beating(&mut watch, "abcd", 10_000);
        watch.heard(12_000, &ids("a")[0]);
        assert_eq!(names(&watch.gone(12_500, &ids("abcd"))), "");
        watch.heard(15_400, &ids("a")[0]);
        assert_eq!(names(&watch.gone(15_500, &ids("abcd"))), "bcd");
    }

    #[test]
    fn who_is_silent_is_asked_and_stays_while_it_answers_somebody() {
        let mut watch = Watch::new(0);
        beating(&mut watch, "ab", 10_000);
        let (all, b) = (ids("ab"), &ids("b")[0]);
        let mut at = |now: u64, answers: bool| {
            watch.heard(now, &all[0]);
            let suspects = names(&watch.suspects(now, &all));
            if answers {
                watch.vouched(now, b);
            }
            (suspects, names(&watch.gone(now, &all)))
        };
        let said = |suspects: &str, gone: &str| (suspects.to_owned(), gone.to_owned());
        assert_eq!(at(10_700, false), said("", ""));
        assert_eq!(at(10_900, true), said("b", ""));
        assert_eq!(at(11_100, false), said("", ""), "not asked again so soon");
        assert_eq!(at(11_600, false), said("b", ""), "it has answered a moment ago");
        assert_eq!(at(12_000, false), said("b", "b"), "it has not answered since");
        assert_eq!(at(14_900, true), said("b", ""));
        assert_eq!(at(15_100, true), said("", "b"), "it cannot be led");
    }

    #[test]
    fn who_is_new_in_office_waits() {
        let watch = Watch::new(50_000);
        assert_eq!(names(&watch.gone(51_400, &ids("a"))), "");
        assert_eq!(names(&watch.gone(51_600, &ids("a"))), "a");
    }

    #[test]
    fn silence_counts_from_when_it_could_be_broken() {
        let mut watch = Watch::new(0);
        beating(&mut watch, "abc", 10_000);
        watch.excuse(40_000);
        assert_eq!(names(&watch.gone(41_400, &ids("abc"))), "");
        assert_eq!(names(&watch.gone(45_100, &ids("abc"))), "abc");
    }

    #[test]
    fn who_was_away_and_joins_again_is_as_good_as_new() {
        let mut watch = Watch::new(0);
        let node = &ids("a")[0];
        watch.heard(0, node);
        watch.heard(60_000, node);
        assert!(watch.patience(node) > REMOVE_MS);
        watch.joined(60_001, node);
        assert_eq!(watch.patience(node), REMOVE_MS);
    }

    #[test]
    fn jitter_stretches_the_wait() {
        let mut watch = Watch::new(0);
        let node = &ids("a")[0];
        for now in (0..40_000).step_by(1200) {
            watch.heard(now, node);
            watch.heard(now + 100, node);
        }
        assert!(watch.patience(node) > 2000, "{}", watch.patience(node));
    }
}
