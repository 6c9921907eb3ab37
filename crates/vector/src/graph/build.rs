//! Building a graph: all nodes are linked in batches, each by walks over what the batches before have made.
//!
//! A batch is a fiftieth of what is already linked, so that not seeing each other costs its nodes nothing that could be measured (Manohar et al.
//! 2024, ParlayANN). Within one, nodes and the lists that they enter are worked on by several threads; nothing is written meanwhile, and what
//! they found is written in a fixed order: the same rows, options and seed make the same bytes on any number of threads.
//!
//! Rows are linked in a shuffled order: those that come place by place would make islands, since lists that are full of near links have no
//! reason to keep the far ones that lead out.
//! Memory: the bytes of the graph, its codes once more, five bytes a row, and a batch.

use std::ops::Range;

use super::format::{self, Header, Layout, MAX_UPPER, WIDTHS};
use super::layer::NONE;
use super::pool::Candidate;
use super::select::diverse;
use super::walk::{Layers, Scratch, Target, beam, descend};
use super::{code_bytes, quantize};
use crate::VectorError;
use crate::kernel::Metric;
use crate::quantize::Quantizer;
use crate::rows::{Rows, View};

/// Nodes of a batch, at most.
const BATCH: usize = 2048;
/// One in so many of what is linked makes a batch.
const BATCH_SHARE: usize = 50;

/// How a graph is built.
#[derive(Clone, Copy, Debug)]
pub struct BuildOptions {
    /// Links that a node makes; the lowest layer has room for twice as many.
    pub m: usize,
    /// Candidates that they are chosen from.
    pub ef_construction: usize,
    /// Chooses the layers of nodes.
    pub seed: u64,
    /// Threads, this one included.
    pub threads: usize,
    /// Walk over codes of 8 bits, where they are of use.
    pub quantized: bool,
    /// Stands for the rows: a graph opens only under the same number.
    pub origin: u64,
}

impl Default for BuildOptions {
    fn default() -> Self {
        Self { m: 16, ef_construction: 100, seed: 42, threads: 1, quantized: true, origin: 0 }
    }
}

/// Builds the graph of `rows` and gives its bytes. `proceed` is asked now and then; when it says no, the build ends.
///
/// # Errors
/// [`VectorError::Cancelled`]; [`VectorError::Shape`] when there are no rows, or 2^31 and more.
pub fn build(rows: &Rows, options: &BuildOptions, proceed: &(dyn Fn() -> bool + Sync)) -> Result<Vec<u8>, VectorError> {
    if rows.count() == 0 || rows.count() >= 1 << 31 {
        return Err(VectorError::Shape(rows.count() as usize));
    }
    let m = options.m.clamp(*WIDTHS.start(), *WIDTHS.end());
    let levels = Levels::new(rows.count(), m, options.seed);
    let quantizer = (options.quantized && quantize::suits(rows)).then(|| Quantizer::of(rows));
    let header = Header { origin: options.origin, m, quantizer, entry: levels.entry, upper: levels.counts() };
    let layout = Layout::new(rows.count(), code_bytes(rows, quantizer.as_ref()), m, &header.upper);
    let mut bytes = vec![0; layout.total];
    format::write_head(&mut bytes, &header);
    prepare(&mut bytes, &layout, &levels);
    let codes = encode(rows, quantizer.as_ref(), &layout, proceed)?;
    let vectors = match quantizer {
        Some(_) => View { bytes: &codes, stride: layout.code_bytes, metric: Metric::of_codes(layout.code_bytes) },
        None => rows.view(),
    };
    let threads = options.threads.clamp(1, 64);
    let growth = Growth { layout: &layout, levels: &levels, vectors, ef: options.ef_construction.max(m) };
    let mut scratches: Vec<Scratch> = std::iter::repeat_with(Scratch::default).take(threads).collect();
    for batch in batches(rows.count()) {
        if !proceed() {
            return Err(VectorError::Cancelled);
        }
        growth.add(batch, &mut bytes, &mut scratches);
    }
    bytes[layout.codes.clone()].copy_from_slice(&codes);
    format::seal(&mut bytes, rows, &header);
    Ok(bytes)
}

