//! Why a document scores as it does: asked of the shard that has it, with the statistics of the whole index.

use std::sync::Arc;

use cluster::resolve::{Options, read_target, resolve};
use cluster::routing::Spread;
use model::error::{Error, ErrorKind};
use model::search::{ExplainRequest, ExplainResponse, SearchRequest, SourceFilter};
use model::target::Target;
use search::bound::BoundQuery;
use search::statistics::Statistics;
use shard::execute;

use super::choice::Choice;
use super::holder::Holder;
use super::patience::Guard;
use super::preference::Preference;
use super::reading::Reading;
use super::remote::get::{Explain, Explained, Shown};
use super::remote::search::{Searched, SearchedIndex};
use super::search::{Reached, bind_index, statistics};
use crate::clock::now_ms;
use crate::core::Core;
use crate::indexes::OpenShard;

/// What a shard is asked about one document.
pub(super) struct Asked {
    pub(super) query: Arc<BoundQuery>,
    /// Of the whole index; `None`: the shard's own.
    pub(super) statistics: Option<Arc<Statistics>>,
    pub(super) id: String,
    pub(super) source: Option<SourceFilter>,
}

pub(super) async fn explain(core: &Arc<Core>, mut request: ExplainRequest) -> Result<ExplainResponse, Error> {
    super::lookup::of_query(core, &mut request.query, &request.index).await?;
    let state = core.state();
    let metadata = read_target(&state, &request.index)?;
    super::blocks::check_read(&state, &metadata)?;
    let target = Target::one(request.index.as_str());
    let found = resolve(&state, &target, Options::open())?;
    let filters = found.first().map(|found| found.filters.clone()).unwrap_or_default();
    let mut routing = super::get::routing_of(&metadata, &request.index, request.routing.as_deref(), &request.id)?;
    if routing.is_none() && super::placement::field(&metadata).is_some() {
        let found = super::placement::routing_of(core, &metadata, &request.id).await?;
        routing = found.flatten().map(|routing| routing.to_string());
    }
    let number = Spread::of(&metadata.settings).shard(&request.id, routing.as_deref());
    let open = core.indexes.get(&metadata)?;
    let search = Arc::new(SearchRequest { query: request.query, size: 0, ..SearchRequest::new(target) });
    let now_ms = now_ms();
    let bound = bind_index(core, &search, Reached { metadata: metadata.clone(), filters, now_ms })?;
    let bound = std::slice::from_ref(&bound);
    let mut choice = Choice::primary_first(Preference::default());
    let mut counted = statistics::count(core, bound, (&search, &choice), &Guard::new(None), None).await?;
    if choice.avoid(counted.silent.keys().cloned().collect()) {
        counted = statistics::count(core, bound, (&search, &choice), &Guard::new(None), None).await?;
    }
    if let Some(error) = counted.silent.into_values().next() {
        return Err(error);
    }
    let (id, index) = (Arc::<str>::from(request.id.as_str()), metadata.name.clone());
    let (query, statistics) = (bound[0].query.clone(), counted.sums.into_iter().next().flatten());
    let shards = vec![number];
    let (uuid, filters) = (metadata.uuid.clone(), bound[0].filters.clone());
    let mut asked = SearchedIndex { uuid, filters, shards, statistics, generations: Vec::new() };
    let mut reading = Reading::new(core, &open, number, Some(choice));
    let explained = loop {
        let state = core.state();
        match reading.holder(&state) {
            Holder::Nowhere(error) | Holder::Silent(_, error) => reading.wait(error).await?,
            Holder::Here(shard) => {
                let statistics = asked.statistics.take();
                break read(core, shard, Asked { query, statistics, id: request.id, source: request.source }).await?;
            }
            Holder::There(node) => {
                let (version, indexes, request_of) = (state.version, vec![asked.clone()], search.clone());
                let searched = Searched {
                    version,
                    now_ms,
                    request: request_of,
                    indexes,
                    source: None,
                    remaining_ms: None,
                    task: None,
                };
                let message = Explain { searched, id: request.id.clone(), source: request.source.clone() };
                if let Some(explained) = reading.ask(&node, &message).await? {
                    break explained;
                }
            }
        }
    };
    let (explanation, source) = explained.map(|(explanation, Shown(source))| (explanation, source)).unzip();
    Ok(ExplainResponse { index, id, explanation, source: source.flatten() })
}

/// Asks a shard of this node.
///
/// # Errors
/// As a search of it.
pub(super) async fn read(core: &Core, shard: Arc<OpenShard>, asked: Asked) -> Result<Explained, Error> {
    let Asked { query, statistics, id, source } = asked;
    core.search
        .run(move || {
            let copy = shard.copy()?;
            let reader = copy.reader();
            let Some((address, stored)) = copy.find_searched(&reader, &id)? else { return Ok(None) };
            let explanation = super::caught(|| execute::explain(&reader, &query, statistics.as_deref(), address))?;
            let source = source.map(|filter| search::fetch::source::filtered(&stored.source, &filter)).transpose();
            let source = source.map_err(|e| Error::new(ErrorKind::Parse, e.to_string()))?.flatten();
            Ok(Some((explanation, Shown(source))))
        })
        .await?
}
