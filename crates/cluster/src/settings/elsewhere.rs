//! Cluster settings that OpenSearch has and that are not here: a client reads of them that they are not there yet, or that nobody can
//! change them while a node runs, rather than that nobody knows them.

/// What can be changed while nodes run.
pub(super) const DYNAMIC: &[(&str, &str)] = &[
    ("action", "search.shard_count.limit"),
    (
        "admission_control",
        "cluster.admin.cpu_usage.limit indexing.cpu_usage.limit indexing.io_usage.limit search.cpu_usage.limit search.io_usage.limit \
         transport.cpu_usage.mode_override transport.io_usage.mode_override transport.mode",
    ),
    (
        "cat",
        "indices.response.limit.number_of_indices segments.response.limit.number_of_indices shards.response.limit.number_of_shards",
    ),
    (
        "cluster",
        "allocator.gateway.batch_size application_templates.enabled auto_force_merge.enabled blocks.create_index.auto_release \
         default.index.max_merge_at_once fault_detection.follower_check.interval fault_detection.follower_check.timeout \
         fault_detection.leader_check.timeout filecache.activeusage.indexing.threshold filecache.activeusage.search.threshold \
         filecache.activeusage.threshold.enabled filecache.remote_data_ratio follower_lag.timeout ignore_dot_indexes \
         index.merge.scheduler.auto_throttle index.merge.scheduler.max_merge_count index.merge.scheduler.max_thread_count \
         index.refresh.fixed_interval_scheduling.enabled index.refresh.shard_level.enabled info.update.timeout \
         ingest.max_number_processors ingest.system_pipeline_enabled max_remote_capable_shards_per_node max_voting_config_exclusions \
         merge.scheduler.max_force_merge_mb_per_sec migration.direction minimum.index.refresh_interval no_master_block \
         persistent_tasks.allocation.recheck_interval publish.timeout remote_state.download.serve_read_api.enabled \
         remote_store.compatibility_mode remote_store.index.path.hash_algorithm remote_store.index.path.type \
         remote_store.index.segment_metadata.retention.max_count remote_store.index.translog.translog_metadata \
         remote_store.index_metadata.path_hash_algo remote_store.index_metadata.path_type remote_store.publication.enabled \
         remote_store.routing_table.path_hash_algo remote_store.routing_table.path_type remote_store.segment.transfer_timeout \
         remote_store.server_side_encryption remote_store.state.checksum_validation.mode remote_store.state.cleanup_interval \
         remote_store.state.global_metadata.upload_timeout remote_store.state.index_metadata.upload_timeout \
         remote_store.state.metadata_manifest.upload_timeout remote_store.state.read_timeout remote_store.translog.buffer_interval \
         remote_store.translog.max_readers remote_store.translog.transfer_timeout routing.allocation.awareness.balance \
         routing.allocation.balanced_shards_allocator.allocator_timeout \
         routing.allocation.balanced_shards_allocator.schedule_reroute.priority routing.allocation.cluster_concurrent_recoveries \
         routing.allocation.disk.include_relocations routing.allocation.disk.reroute_interval \
         routing.allocation.disk.warm_threshold_enabled routing.allocation.load_awareness.allow_unassigned_primaries \
         routing.allocation.load_awareness.flat_skew routing.allocation.load_awareness.provisioned_capacity \
         routing.allocation.load_awareness.skew_factor routing.allocation.node_initial_replicas_recoveries \
         routing.allocation.primary_constraint.threshold routing.allocation.rebalance.primary.buffer \
         routing.allocation.rebalance.primary.enable routing.allocation.remote_primary.ignore_throttle \
         routing.allocation.shard_movement_strategy routing.allocation.shard_state.reroute.priority \
         routing.allocation.shards_batch_gateway_allocator.primary_allocator_timeout \
         routing.allocation.shards_batch_gateway_allocator.replica_allocator_timeout \
         routing.allocation.shards_batch_gateway_allocator.schedule_reroute.priority routing.allocation.total_primary_shards_per_node \
         routing.allocation.total_remote_capable_shards_limit routing.allocation.total_remote_capable_shards_per_node \
         routing.allocation.total_shards_limit routing.ignore_weighted_routing routing.search_replica.strict \
         routing.weighted.default_weight routing.weighted.fail_open routing.weighted.strict search.enabled_system_generated_factories \
         service.slow_cluster_manager_task_logging_threshold snapshot.info.max_concurrent_fetches task.consumers.top_n.frequency \
         task.consumers.top_n.size",
    ),
    ("cluster_manager", "throttling.retry.base.delay throttling.retry.max.delay"),
    ("gateway", "slow_write_logging_threshold"),
    ("http", "tracer.exclude tracer.include"),
    (
        "indices",
        "breaker.fielddata.overhead breaker.request.overhead composite_index.star_tree.enabled \
         composite_index.translog.max_flush_threshold_size fielddata.cache.size publish_check_point.retry_timeout \
         queries.cache.costly_min_frequency queries.cache.min_frequency queries.cache.skip_cache_factor recovery.chunk_size \
         recovery.internal_action_long_timeout recovery.internal_action_retry_timeout recovery.internal_action_timeout \
         recovery.internal_remote_upload_timeout recovery.max_concurrent_remote_store_streams recovery.recovery_activity_timeout \
         recovery.retry_delay_network recovery.retry_delay_state_sync replication.initial_retry_backoff_bound \
         replication.max_bytes_per_sec replication.merges.warmer.enabled replication.merges.warmer.max_bytes_per_sec \
         replication.merges.warmer.min_segment_size_threshold replication.merges.warmer.timeout replication.retry_timeout \
         requests.cache.cleanup.staleness_threshold requests.cache.maximum_cacheable_size",
    ),
    (
        "knn",
        "algo_param.index_thread_qty cache.item.expiry.enabled cache.item.expiry.minutes circuit_breaker.triggered \
         circuit_breaker.unset.percentage feature.cache.force_evict.enabled model.cache.size.limit model.index.number_of_replicas \
         model.index.number_of_shards quantization.cache.expiry.minutes quantization.cache.size.limit \
         remote_index_build.client.timeout remote_index_build.enabled remote_index_build.poll.interval remote_index_build.repository \
         remote_index_build.service.endpoint remote_index_build.size.max vector_streaming_memory.limit",
    ),
    ("monitor", "fs.health.enabled fs.health.healthy_timeout_threshold fs.health.slow_path_logging_threshold"),
    ("network", "breaker.inflight_requests.overhead"),
    (
        "node",
        "auto_force_merge.cpu.threshold auto_force_merge.disk.threshold auto_force_merge.jvm.threshold auto_force_merge.merge_delay \
         auto_force_merge.scheduler.interval auto_force_merge.segment.count auto_force_merge.threads.concurrency_multiplier \
         auto_force_merge.translog.age resource.tracker.global_cpu_usage.window_duration \
         resource.tracker.global_io_usage.window_duration resource.tracker.global_jvmmp.window_duration",
    ),
    ("reindex", "remote.retry.initial_backoff remote.retry.max_count"),
    (
        "remote_store",
        "moving_average_window_size segment.pressure.bytes_lag.variance_factor segment.pressure.consecutive_failures.limit \
         segment.pressure.enabled segment.pressure.time_lag.variance_factor",
    ),
    ("script", "max_compilations_rate max_size_in_bytes"),
    (
        "search",
        "aggregation.bucket_selection_strategy_factor aggregation_rewrite_filters.segment_threshold.docs_per_bucket \
         aggregations.cardinality.hybrid_collector.enabled aggregations.cardinality.hybrid_collector.memory_threshold \
         aggregations.streaming.max_estimated_bucket_count aggregations.streaming.min_cardinality_ratio \
         aggregations.streaming.min_estimated_bucket_count derived_field.enabled \
         dynamic_pruning.cardinality_aggregation.max_allowed_cardinality keyword_index_or_doc_values_enabled \
         max_aggregation_rewrite_filters query.max_query_string_length query.max_query_string_length_monitor_only \
         query_rewriting.enabled query_rewriting.terms_threshold request_stats_enabled",
    ),
    (
        "search_backpressure",
        "cancellation_burst cancellation_rate cancellation_ratio mode node_duress.cpu_threshold node_duress.heap_threshold \
         node_duress.num_successive_breaches search_shard_task.cancellation_burst search_shard_task.cancellation_rate \
         search_shard_task.cancellation_ratio search_shard_task.cpu_time_millis_threshold \
         search_shard_task.elapsed_time_millis_threshold search_shard_task.heap_moving_average_window_size \
         search_shard_task.heap_percent_threshold search_shard_task.heap_variance search_shard_task.total_heap_percent_threshold \
         search_task.cancellation_burst search_task.cancellation_rate search_task.cancellation_ratio \
         search_task.cpu_time_millis_threshold search_task.elapsed_time_millis_threshold search_task.heap_moving_average_window_size \
         search_task.heap_percent_threshold search_task.heap_variance search_task.total_heap_percent_threshold",
    ),
    (
        "segrep",
        "pressure.checkpoint.limit pressure.enabled pressure.replica.stale.limit pressure.time.limit replication.time.limit",
    ),
    (
        "shard_indexing_pressure",
        "cache_store.max_size enabled enforced operating_factor.lower operating_factor.optimal operating_factor.upper \
         primary_parameter.node.soft_limit primary_parameter.shard.min_limit secondary_parameter.successful_request.elapsed_timeout \
         secondary_parameter.successful_request.max_outstanding_requests secondary_parameter.throughput.degradation_factor \
         secondary_parameter.throughput.request_size_window",
    ),
    ("snapshot", "max_shards_allowed_in_status_api"),
    ("stream", "search.enabled"),
    ("task_cancellation", "duration_millis enabled"),
    ("task_resource_consumers", "enabled"),
    ("task_resource_tracking", "enabled"),
    ("thread_pool", "index_searcher.queue_size search.queue_size search_throttled.queue_size stream_search.queue_size"),
    ("transport", "slow_operation_logging_threshold stream.request_timeout tracer.exclude tracer.include"),
    (
        "wlm",
        "workload_group.duress_streak workload_group.enforcement_interval workload_group.mode \
         workload_group.node.cpu_cancellation_threshold workload_group.node.cpu_rejection_threshold \
         workload_group.node.memory_cancellation_threshold workload_group.node.memory_rejection_threshold",
    ),
];

