//! Reading one document by id, refreshed or not.

use std::sync::Arc;

use search::shard_query::DocAddress;

use super::ShardCopy;
use super::lookup::Located;
use super::versions::EntryState;
use super::write::locate;
use crate::error::ShardError;
use crate::fields::meta;
use crate::reader::Reader;
use crate::segment::Segment;

/// A document as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct Current {
    pub seq_no: u64,
    pub primary_term: u64,
    pub version: u64,
    pub routing: Option<Arc<str>>,
    pub source: Arc<[u8]>,
}

impl ShardCopy {
    /// The newest version of a document, whether searches see it yet or not.
    ///
    /// # Errors
    /// [`ShardError::Failed`] when the copy failed, [`ShardError::Io`] when a segment does not read.
    pub fn get(&self, id: &str) -> Result<Option<Current>, ShardError> {
        self.check()?;
        loop {
            let newest = {
                let writer = self.writer.lock();
                if let Some(entry) = writer.staged.get(id) {
                    return Ok(entry.current());
                }
                if let Some(entry) = writer.versions.get(id) {
                    let EntryState::Live { routing, source, .. } = &entry.state else { return Ok(None) };
                    let (routing, source) = (routing.clone(), source.clone());
                    return Ok(Some(Current {
                        seq_no: entry.seq_no,
                        primary_term: entry.primary_term,
                        version: entry.version,
                        routing,
                        source,
                    }));
                }
                self.newest.read().clone()
            };
            let Some(found) = locate(&newest, id).map_err(|e| ShardError::Lookup { reason: e.to_string() })? else {
                return Ok(None);
            };
            let Some(held) = newest.iter().find(|held| held.key == found.segment) else { continue };
            return self.load(&held.body.segment(), found).map(Some);
        }
    }

    /// As [`ShardCopy::get`], but only what searches see.
    pub fn get_searched(&self, id: &str) -> Result<Option<Current>, ShardError> {
        Ok(self.find_searched(&self.reader(), id)?.map(|(_, current)| current))
    }

    /// The document of an id in a reader, and where it lies.
    pub fn find_searched(&self, reader: &Reader, id: &str) -> Result<Option<(DocAddress, Current)>, ShardError> {
        for (at, view) in reader.segments.iter().enumerate().rev() {
            if let Some(found) = super::lookup::find(0, &view.segment, |doc| view.is_alive(doc), id)? {
                let address = DocAddress { segment: at as u32, doc: found.doc };
                return Ok(Some((address, self.load(&view.segment, found)?)));
            }
        }
        Ok(None)
    }

    fn load(&self, segment: &Arc<dyn Segment>, found: Located) -> Result<Current, ShardError> {
        let source = segment.source(found.doc).map_err(|e| ShardError::io("read a source from", &self.directory, e))?;
        let routing =
            routing(segment, found.doc).map_err(|e| ShardError::io("read a routing from", &self.directory, e))?;
        Ok(Current { seq_no: found.seq_no, primary_term: found.primary_term, version: found.version, routing, source })
    }
}

/// The routing that a document was written with.
pub(super) fn routing(segment: &Arc<dyn Segment>, doc: u32) -> std::io::Result<Option<Arc<str>>> {
    let Some(column) = segment.strings(meta::ROUTING)? else { return Ok(None) };
    let Some(ord) = column.first(doc) else { return Ok(None) };
    let mut value = Vec::new();
    column.value(ord, &mut value)?;
    Ok(String::from_utf8(value).ok().map(Arc::from))
}
