//! Where everything lies in the bytes of a graph.
//!
//! A head of 64 bytes, the sizes of the upper layers, then, each at a multiple of 64: codes, the links of the lowest layer, and of each upper layer
//! its rows and links. All numbers are little-endian. A checksum covers everything behind it.

use std::ops::Range;

use super::layer::Layer;
use crate::quantize::Quantizer;
use crate::rows::Rows;
use crate::{VectorError, quantize};

const MAGIC: [u8; 8] = *b"SHOALG01";
const HEAD_BYTES: usize = 64;
const ALIGNED: usize = 64;
/// Layers above the lowest, at most.
pub(crate) const MAX_UPPER: usize = 16;
/// Links a node in upper layers, at least and at most; twice as many in the lowest.
pub(crate) const WIDTHS: std::ops::RangeInclusive<usize> = 2..=512;
/// The checksum is of what comes behind these.
const CHECKED_FROM: usize = 16;

/// What the head says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Header {
    /// What the rows were said to be.
    pub(crate) origin: u64,
    pub(crate) m: usize,
    /// `None`: the walk goes over rows.
    pub(crate) quantizer: Option<Quantizer>,
    /// The row where walks begin.
    pub(crate) entry: u32,
    /// Nodes of each upper layer, from below.
    pub(crate) upper: Vec<u32>,
}

/// Stretches of the bytes.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) m: usize,
    pub(crate) code_bytes: usize,
    pub(crate) codes: Range<usize>,
    pub(crate) base: Range<usize>,
    /// Rows and links of each layer above.
    pub(crate) upper: Vec<(Range<usize>, Range<usize>)>,
    pub(crate) total: usize,
}

impl Layout {
    /// Of `count` rows; all sizes fit 64 bits because counts have 32.
    pub(crate) fn new(count: u32, code_bytes: usize, m: usize, upper: &[u32]) -> Self {
        let mut end = (HEAD_BYTES + 4 * upper.len()).next_multiple_of(ALIGNED);
        let mut take = |bytes: usize| {
            let range = end..end + bytes;
            end = range.end.next_multiple_of(ALIGNED);
            range
        };
        let codes = take(count as usize * code_bytes);
        let base = take(count as usize * 2 * m * 4);
        let upper = upper.iter().map(|&nodes| (take(nodes as usize * 4), take(nodes as usize * m * 4))).collect();
        Self { m, code_bytes, codes, base, upper, total: end }
    }

    pub(crate) fn layers(&self) -> usize {
        self.upper.len() + 1
    }

    /// The layer `at`, 0 the lowest.
    pub(crate) fn layer<'a>(&self, bytes: &'a [u8], at: usize) -> Layer<'a> {
        let Some((nodes, links)) = at.checked_sub(1).map(|at| &self.upper[at]) else {
            return Layer { nodes: None, links: bytes[self.base.clone()].as_chunks().0, width: 2 * self.m };
        };
        let nodes = Some(bytes[nodes.clone()].as_chunks().0);
        Layer { nodes, links: bytes[links.clone()].as_chunks().0, width: self.m }
    }

    /// Where the list of a place lies.
    pub(crate) fn list(&self, at: usize, place: u32) -> Range<usize> {
        let (links, width) = match at.checked_sub(1) {
            Some(at) => (&self.upper[at].1, self.m),
            None => (&self.base, 2 * self.m),
        };
        let start = links.start + place as usize * width * 4;
        start..start + width * 4
    }

    /// The row where walks begin.
    pub(crate) fn entry(&self, bytes: &[u8]) -> u32 {
        number(bytes, 52)
    }
}

/// Writes head and checksum into bytes whose other parts are complete.
pub(crate) fn seal(bytes: &mut [u8], rows: &Rows, header: &Header) {
    let shape = rows.shape();
    write_head(bytes, header);
    bytes[24..28].copy_from_slice(&(shape.dimension() as u32).to_le_bytes());
    let quantized = u8::from(header.quantizer.is_some());
    bytes[28..32].copy_from_slice(&[shape.element().code(), shape.space().code(), quantized, header.upper.len() as u8]);
    bytes[32..36].copy_from_slice(&rows.count().to_le_bytes());
    let checksum = crc32fast::hash(&bytes[CHECKED_FROM..]);
    bytes[8..12].copy_from_slice(&checksum.to_le_bytes());
}

/// Writes what walks need of the head: enough for those of the build.
pub(crate) fn write_head(bytes: &mut [u8], header: &Header) {
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[16..24].copy_from_slice(&header.origin.to_le_bytes());
    bytes[36..40].copy_from_slice(&(header.m as u32).to_le_bytes());
    if let Some(quantizer) = &header.quantizer {
        for (at, value) in [(40, quantizer.low), (44, quantizer.scale), (48, quantizer.reach)] {
            bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        }
    }
    bytes[52..56].copy_from_slice(&header.entry.to_le_bytes());
    for (at, count) in header.upper.iter().enumerate() {
        bytes[HEAD_BYTES + 4 * at..][..4].copy_from_slice(&count.to_le_bytes());
    }
}

/// Reads the head of a graph over `rows`, and the checksum of all.
pub(crate) fn read(bytes: &[u8], rows: &Rows, origin: u64) -> Result<(Header, Layout), VectorError> {
    let corrupt = |what| Err(VectorError::Corrupt { what });
    if bytes.len() < HEAD_BYTES || bytes[..8] != MAGIC {
        return corrupt("the bytes are no graph of this version");
    }
    if crc32fast::hash(&bytes[CHECKED_FROM..]) != number(bytes, 8) {
        return corrupt("the checksum of the graph does not match");
    }
    let shape = rows.shape();
    let same = number(bytes, 24) as usize == shape.dimension()
        && bytes[28..30] == [shape.element().code(), shape.space().code()]
        && number(bytes, 32) == rows.count()
        && u64::from(number(bytes, 16)) | u64::from(number(bytes, 20)) << 32 == origin;
    if !same {
        return corrupt("the graph is of other vectors");
    }
    let (m, layers, entry) = (number(bytes, 36) as usize, usize::from(bytes[31]), number(bytes, 52));
    let sizes = HEAD_BYTES + 4 * layers;
    if !WIDTHS.contains(&m) || layers > MAX_UPPER || bytes.len() < sizes || entry >= rows.count() {
        return corrupt("the head of the graph makes no sense");
    }
    let upper: Vec<u32> = (0..layers).map(|at| number(bytes, HEAD_BYTES + 4 * at)).collect();
    if upper.iter().any(|count| *count == 0 || *count > rows.count()) {
        return corrupt("a layer of the graph has an impossible size");
    }
    let float = |at| f32::from_bits(number(bytes, at));
    let quantizer = (bytes[30] == 1).then(|| Quantizer { low: float(40), scale: float(44), reach: float(48) });
    if quantizer.is_some() && !quantize::suits(rows) {
        return corrupt("the graph has codes where none can be");
    }
    let layout = Layout::new(rows.count(), super::code_bytes(rows, quantizer.as_ref()), m, &upper);
    if layout.total != bytes.len() {
        return corrupt("the graph has another length than its head says");
    }
    Ok((Header { origin, m, quantizer, entry, upper }, layout))
}

fn number(bytes: &[u8], at: usize) -> u32 {
    bytes[at..].first_chunk::<4>().map_or(0, |four| u32::from_le_bytes(*four))
}