/// What a node reads when it starts.
pub(super) const STATIC: &[(&str, &str)] = &[
    ("aux", "transport.secure-transport-grpc.port transport.transport-grpc.port transport.types"),
    ("bootstrap", "ctrlhandler memory_lock system_call_filter"),
    (
        "cache",
        "recycler.page.limit.heap recycler.page.type recycler.page.weight.bytes recycler.page.weight.ints recycler.page.weight.longs \
         recycler.page.weight.objects",
    ),
    ("client", "type"),
    (
        "cluster",
        "allocator.existing_shards_allocator.batch_enabled election.back_off_time election.duration election.initial_timeout \
         election.max_timeout election.strategy fault_detection.follower_check.retry_count fault_detection.leader_check.interval \
         fault_detection.leader_check.retry_count indices.tombstones.size initial_cluster_manager_nodes initial_master_nodes \
         join.timeout nodes.reconnect_interval publish.info_timeout remote.connect remote.connections_per_cluster \
         remote.initial_connect_timeout remote.node.attr remote_store.pinned_timestamps.enabled \
         remote_store.pinned_timestamps.lookback_interval remote_store.pinned_timestamps.scheduler_interval routing.allocation.type",
    ),
    (
        "discovery",
        "cluster_formation_warning_timeout find_peers_interval find_peers_interval_during_decommission initial_state_timeout \
         probe.connect_timeout probe.handshake_timeout request_peers_timeout seed_hosts seed_providers \
         seed_resolver.max_concurrent_resolvers seed_resolver.timeout type unconfigured_bootstrap_timeout zen.hosts_provider \
         zen.ping.unicast.concurrent_connects zen.ping.unicast.hosts zen.ping.unicast.hosts.resolve_timeout",
    ),
    (
        "gateway",
        "auto_import_dangling_indices expected_data_nodes recover_after_data_nodes recover_after_time write_dangling_indices_info",
    ),
    (
        "grpc",
        "bind_host host netty.executor_count netty.keepalive_timeout netty.max_concurrent_connection_calls netty.max_connection_age \
         netty.max_connection_idle netty.max_msg_size netty.worker_count publish_host publish_port",
    ),
    (
        "http",
        "bind_host compression compression_level connect_timeout content_type.required cors.allow-credentials cors.allow-headers \
         cors.allow-methods cors.allow-origin cors.enabled cors.max-age detailed_errors.enabled host max_chunk_size max_content_length \
         max_header_size max_initial_line_length max_warning_header_count max_warning_header_size \
         netty.max_composite_buffer_components netty.receive_predictor_size netty.worker_count pipelining.max_events publish_host \
         publish_port read_timeout reset_cookies tcp.keep_alive tcp.keep_count tcp.keep_idle tcp.keep_interval tcp.no_delay \
         tcp.receive_buffer_size tcp.reuse_address tcp.send_buffer_size tcp_no_delay type type.default",
    ),
    (
        "index",
        "codec composite_store.type recovery.type store.factory store.fs.fs_lock store.hybrid.nio.extensions store.preload store.type",
    ),
    ("indexing_pressure", "memory.limit"),
    (
        "indices",
        "analysis.hunspell.dictionary.ignore_case analysis.hunspell.dictionary.lazy breaker.fielddata.type breaker.request.type \
         breaker.total.use_real_memory breaker.type cache.cleanup_interval memory.index_buffer_size memory.interval \
         memory.max_index_buffer_size memory.min_index_buffer_size memory.shard_inactive_time queries.cache.all_segments \
         queries.cache.count queries.cache.size query.query_string.allowLeadingWildcard query.query_string.analyze_wildcard \
         requests.cache.cleanup.interval requests.cache.expire requests.cache.opensearch_onheap.expire \
         requests.cache.opensearch_onheap.size requests.cache.size requests.cache.store.name store.delete.shard.timeout \
         time_series_index.default_index_merge_policy",
    ),
    ("ingest", "common.processors.allowed grok.watchdog.interval grok.watchdog.max_execution_time"),
    ("knn", "faiss.avx2.disabled faiss.avx512.disabled faiss.avx512_spr.disabled queue_size size"),
    (
        "monitor",
        "fs.health.refresh_interval fs.refresh_interval jvm.gc.enabled jvm.gc.overhead.debug jvm.gc.overhead.info jvm.gc.overhead.warn \
         jvm.gc.refresh_interval jvm.refresh_interval os.refresh_interval process.refresh_interval",
    ),
    (
        "network",
        "bind_host host publish_host server tcp.connect_timeout tcp.keep_alive tcp.keep_count tcp.keep_idle tcp.keep_interval \
         tcp.no_delay tcp.receive_buffer_size tcp.reuse_address tcp.send_buffer_size",
    ),
    (
        "node",
        "attr.shard_indexing_pressure_enabled data enable_lucene_segment_infos_trace id.seed ingest local_storage master \
         max_local_storage_nodes pidfile portsfile processors remote_cluster_client roles search.cache.size store.allow_mmap",
    ),
    (
        "opensearch",
        "experimental.feature.application_templates.enabled experimental.feature.arrow.streams.enabled \
         experimental.feature.extensions.enabled experimental.feature.remote_store.migration.enabled \
         experimental.feature.telemetry.enabled experimental.feature.transport.stream.enabled \
         experimental.feature.writable_warm_index.enabled experimental.optimization.datetime_formatter_caching.enabled \
         experimental.optimization.termversion.precommit.enabled",
    ),
    ("path", "home logs repo shared_data"),
    ("pidfile", ""),
    ("plugin", "mandatory"),
    ("point_in_time", "init.keep_alive"),
    ("processors", ""),
    ("reindex", "remote.allowlist"),
    ("repositories", "fs.chunk_size fs.compress fs.location"),
    ("resource", "reload.enabled reload.interval.high reload.interval.low reload.interval.medium"),
    ("rest", "action.multi.allow_explicit_index"),
    (
        "script",
        "allowed_contexts allowed_types cache.expire cache.max_size disable_max_compilations_rate painless.regex.enabled \
         painless.regex.limit-factor",
    ),
    ("search", "highlight.term_vector_multi_value keep_alive_interval"),
    ("security", "manager.filter_bad_defaults"),
    ("snapshot", "repository_data.cache.threshold"),
    (
        "thread_pool",
        "analyze.queue_size analyze.size estimated_time_interval fetch_shard_started.core fetch_shard_started.keep_alive \
         fetch_shard_started.max fetch_shard_store.core fetch_shard_store.keep_alive fetch_shard_store.max flush.core flush.keep_alive \
         flush.max force_merge.queue_size force_merge.size generic.core generic.keep_alive generic.max get.queue_size get.size \
         grpc.queue_size grpc.size index_searcher.size listener.queue_size listener.size management.core management.keep_alive \
         management.max refresh.core refresh.keep_alive refresh.max remote_purge.core remote_purge.keep_alive remote_purge.max \
         remote_recovery.core remote_recovery.keep_alive remote_recovery.max remote_refresh_retry.core remote_refresh_retry.keep_alive \
         remote_refresh_retry.max remote_state_checksum.queue_size remote_state_checksum.size remote_state_read.queue_size \
         remote_state_read.size search.size search_throttled.size snapshot.core snapshot.keep_alive snapshot.max \
         snapshot_deletion.core snapshot_deletion.keep_alive snapshot_deletion.max stream_search.size system_read.queue_size \
         system_read.size system_write.queue_size system_write.size translog_sync.queue_size translog_sync.size translog_transfer.core \
         translog_transfer.keep_alive translog_transfer.max warmer.core warmer.keep_alive warmer.max write.queue_size write.size",
    ),
    (
        "transport",
        "bind_host compress connect_timeout connections_per_node.bulk connections_per_node.ping connections_per_node.recovery \
         connections_per_node.reg connections_per_node.state host netty.boss_count netty.receive_predictor_max \
         netty.receive_predictor_min netty.receive_predictor_size netty.worker_count ping_schedule port publish_host publish_port \
         ssl.dual_mode.enabled ssl.enforce_hostname_verification ssl.resolve_hostname stream.type.default tcp.compress \
         tcp.connect_timeout tcp.keep_alive tcp.keep_count tcp.keep_idle tcp.keep_interval tcp.no_delay tcp.port \
         tcp.receive_buffer_size tcp.reuse_address tcp.send_buffer_size tcp_no_delay type type.default",
    ),
];

