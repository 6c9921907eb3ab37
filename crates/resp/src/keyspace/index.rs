//! The system index that keys lie in: made at the first write, gone when the keyspace is emptied.
//!
//! It is written through an alias that must be there, so that a write that comes too late for it makes no index of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use model::admin::{CreateIndex, PutMapping};
use model::error::ErrorKind;
use model::gateway::Gateway;
use model::target::{Target, TargetOptions};
use serde_json::{Map, Value as Json, json};
use tokio::sync::Mutex;

use crate::error::RespError;
use crate::server::Settings;

pub(super) const ALIAS: &str = ".keys";
const INDEX: &str = ".keys-000001";

/// When the first field of a hash expires.
pub(super) const FIELDS_EXPIRE_AT: &str = "fields_expire_at";

/// For as long as an index' creation may take.
const TIMEOUT_MS: u64 = 30_000;

pub(super) struct KeyIndex {
    gateway: Arc<dyn Gateway>,
    settings: Map<String, Json>,
    /// It was there when this node last looked.
    known: AtomicBool,
    /// Its mapping has [`FIELDS_EXPIRE_AT`]: one made by an older version has not.
    finds_fields: AtomicBool,
    making: Mutex<()>,
}

/// Its target: that it is not there means that there are no keys.
pub(super) fn target() -> Target {
    let options =
        TargetOptions { ignore_unavailable: Some(true), allow_no_indices: Some(true), ..TargetOptions::default() };
    Target { names: vec![ALIAS.to_owned()], options }
}

impl KeyIndex {
    pub(super) fn new(gateway: Arc<dyn Gateway>, settings: &Settings) -> Self {
        let durability = if settings.sync_always { "request" } else { "async" };
        let settings = json!({
            "index.number_of_shards": settings.key_shards,
            "index.hidden": true,
            "index.translog.durability": durability,
        });
        let Json::Object(settings) = settings else { unreachable!("an object literal is an object") };
        Self {
            gateway,
            settings,
            known: AtomicBool::new(false),
            finds_fields: AtomicBool::new(false),
            making: Mutex::new(()),
        }
    }

    /// Makes it unless it is there. `fields_expire`: it is about to hold a hash some of whose fields expire.
    pub(super) async fn ensure(&self, fields_expire: bool) -> Result<(), RespError> {
        self.ensure_there().await?;
        if fields_expire && !self.finds_fields.load(Ordering::Acquire) {
            let mapping = json!({"properties": {FIELDS_EXPIRE_AT: {"type": "long"}}});
            let request = PutMapping { target: Target::one(INDEX), mapping, write_index_only: false };
            match self.gateway.put_mapping(request).await {
                Ok(()) => self.finds_fields.store(true, Ordering::Release),
                // Whoever writes to it finds that it is gone, and comes again.
                Err(error) if error.kind == ErrorKind::IndexNotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    async fn ensure_there(&self) -> Result<(), RespError> {
        if self.known.load(Ordering::Acquire) {
            return Ok(());
        }
        let _one = self.making.lock().await;
        if !self.gateway.is_alias(ALIAS) {
            match self.gateway.create_index(self.creation()).await {
                Ok(_) => {}
                Err(error) if error.kind == ErrorKind::ResourceAlreadyExists => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.known.store(true, Ordering::Release);
        Ok(())
    }

    /// It may be gone.
    pub(super) fn forget(&self) {
        self.known.store(false, Ordering::Release);
        self.finds_fields.store(false, Ordering::Release);
    }

    pub(super) async fn delete(&self) -> Result<(), RespError> {
        let _one = self.making.lock().await;
        self.forget();
        match self.gateway.delete_indexes(Target::one(INDEX)).await {
            Ok(()) => Ok(()),
            Err(error) if error.kind == ErrorKind::IndexNotFound => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn creation(&self) -> CreateIndex {
        let mappings = json!({
            "dynamic": "false",
            "properties": {
                "type": {"type": "keyword"},
                "position": {"type": "long"},
                "expires_at": {"type": "long"},
                FIELDS_EXPIRE_AT: {"type": "long"},
                "value": {"type": "object", "enabled": false},
            },
        });
        let alias = json!({"is_write_index": true, "is_hidden": true});
        CreateIndex {
            name: INDEX.to_owned(),
            settings: self.settings.clone(),
            mappings: Some(mappings),
            aliases: Map::from_iter([(ALIAS.to_owned(), alias)]),
            active_shards: None,
            timeout_ms: TIMEOUT_MS,
        }
    }
}