fn encode(
    rows: &Rows,
    quantizer: Option<&Quantizer>,
    layout: &Layout,
    proceed: &dyn Fn() -> bool,
) -> Result<Vec<u8>, VectorError> {
    let Some(quantizer) = quantizer else { return Ok(Vec::new()) };
    let mut codes = vec![0; layout.codes.len()];
    for (row, code) in codes.chunks_exact_mut(layout.code_bytes).enumerate() {
        if row % 4096 == 0 && !proceed() {
            return Err(VectorError::Cancelled);
        }
        quantizer.encode_row(rows, row as u32, code);
    }
    Ok(codes)
}

/// Writes the rows of the upper layers, and empty lists everywhere.
fn prepare(bytes: &mut [u8], layout: &Layout, levels: &Levels) {
    bytes[layout.base.clone()].fill(0xff);
    for (level, (nodes, links)) in layout.upper.iter().enumerate() {
        let here = (0..).zip(&levels.levels).filter(|(_, top)| usize::from(**top) > level);
        for (place, (node, _)) in bytes[nodes.clone()].as_chunks_mut::<4>().0.iter_mut().zip(here) {
            *place = u32::to_le_bytes(node);
        }
        bytes[links.clone()].fill(0xff);
    }
}

/// The highest layer of every node.
struct Levels {
    levels: Vec<u8>,
    /// The first of the highest.
    entry: u32,
    /// All nodes as they are linked: the entry, then the others shuffled.
    order: Vec<u32>,
}

impl Levels {
    fn new(count: u32, m: usize, seed: u64) -> Self {
        let scale = 1.0 / (m as f64).ln();
        let level = |node: u32| {
            let unit = (mixed(seed ^ u64::from(node)) >> 11) as f64 / (1u64 << 53) as f64;
            ((-(1.0 - unit).ln() * scale) as usize).min(MAX_UPPER) as u8
        };
        let levels: Vec<u8> = (0..count).map(level).collect();
        let top = levels.iter().copied().max().unwrap_or(0);
        let entry = levels.iter().position(|level| *level == top).unwrap_or(0) as u32;
        let mut order: Vec<u32> = (0..count).collect();
        order.sort_unstable_by_key(|&node| (node != entry, mixed(!seed ^ u64::from(node)), node));
        Self { levels, entry, order }
    }

    fn counts(&self) -> Vec<u32> {
        let top = self.levels[self.entry as usize];
        (1..=top).map(|at| self.levels.iter().filter(|level| **level >= at).count() as u32).collect()
    }
}

/// Scatters neighbouring numbers (the finalizer of Steele et al. 2014, SplitMix).
fn mixed(value: u64) -> u64 {
    let value = value.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ value >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ value >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ value >> 31
}

/// All but the first in order, by batches.
fn batches(count: u32) -> impl Iterator<Item = Range<u32>> {
    let mut done = 1;
    std::iter::from_fn(move || {
        let batch = (done as usize / BATCH_SHARE).clamp(1, BATCH) as u32;
        let next = done..(done + batch).min(count);
        done = next.end;
        (!next.is_empty()).then_some(next)
    })
}

/// A link to be entered in the list of `to`.
struct Entry {
    layer: usize,
    to: u32,
    from: Candidate,
}

/// What a node links to in one layer.
struct Linked {
    layer: usize,
    place: u32,
    chosen: Vec<Candidate>,
}

/// A graph that grows.
struct Growth<'a> {
    layout: &'a Layout,
    levels: &'a Levels,
    vectors: View<'a>,
    ef: usize,
}

