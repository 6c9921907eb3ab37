//! Expressions with `&` and `~`, determinized by Brzozowski's derivatives ("Derivatives of regular expressions", 1964): what remains to be
//! matched after a byte is again an expression, and equal remainders are one state.
//!
//! Expressions are over the bytes of UTF-8, so that states step as terms are stored. They are kept once each, by number.

use std::collections::BTreeMap;

use super::{Expression, LAST};
use crate::segment::TermAutomaton;

/// An expression by number.
type Id = u32;

/// Expressions kept for each state allowed.
const NODES_PER_STATE: usize = 20;
/// Parts looked at for each state allowed.
const STEPS_PER_STATE: usize = 1000;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Nothing,
    Empty,
    Byte(u8, u8),
    /// The first is no concatenation.
    Then(Id, Id),
    /// At least two, ascending.
    Any(Vec<Id>),
    /// At least two, ascending.
    Both(Vec<Id>),
    Not(Id),
    Star(Id),
}

const NOTHING: Id = 0;
const EMPTY: Id = 1;

struct Algebra {
    nodes: Vec<Node>,
    /// By node: whether it accepts the empty text.
    empty: Vec<bool>,
    known: BTreeMap<Node, Id>,
    derived: BTreeMap<(Id, u8), Id>,
    most: usize,
    /// Steps that may still be taken: unions of many parts are slow before they are many.
    left: usize,
}

/// `None` anywhere: too many expressions, or too much to do.
impl Algebra {
    fn new(states: usize) -> Self {
        let (nodes, empty) = (vec![Node::Nothing, Node::Empty], vec![false, true]);
        let known = BTreeMap::from([(Node::Nothing, NOTHING), (Node::Empty, EMPTY)]);
        let (most, left) = (states * NODES_PER_STATE, states * STEPS_PER_STATE);
        Self { nodes, empty, known, derived: BTreeMap::new(), most, left }
    }

    fn accepts_empty(&self, id: Id) -> bool {
        self.empty[id as usize]
    }

    fn spend(&mut self, steps: usize) -> Option<()> {
        self.left = self.left.checked_sub(steps)?;
        Some(())
    }

    fn node(&mut self, node: Node) -> Option<Id> {
        if let Some(id) = self.known.get(&node) {
            return Some(*id);
        }
        if self.nodes.len() >= self.most {
            return None;
        }
        let empty = match &node {
            Node::Nothing | Node::Byte(..) => false,
            Node::Empty | Node::Star(_) => true,
            Node::Then(a, b) => self.accepts_empty(*a) && self.accepts_empty(*b),
            Node::Any(parts) => parts.iter().any(|part| self.accepts_empty(*part)),
            Node::Both(parts) => parts.iter().all(|part| self.accepts_empty(*part)),
            Node::Not(inner) => !self.accepts_empty(*inner),
        };
        let id = self.nodes.len() as Id;
        self.nodes.push(node.clone());
        self.empty.push(empty);
        self.known.insert(node, id);
        Some(id)
    }

    fn then(&mut self, first: Id, rest: Id) -> Option<Id> {
        if first == NOTHING || rest == NOTHING {
            return Some(NOTHING);
        }
        // Concatenations lean to the right, so that equal ones are the same.
        let mut heads = Vec::new();
        let mut at = first;
        while let Node::Then(head, tail) = &self.nodes[at as usize] {
            heads.push(*head);
            at = *tail;
        }
        heads.push(at);
        self.spend(heads.len())?;
        let mut all = rest;
        for head in heads.into_iter().rev().filter(|head| *head != EMPTY) {
            all = if all == EMPTY { head } else { self.node(Node::Then(head, all))? };
        }
        Some(all)
    }

    fn any(&mut self, parts: Vec<Id>) -> Option<Id> {
        let everything = self.not(NOTHING)?;
        let mut all = Vec::with_capacity(parts.len());
        for part in parts {
            match &self.nodes[part as usize] {
                Node::Any(inner) => all.extend(inner),
                _ => all.push(part),
            }
        }
        self.spend(all.len())?;
        all.retain(|part| *part != NOTHING);
        all.sort_unstable();
        all.dedup();
        match all.as_slice() {
            [] => Some(NOTHING),
            [one] => Some(*one),
            some if some.contains(&everything) => Some(everything),
            _ => self.node(Node::Any(all)),
        }
    }

