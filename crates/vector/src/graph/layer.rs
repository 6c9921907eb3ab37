//! One layer of a graph: a list of links for each of its nodes.
//!
//! A node has a *place* in a layer, its number among those of the layer; links are places. In the lowest layer the place is the row.

/// Ends a list that is shorter than its width.
pub(crate) const NONE: u32 = u32::MAX;

/// A layer at hand.
#[derive(Clone, Copy)]
pub(crate) struct Layer<'a> {
    /// The row of each place, ascending. `None`: the lowest layer.
    pub(crate) nodes: Option<&'a [[u8; 4]]>,
    pub(crate) links: &'a [[u8; 4]],
    /// Links that a list has room for.
    pub(crate) width: usize,
}

impl<'a> Layer<'a> {
    /// The raw list of a place: links, then [`NONE`]s.
    #[inline]
    pub(crate) fn list(&self, place: u32) -> &'a [[u8; 4]] {
        &self.links[place as usize * self.width..][..self.width]
    }

    /// The links of a place.
    #[inline]
    pub(crate) fn linked(&self, place: u32) -> impl Iterator<Item = u32> + 'a {
        self.list(place).iter().map(|link| u32::from_le_bytes(*link)).take_while(|link| *link != NONE)
    }

    /// The row of a place.
    #[inline]
    pub(crate) fn node(&self, place: u32) -> u32 {
        self.nodes.map_or(place, |nodes| u32::from_le_bytes(nodes[place as usize]))
    }

    /// The place of a row.
    pub(crate) fn place(&self, node: u32) -> Option<u32> {
        let Some(nodes) = self.nodes else { return Some(node) };
        nodes.binary_search_by_key(&node, |bytes| u32::from_le_bytes(*bytes)).ok().map(|place| place as u32)
    }

    fn count(&self) -> usize {
        self.links.len() / self.width.max(1)
    }

    /// Whether links stay within the layer, and its nodes ascend and are all in the layer below.
    pub(crate) fn is_sound(&self, below: Option<&Layer<'_>>) -> bool {
        let count = self.count();
        let links = self.links.iter().map(|link| u32::from_le_bytes(*link));
        let nodes = self.nodes.unwrap_or_default();
        links.fold(true, |sound, link| sound & (link == NONE || (link as usize) < count))
            && nodes.is_sorted_by_key(|node| u32::from_le_bytes(*node))
            && (0..nodes.len() as u32).all(|place| {
                let node = self.node(place);
                below.is_some_and(|below| below.place(node).is_some_and(|place| (place as usize) < below.count()))
            })
    }
}
