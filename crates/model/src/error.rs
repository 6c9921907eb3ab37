//! The one error that crosses the gateway, and the table that says what each kind is called in each dialect.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::{IndexRef, ShardNumber};

/// A refusal or a failure, as a client shall read it.
///
/// `reason` names the field, the value and the remedy, in OpenSearch's wording where it has one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Error {
    pub kind: ErrorKind,
    pub reason: String,
    /// The index and shard that the error is about, when it is about one.
    pub index: Option<Box<IndexRef>>,
    pub shard: Option<ShardNumber>,
    pub cause: Option<Box<Error>>,
    /// What `root_cause` lists; empty: the error itself.
    pub root_causes: Vec<Error>,
    /// `failed_shards` of a search or a refresh.
    pub failed_shards: Vec<crate::search::ShardFailure>,
    /// Further keys of the error's object (`line`, `col`, `resource.id`, `phase` ..), in order.
    #[serde(with = "crate::wire::json")]
    pub details: Map<String, Value>,
}

impl Error {
    pub fn new(kind: ErrorKind, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self {
            kind,
            reason,
            index: None,
            shard: None,
            cause: None,
            root_causes: Vec::new(),
            failed_shards: Vec::new(),
            details: Map::new(),
        }
    }

    /// `illegal_argument_exception`, 400: the commonest refusal.
    pub fn illegal_argument(reason: impl Into<String>) -> Self {
        Self::new(ErrorKind::IllegalArgument, reason)
    }

    /// Values of a field are to be read document by document, and it has no doc values.
    pub fn no_doc_values(path: &str, kind: &str) -> Self {
        Self::illegal_argument(format!(
            "Can't load fielddata on [{path}] because fielddata is unsupported on fields of type [{kind}]. Use doc values instead."
        ))
    }

    /// As [`Error::no_doc_values`], of a text field without fielddata.
    pub fn no_fielddata(path: &str) -> Self {
        Self::illegal_argument(format!(
            "Text fields are not optimised for operations that require per-document field data like aggregations and sorting, so these \
             operations are disabled by default. Please use a keyword field instead. Alternatively, set fielddata=true on [{path}] in order \
             to load field data by uninverting the inverted index. Note that this can use significant memory."
        ))
    }

    /// `parsing_exception`, 400, at a place of the body where it is known.
    pub fn parsing(reason: impl Into<String>) -> Self {
        Self::new(ErrorKind::Parsing, reason)
    }

    /// 501: OpenSearch has it, Shoal does not yet. `what` is the endpoint, parameter or query by its name.
    pub fn not_implemented(what: impl fmt::Display) -> Self {
        Self::new(ErrorKind::NotImplemented, format!("{what} is not implemented yet"))
    }

    /// `index_not_found_exception`, 404.
    pub fn index_not_found(name: &str) -> Self {
        let mut error = Self::new(ErrorKind::IndexNotFound, format!("no such index [{name}]"));
        for key in ["index", "resource.id"] {
            error.details.insert(key.into(), name.into());
        }
        error.details.insert("resource.type".into(), "index_or_alias".into());
        error.details.insert("index_uuid".into(), "_na_".into());
        error
    }

    /// As [`Error::index_not_found`], where a name has to stand for one index.
    pub fn single_index_not_found(name: &str) -> Self {
        Self::index_not_found(name).with_detail("resource.type", "index_expression")
    }

    pub fn with_cause(mut self, cause: Error) -> Self {
        self.cause = Some(Box::new(cause));
        self
    }

    /// `search_phase_execution_exception`: failures of one kind share a root cause, that of the first is the cause.
    pub fn search_phase(reason: impl Into<String>, failures: Vec<crate::search::ShardFailure>) -> Self {
        let mut error = Self::new(ErrorKind::SearchPhaseExecution, reason);
        for failure in &failures {
            let own = std::slice::from_ref(failure.error.root());
            let roots = if failure.error.root_causes.is_empty() { own } else { &failure.error.root_causes };
            for root in roots {
                if !error.root_causes.contains(root) {
                    error.root_causes.push(root.clone());
                }
            }
        }
        error.cause = failures.first().and_then(|first| {
            if let Some(root) = first.error.root_causes.first() {
                return Some(Box::new(root.clone()));
            }
            let root = first.error.root();
            if root.kind.is_java() {
                return Some(Box::new(root.clone().with_cause(root.clone())));
            }
            // What the list of failures shows already is not repeated.
            (*root != first.error).then(|| Box::new(root.clone()))
        });
        error.failed_shards = failures;
        error.with_detail("phase", "query").with_detail("grouped", true)
    }

