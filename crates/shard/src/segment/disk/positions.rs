//! The positions of one term: numbers bit-packed by 128, the rest of variable length, as tantivy's serializer writes them.
//!
//! In: the term's bytes. Out: any stretch of its numbers, each a position less the one before in its document. Checks lengths, so that corrupt
//! bytes are an error and not a panic.

use std::io;

use bitpacking::{BitPacker, BitPacker4x};
use tantivy::directory::OwnedBytes;

use super::blocks::broken;
use super::packed::Packed;
use super::vint::{count, read_vint, read_vints};
use crate::segment::postings::BLOCK;

/// Numbers of a document up to which they are picked out one by one; for more, their block is unpacked.
const FEW: u64 = 4;
/// What a number of variable length takes, at most.
const MAX_BYTES: usize = 5;

/// Reads stretches; in ascending order it is fast.
pub(crate) struct PositionBlocks {
    /// Bits a number of each full block.
    widths: OwnedBytes,
    data: OwnedBytes,
    /// A block, and where it begins in `data`.
    block: usize,
    at: usize,
    loaded: Option<usize>,
    /// Numbers of the loaded block.
    len: usize,
    numbers: Box<[u32; BLOCK]>,
    packer: BitPacker4x,
}

impl PositionBlocks {
    pub(crate) fn open(bytes: &OwnedBytes) -> io::Result<Self> {
        let mut at = 0;
        let full = usize::try_from(read_vint(bytes, &mut at)?).unwrap_or(usize::MAX);
        let end = at.checked_add(full).filter(|&end| end <= bytes.len()).ok_or_else(|| broken("widths are cut off"))?;
        Ok(Self {
            widths: bytes.slice(at..end),
            data: bytes.slice(end..bytes.len()),
            block: 0,
            at: 0,
            loaded: None,
            len: 0,
            numbers: Box::new([0; BLOCK]),
            packer: BitPacker4x::new(),
        })
    }

    /// Gives `count` numbers from number `from` on to `take`, piece by piece.
    pub(crate) fn read(&mut self, from: u64, count: u64, mut take: impl FnMut(&[u32])) -> io::Result<()> {
        let (mut at, end) = (from, from.checked_add(count).ok_or_else(|| broken("too many positions"))?);
        while at < end {
            let block = usize::try_from(at / BLOCK as u64).map_err(|_| broken("too many positions"))?;
            self.load(block)?;
            let start = (at % BLOCK as u64) as usize;
            let stop = self.len.min(start.saturating_add((end - at).min(BLOCK as u64) as usize));
            if stop <= start {
                return Err(broken("positions are missing"));
            }
            take(&self.numbers[start..stop]);
            at += (stop - start) as u64;
        }
        Ok(())
    }

    /// Appends the positions of a document, whose numbers are the `count` from number `from` on.
    pub(crate) fn append(&mut self, from: u64, count: u64, out: &mut Vec<u32>) -> io::Result<()> {
        let start = (from % BLOCK as u64) as usize;
        let block = usize::try_from(from / BLOCK as u64).map_err(|_| broken("too many positions"))?;
        let mut position = 0u32;
        if count <= FEW && start + count as usize <= BLOCK && block < self.widths.len() {
            self.seek(block);
            let packed = Packed::new(&self.data, self.at, self.widths[block])?;
            for at in start..start + count as usize {
                position = position.wrapping_add(packed.number(at));
                out.push(position);
            }
            return Ok(());
        }
        self.read(from, count, |piece| {
            out.extend(piece.iter().map(|delta| {
                position = position.wrapping_add(*delta);
                position
            }));
        })
    }

    /// Goes to where a block begins in the data.
    fn seek(&mut self, block: usize) {
        if block < self.block {
            (self.block, self.at) = (0, 0);
        }
        let bits: usize = self.widths[self.block..block].iter().map(|&width| usize::from(width)).sum();
        self.at += bits * (BLOCK / 8);
        self.block = block;
    }

    fn load(&mut self, block: usize) -> io::Result<()> {
        if self.loaded == Some(block) {
            return Ok(());
        }
        self.loaded = None;
        if block < self.widths.len() {
            self.seek(block);
            let width = self.widths[block];
            let packed = Packed::new(&self.data, self.at, width)?;
            self.packer.decompress(packed.bytes, &mut *self.numbers, width);
            self.len = BLOCK;
        } else {
            self.load_rest(block)?;
        }
        self.loaded = Some(block);
        Ok(())
    }

    /// The numbers behind the last full block.
    fn load_rest(&mut self, block: usize) -> io::Result<()> {
        if block > self.widths.len() {
            return Err(broken("positions are missing"));
        }
        self.seek(block);
        let data = self.data.get(self.at..).ok_or_else(|| broken("positions are cut off"))?;
        self.len = count(&data[..data.len().min(BLOCK * MAX_BYTES)]).min(BLOCK);
        read_vints(data, &mut 0, &mut self.numbers[..self.len])
    }
}

#[cfg(test)]
mod tests {
    use tantivy::positions::PositionSerializer;

    use super::*;

    fn written(numbers: &[u32]) -> OwnedBytes {
        let mut bytes = Vec::new();
        let mut serializer = PositionSerializer::new(&mut bytes);
        serializer.write_positions_delta(numbers);
        serializer.close_term().unwrap();
        serializer.close().unwrap();
        OwnedBytes::new(bytes)
    }

    #[test]
    fn any_stretch_is_what_was_written() {
        for count in [1, 127, 128, 129, 256, 1000] {
            let numbers: Vec<u32> = (0..count).map(|n: u32| n.wrapping_mul(2_654_435_761) >> (n % 31)).collect();
            let mut blocks = PositionBlocks::open(&written(&numbers)).unwrap();
            for (from, length) in [(0, count), (count - 1, 1), (count / 2, count / 3), (0, 1), (count / 3, count / 2)] {
                let mut found = Vec::new();
                blocks.read(u64::from(from), u64::from(length), |piece| found.extend_from_slice(piece)).unwrap();
                assert_eq!(found, numbers[from as usize..(from + length) as usize], "{from} {length} of {count}");
            }
            blocks.read(u64::from(count), 1, |_| ()).unwrap_err();
            blocks.read(u64::MAX, 1, |_| ()).unwrap_err();
        }
    }

    #[test]
    fn positions_of_a_document_are_the_sums_of_its_numbers() {
        let numbers: Vec<u32> = (0..1000).map(|n: u32| n.wrapping_mul(2_654_435_761) >> (n % 31)).collect();
        let mut blocks = PositionBlocks::open(&written(&numbers)).unwrap();
        for count in [1, 2, 4, 5, 130] {
            for from in (0..1000 - count).chain((0..1000 - count).rev().step_by(77)) {
                let mut sum = 0u32;
                let sums = numbers[from..from + count].iter().map(|number| {
                    sum = sum.wrapping_add(*number);
                    sum
                });
                let mut found = Vec::new();
                blocks.append(from as u64, count as u64, &mut found).unwrap();
                assert!(found.iter().copied().eq(sums), "{count} from {from}");
            }
        }
        blocks.append(1000, 1, &mut Vec::new()).unwrap_err();
        blocks.append(u64::MAX, 1, &mut Vec::new()).unwrap_err();
    }

    #[test]
    fn damage_is_an_error() {
        let numbers: Vec<u32> = (0..300).collect();
        let bytes = written(&numbers);
        for end in 0..bytes.len() {
            if let Ok(mut blocks) = PositionBlocks::open(&bytes.slice(0..end)) {
                blocks.read(0, 300, |_| ()).unwrap_err();
            }
        }
    }
}