    fn both(&mut self, parts: Vec<Id>) -> Option<Id> {
        let everything = self.not(NOTHING)?;
        let mut all = Vec::with_capacity(parts.len());
        for part in parts {
            match &self.nodes[part as usize] {
                Node::Both(inner) => all.extend(inner),
                _ => all.push(part),
            }
        }
        self.spend(all.len())?;
        all.retain(|part| *part != everything);
        all.sort_unstable();
        all.dedup();
        match all.as_slice() {
            [] => Some(everything),
            [one] => Some(*one),
            some if some.contains(&NOTHING) => Some(NOTHING),
            _ => self.node(Node::Both(all)),
        }
    }

    fn not(&mut self, inner: Id) -> Option<Id> {
        match self.nodes[inner as usize] {
            Node::Not(twice) => Some(twice),
            _ => self.node(Node::Not(inner)),
        }
    }

    fn star(&mut self, inner: Id) -> Option<Id> {
        match self.nodes[inner as usize] {
            Node::Nothing | Node::Empty => Some(EMPTY),
            Node::Star(_) => Some(inner),
            _ => self.node(Node::Star(inner)),
        }
    }

    fn of(&mut self, expression: &Expression) -> Option<Id> {
        match expression {
            Expression::Nothing => Some(NOTHING),
            Expression::One(ranges) => {
                let mut ways = Vec::new();
                for &(from, to) in ranges {
                    for bytes in sequences(from, to) {
                        let mut all = EMPTY;
                        for &(low, high) in bytes.iter().rev() {
                            let byte = self.node(Node::Byte(low, high))?;
                            all = self.then(byte, all)?;
                        }
                        ways.push(all);
                    }
                }
                self.any(ways)
            }
            Expression::All(parts) => {
                let mut all = EMPTY;
                for part in parts.iter().rev() {
                    let part = self.of(part)?;
                    all = self.then(part, all)?;
                }
                Some(all)
            }
            Expression::Any(parts) => {
                let parts = parts.iter().map(|part| self.of(part)).collect::<Option<_>>()?;
                self.any(parts)
            }
            Expression::Both(parts) => {
                let parts = parts.iter().map(|part| self.of(part)).collect::<Option<_>>()?;
                self.both(parts)
            }
            Expression::Not(inner) => {
                let inner = self.of(inner)?;
                let other = self.not(inner)?;
                // What is not the expression is still text: whole characters.
                let character = self.of(&Expression::One(vec![(0, LAST)]))?;
                let text = self.star(character)?;
                self.both(vec![other, text])
            }
            Expression::Repeated(inner, least, most) => {
                let inner = self.of(inner)?;
                let mut all = match most {
                    None => self.star(inner)?,
                    Some(most) => {
                        let mut optional = EMPTY;
                        for _ in *least..*most {
                            let more = self.then(inner, optional)?;
                            optional = self.any(vec![EMPTY, more])?;
                        }
                        optional
                    }
                };
                for _ in 0..*least {
                    all = self.then(inner, all)?;
                }
                Some(all)
            }
        }
    }

    /// What remains to be matched after `byte`.
    fn derivative(&mut self, id: Id, byte: u8) -> Option<Id> {
        if let Some(known) = self.derived.get(&(id, byte)) {
            return Some(*known);
        }
        self.spend(1)?;
        let derived = match self.nodes[id as usize].clone() {
            Node::Nothing | Node::Empty => NOTHING,
            Node::Byte(low, high) => {
                if (low..=high).contains(&byte) {
                    EMPTY
                } else {
                    NOTHING
                }
            }
            Node::Then(..) => self.of_chain(id, byte)?,
            Node::Any(parts) => {
                let parts = parts.into_iter().map(|part| self.derivative(part, byte)).collect::<Option<_>>()?;
                self.any(parts)?
            }
            Node::Both(parts) => {
                let parts = parts.into_iter().map(|part| self.derivative(part, byte)).collect::<Option<_>>()?;
                self.both(parts)?
            }
            Node::Not(inner) => {
                let inner = self.derivative(inner, byte)?;
                self.not(inner)?
            }
            Node::Star(inner) => {
                let inner = self.derivative(inner, byte)?;
                self.then(inner, id)?
            }
        };
        self.derived.insert((id, byte), derived);
        Some(derived)
    }

    /// Of a concatenation, whose first parts may be empty; without recursion, for it may be long.
    fn of_chain(&mut self, id: Id, byte: u8) -> Option<Id> {
        let mut ways = Vec::new();
        let mut at = id;
        while let Node::Then(head, tail) = self.nodes[at as usize] {
            let head_left = self.derivative(head, byte)?;
            ways.push(self.then(head_left, tail)?);
            if !self.accepts_empty(head) {
                return self.any(ways);
            }
            at = tail;
        }
        ways.push(self.derivative(at, byte)?);
        self.any(ways)
    }