    /// What went wrong while the shards' answers were made one: no shard failed, and the cause has the status.
    pub fn reduce_phase(cause: Error) -> Self {
        let mut error = Self::new(ErrorKind::SearchPhaseExecution, "").with_detail("phase", "fetch");
        error = error.with_detail("grouped", true).with_detail("failed_shards", Value::Array(Vec::new()));
        error.with_cause(cause)
    }

    /// Whether it is [`Error::reduce_phase`]: it has a cause, and no root causes.
    pub fn is_reduce_phase(&self) -> bool {
        self.kind == ErrorKind::SearchPhaseExecution && self.root_causes.is_empty() && self.cause.is_some()
    }

    /// The first cause that OpenSearch itself throws; the error itself when a cause is Java's.
    fn root(&self) -> &Self {
        let mut root = self;
        while let Some(cause) = root.cause.as_deref().filter(|cause| !root.kind.is_java() && !cause.kind.is_java()) {
            root = cause;
        }
        root
    }

    pub fn with_index(mut self, index: IndexRef) -> Self {
        self.index = Some(Box::new(index));
        self
    }

    pub fn with_shard(mut self, shard: ShardNumber) -> Self {
        self.shard = Some(shard);
        self
    }

    pub fn with_detail(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.details.insert(key.into(), value.into());
        self
    }

    /// HTTP status of the answer.
    pub fn status(&self) -> u16 {
        match self.kind {
            // A search that failed everywhere answers with the status of its first failure.
            ErrorKind::SearchPhaseExecution => {
                let first = self.failed_shards.first().map(|failure| &failure.error);
                first.or(self.root_causes.first()).or(self.cause.as_deref()).map_or(503, Error::status)
            }
            kind => kind.row().status,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.row().name, self.reason)?;
        self.cause.iter().try_for_each(|cause| write!(f, "; caused by {cause}"))
    }
}

impl std::error::Error for Error {}

impl ErrorKind {
    /// An exception of Java itself: OpenSearch repeats it as the cause of a search that failed by it.
    fn is_java(self) -> bool {
        use ErrorKind as K;
        matches!(
            self,
            K::ArrayIndexOutOfBounds
                | K::ClassCast
                | K::ClassNotFound
                | K::DateTime
                | K::DateTimeParse
                | K::IllegalArgument
                | K::IllegalState
                | K::InputCoercion
                | K::JsonParse
                | K::NumberFormat
                | K::ParseFailure
                | K::PatternSyntax
                | K::QueryParse
                | K::QueryValidation
                | K::RejectedExecution
                | K::TokenMgr
                | K::TooComplexToDeterminize
                | K::TooManyBooleanClauses
                | K::TooManyClauses
                | K::UnsupportedOperation
                | K::ZoneRules
                | K::XContentParse
        )
    }
}

/// One row of the table of kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// OpenSearch's `type`.
    pub name: &'static str,
    /// HTTP status.
    pub status: u16,
}

macro_rules! kinds {
    ($($kind:ident $name:literal $status:literal)*) => {
        /// What went wrong, as a closed list.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum ErrorKind { $($kind),* }

        impl ErrorKind {
            /// This kind's row of the table.
            pub fn row(self) -> Row {
                match self { $(Self::$kind => Row { name: $name, status: $status }),* }
            }
        }
    };
}