impl Growth<'_> {
    fn add(&self, batch: Range<u32>, bytes: &mut [u8], scratches: &mut [Scratch]) {
        let nodes = &self.levels.order[batch.start as usize..batch.end as usize];
        let read: &[u8] = bytes;
        let linked = in_parallel(nodes, scratches, |node, scratch| self.link(read, *node, scratch));
        let mut entries = Vec::new();
        for linked in linked.into_iter().flatten() {
            write_list(&mut bytes[self.layout.list(linked.layer, linked.place)], &linked.chosen);
            entries.extend(linked.chosen.iter().map(|to| Entry {
                layer: linked.layer,
                to: to.place(),
                from: Candidate::new(linked.place, to.distance),
            }));
        }
        entries.sort_unstable_by_key(|entry| (entry.layer, entry.to, entry.from.place()));
        let groups: Vec<&[Entry]> = entries.chunk_by(|a, b| (a.layer, a.to) == (b.layer, b.to)).collect();
        let read: &[u8] = bytes;
        let lists = in_parallel(&groups, scratches, |group, _| self.enter(read, group));
        for (group, list) in groups.iter().zip(lists) {
            write_list(&mut bytes[self.layout.list(group[0].layer, group[0].to)], &list);
        }
    }

    /// What a node links to in each of its layers.
    fn link(&self, bytes: &[u8], node: u32, scratch: &mut Scratch) -> Vec<Linked> {
        let layers = Layers { bytes, layout: self.layout };
        let target = Target { vectors: self.vectors, query: self.vectors.row(node) };
        let top = usize::from(self.levels.levels[node as usize]);
        let mut entry = descend(&layers, &target, top);
        let mut all = Vec::with_capacity(top + 1);
        for at in (0..=top).rev() {
            let layer = layers.layer(at);
            beam(&layer, &target, entry, self.ef, scratch);
            let mut chosen = Vec::with_capacity(self.layout.m);
            let between = |a, b| self.between(layer.node(a), layer.node(b));
            diverse(scratch.pool.candidates(), self.layout.m, between, &mut chosen);
            if let (Some(nearest), Some(below)) = (scratch.pool.candidates().first(), at.checked_sub(1)) {
                let place = layers.layer(below).place(layer.node(nearest.place())).unwrap_or(0);
                entry = Candidate::new(place, nearest.distance);
            }
            all.push(Linked { layer: at, place: layer.place(node).unwrap_or(0), chosen });
        }
        all
    }

    /// The list of a place with new links; when it has no room for all, the best in different directions.
    fn enter(&self, bytes: &[u8], group: &[Entry]) -> Vec<Candidate> {
        let layer = self.layout.layer(bytes, group[0].layer);
        let place = group[0].to;
        let node = layer.node(place);
        let known = layer.linked(place).count();
        let mut list: Vec<Candidate> = Vec::with_capacity(known + group.len());
        if known + group.len() <= layer.width {
            // Distances are not kept with links, and not needed here.
            list.extend(layer.linked(place).map(|link| Candidate::new(link, 0.0)));
            list.extend(group.iter().map(|entry| entry.from));
            return list;
        }
        list.extend(layer.linked(place).map(|link| Candidate::new(link, self.between(node, layer.node(link)))));
        list.extend(group.iter().map(|entry| entry.from));
        list.sort_unstable_by(|a, b| a.distance.total_cmp(&b.distance).then(a.place().cmp(&b.place())));
        let mut chosen = Vec::with_capacity(layer.width);
        diverse(&list, layer.width, |a, b| self.between(layer.node(a), layer.node(b)), &mut chosen);
        chosen
    }

    fn between(&self, a: u32, b: u32) -> f32 {
        self.vectors.metric.distance(self.vectors.row(a), self.vectors.row(b))
    }
}

fn write_list(list: &mut [u8], links: &[Candidate]) {
    let all = links.iter().map(|link| link.place()).chain(std::iter::repeat(NONE));
    for (slot, link) in list.as_chunks_mut::<4>().0.iter_mut().zip(all) {
        *slot = link.to_le_bytes();
    }
}

/// What `work` makes of each of `items`, in their order, on as many threads as there are scratches.
fn in_parallel<I: Sync, T: Send>(
    items: &[I],
    scratches: &mut [Scratch],
    work: impl Fn(&I, &mut Scratch) -> T + Sync,
) -> Vec<T> {
    /// Fewer are not worth a thread.
    const ALONE: usize = 16;
    let share = items.len().div_ceil(scratches.len()).max(ALONE);
    let Some((own, rest)) = items.split_at_checked(share.min(items.len())) else { return Vec::new() };
    let Some((scratch, others)) = scratches.split_first_mut() else { return Vec::new() };
    let work = &work;
    std::thread::scope(|scope| {
        let run = |items: &[I], scratch: &mut Scratch| items.iter().map(|item| work(item, scratch)).collect::<Vec<T>>();
        let handles: Vec<_> =
            rest.chunks(share).zip(others).map(|(items, scratch)| scope.spawn(move || run(items, scratch))).collect();
        let mut all = run(own, scratch);
        for handle in handles {
            match handle.join() {
                Ok(more) => all.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    })
}