/// Groups of which every member is such a setting.
const DYNAMIC_GROUPS: [&str; 4] = ["cluster.remote.", "plugins.", "script.context.", "search.pipeline."];
const STATIC_GROUPS: [&str; 3] = ["node.attr.", "transport.profiles.", "discovery.zen."];

/// Whether it may be changed at any time; `None` for a name that OpenSearch does not know either.
pub(super) fn is_dynamic(name: &str) -> Option<bool> {
    // A group of one name has nothing after it.
    let (head, rest) = name.split_once('.').unwrap_or((name, ""));
    let listed = |table: &[(&str, &str)]| {
        table.iter().any(|(group, names)| *group == head && names.split(' ').any(|one| one == rest))
    };
    let within = |groups: &[&str]| groups.iter().any(|group| name.starts_with(group));
    if listed(DYNAMIC) || within(&DYNAMIC_GROUPS) {
        return Some(true);
    }
    (listed(STATIC) || within(&STATIC_GROUPS)).then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_whole() {
        assert_eq!(is_dynamic("http.tracer.include"), Some(true));
        assert_eq!(is_dynamic("http.max_content_length"), Some(false));
        assert_eq!(is_dynamic("node.attr.zone"), Some(false));
        assert_eq!(is_dynamic("http.tracer"), None);
        assert_eq!(is_dynamic("http"), None);
        assert_eq!(is_dynamic("processors"), Some(false));
    }
}