kinds! {
    ActionRequestValidation "action_request_validation_exception" 400
    AggregationExecution "aggregation_execution_exception" 500
    AggregationInitialization "aggregation_initialization_exception" 500
    AliasNotFound "aliases_not_found_exception" 404
    Arithmetic "arithmetic_exception" 400
    ArrayIndexOutOfBounds "array_index_out_of_bounds_exception" 400
    BadParameter "bad_parameter_exception" 400
    CircuitBreaking "circuit_breaking_exception" 429
    ClassCast "class_cast_exception" 500
    ClassNotFound "class_not_found_exception" 500
    ClusterBlock "cluster_block_exception" 403
    ClusterBlockForNow "cluster_block_exception" 429
    ConcurrentSnapshotExecution "concurrent_snapshot_execution_exception" 503
    ClusterManagerNotDiscovered "cluster_manager_not_discovered_exception" 503
    ContentTypeHeader "content_type_header_exception" 400
    ContentTooLong "content_too_long_exception" 413
    ContentTypeUnsupported "media_type_header_exception" 406
    DateTime "date_time_exception" 400
    DateTimeParse "date_time_parse_exception" 400
    DocumentMissing "document_missing_exception" 404
    DocumentSourceMissing "document_source_missing_exception" 400
    EndOfFile "e_o_f_exception" 500
    FailProcessor "fail_processor_exception" 500
    FindMatch "find_match" 400
    EndOfInput "json_e_o_f_exception" 400
    Generic "exception" 500
    IndexTemplateMissing "index_template_missing_exception" 404
    InvalidIndexTemplate "invalid_index_template_exception" 400
    DecommissioningFailed "decommissioning_failed_exception" 400
    Repository "repository_exception" 500
    RepositoryMissing "repository_missing_exception" 404
    RepositoryVerification "repository_verification_exception" 500
    IllegalArgument "illegal_argument_exception" 400
    IllegalState "illegal_state_exception" 500
    IndexClosed "index_closed_exception" 400
    IndexNotFound "index_not_found_exception" 404
    IndexOutOfBounds "index_out_of_bounds_exception" 400
    InputCoercion "input_coercion_exception" 400
    InvalidAliasName "invalid_alias_name_exception" 400
    InvalidIndexName "invalid_index_name_exception" 400
    InvalidShape "invalid_shape_exception" 400
    InvalidSnapshotName "invalid_snapshot_name_exception" 400
    Io "i_o_exception" 500
    JsonParse "json_parse_exception" 400
    LexerNoViableAlternative "lexer_no_viable_alt_exception" 400
    Mapper "mapper_exception" 500
    MapperParsing "mapper_parsing_exception" 400
    MaxBytesLength "max_bytes_length_exceeded_exception" 400
    MethodNotAllowed "method_not_allowed" 405
    NamedObjectNotFound "named_object_not_found_exception" 400
    NodeDisconnected "node_disconnected_exception" 500
    NodeNotConnected "node_not_connected_exception" 503
    NoSuchElement "no_such_element_exception" 500
    NotImplemented "not_implemented_exception" 501
    NotSerializable "not_x_content_exception" 400
    NoSuchNode "no_such_node_exception" 500
    NoShardAvailable "no_shard_available_action_exception" 503
    Mustache "mustache_exception" 400
    NoViableAlternative "no_viable_alt_exception" 400
    NullPointer "null_pointer_exception" 500
    NumberFormat "number_format_exception" 400
    Parse "parse_exception" 400
    ParseFailure "parse_cancellation_exception" 400
    Parsing "parsing_exception" 400
    PatternSyntax "pattern_syntax_exception" 400
    ProcessClusterEventTimeout "process_cluster_event_timeout_exception" 503
    QueryParse "parse_exception" 400
    QueryValidation "query_validation_exception" 400
    QueryShard "query_shard_exception" 400
    ReceiveTimeout "receive_timeout_transport_exception" 500
    RejectedExecution "rejected_execution_exception" 429
    ResourceAlreadyExists "resource_already_exists_exception" 400
    ResourceNotFound "resource_not_found_exception" 404
    RoutingMissing "routing_missing_exception" 400
    Runtime "runtime_exception" 500
    Script "script_exception" 400
    SearchContextMissing "search_context_missing_exception" 404
    Search "search_exception" 500
    SearchPhaseExecution "search_phase_execution_exception" 503
    SearchParse "parsing_exception" 400
    Settings "settings_exception" 400
    ShardFailed "shard_failed_exception" 503
    ShardNotFound "shard_not_found_exception" 404
    Snapshot "snapshot_exception" 500
    SnapshotMissing "snapshot_missing_exception" 404
    SnapshotRestore "snapshot_restore_exception" 500
    StatisticsChanged "statistics_changed_exception" 503
    StackOverflow "stack_overflow_error" 400
    Status "status_exception" 400
    StreamConstraints "stream_constraints_exception" 400
    StrictDynamicMapping "strict_dynamic_mapping_exception" 400
    TaskCancelled "task_cancelled_exception" 400
    Timeout "timeout_exception" 503
    TokenMgr "token_mgr_error" 400
    TooComplexToDeterminize "too_complex_to_determinize_exception" 400
    TooManyBooleanClauses "too_many_clauses" 500
    TooManyBuckets "too_many_buckets_exception" 503
    TooManyClauses "too_many_nested_clauses" 400
    UnavailableShards "unavailable_shards_exception" 503
    UnsupportedOperation "unsupported_operation_exception" 400
    Validation "validation_exception" 400
    VersionConflict "version_conflict_engine_exception" 409
    XContentParse "x_content_parse_exception" 400
    ZoneRules "zone_rules_exception" 400
}