    /// For each byte its class: bytes of one class are in the same ranges of every expression.
    fn classes(&self) -> ([u8; 256], Vec<u8>) {
        let mut begins = [false; 257];
        begins[0] = true;
        for node in &self.nodes {
            if let Node::Byte(low, high) = node {
                begins[usize::from(*low)] = true;
                begins[usize::from(*high) + 1] = true;
            }
        }
        let (mut class_of, mut first) = ([0; 256], Vec::new());
        for byte in 0..=255u8 {
            if begins[usize::from(byte)] {
                first.push(byte);
            }
            class_of[usize::from(byte)] = (first.len() - 1) as u8;
        }
        (class_of, first)
    }
}

/// An automaton in a table.
pub(super) struct Determinized {
    class_of: [u8; 256],
    classes: usize,
    /// By state, then class.
    next: Vec<u32>,
    accepts: Vec<bool>,
    /// Whether an accepting state can be reached.
    alive: Vec<bool>,
}

impl Determinized {
    /// `None`: it needs more than `max_states`.
    pub(super) fn new(expression: &Expression, max_states: u32) -> Option<Self> {
        let most = (max_states as usize).clamp(64, 16_384);
        let mut algebra = Algebra::new(most);
        let start = algebra.of(expression)?;
        let (class_of, first) = algebra.classes();
        let mut states = vec![start];
        let mut number: BTreeMap<Id, u32> = BTreeMap::from([(start, 0)]);
        let mut next = Vec::new();
        let mut at = 0;
        while at < states.len() {
            for &byte in &first {
                let left = algebra.derivative(states[at], byte)?;
                let new = states.len() as u32;
                let state = *number.entry(left).or_insert(new);
                if state == new {
                    states.push(left);
                }
                next.push(state);
            }
            at += 1;
            if states.len() > most {
                return None;
            }
        }
        let accepts: Vec<bool> = states.iter().map(|state| algebra.accepts_empty(*state)).collect();
        let alive = alive(&next, first.len(), &accepts);
        Some(Self { class_of, classes: first.len(), next, accepts, alive })
    }
}

/// The states from which one that accepts is reached.
fn alive(next: &[u32], classes: usize, accepts: &[bool]) -> Vec<bool> {
    let mut before: Vec<Vec<u32>> = vec![Vec::new(); accepts.len()];
    for (state, targets) in next.chunks(classes).enumerate() {
        targets.iter().for_each(|&target| before[target as usize].push(state as u32));
    }
    let mut alive = accepts.to_vec();
    let mut open: Vec<usize> = (0..accepts.len()).filter(|&state| accepts[state]).collect();
    while let Some(state) = open.pop() {
        for &from in &before[state] {
            if !std::mem::replace(&mut alive[from as usize], true) {
                open.push(from as usize);
            }
        }
    }
    alive
}

impl TermAutomaton for Determinized {
    fn step(&self, state: u32, byte: u8) -> u32 {
        self.next[state as usize * self.classes + usize::from(self.class_of[usize::from(byte)])]
    }

    fn is_match(&self, state: u32) -> bool {
        self.accepts[state as usize]
    }

    fn can_match(&self, state: u32) -> bool {
        self.alive[state as usize]
    }
}

/// The characters from `from` to `to` as sequences of ranges of bytes.
fn sequences(from: u32, to: u32) -> Vec<Vec<(u8, u8)>> {
    let mut found = Vec::new();
    // By length, without the halves of surrogate pairs.
    for (low, high) in [(0, 0x7f), (0x80, 0x7ff), (0x800, 0xd7ff), (0xe000, 0xffff), (0x1_0000, LAST)] {
        if from <= high && to >= low {
            split(from.max(low), to.min(high), &mut found);
        }
    }
    found
}

/// Splits characters of one length until each byte has its range whatever the others are.
fn split(from: u32, to: u32, found: &mut Vec<Vec<(u8, u8)>>) {
    for shift in [6, 12, 18] {
        let mask = (1 << shift) - 1;
        if from & !mask != to & !mask {
            if from & mask != 0 {
                split(from, from | mask, found);
                return split((from | mask) + 1, to, found);
            }
            if to & mask != mask {
                split(from, (to & !mask) - 1, found);
                return split(to & !mask, to, found);
            }
        }
    }
    let encoded = |character: u32| -> Vec<u8> {
        let mut buffer = [0; 4];
        let character = char::from_u32(character).unwrap_or_default();
        character.encode_utf8(&mut buffer).bytes().collect()
    };
    found.push(encoded(from).into_iter().zip(encoded(to)).collect());
}
