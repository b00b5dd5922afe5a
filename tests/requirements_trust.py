"""What must hold of a hub that is trusted and shared: durability, faults, security and scale. See `requirements.py`."""

from __future__ import annotations

from tests.requirement import need

_CHECK = "chaos/test_checker.py::"
_CHAOS = "chaos/test_chaos.py::"
_SIM = "simulation/test_simulation.py::"
_TOKENS = "auth/test_tokens.py::"
_CARDS = "threats/test_signed_cards.py::"
_YAML = "threats/test_yaml.py::"
_OLD = "compat/test_logs.py::"
_STORES = "stores/test_store.py::"
_SERVERS = "servers/test_servers.py::"
_POSTGRES = "stores/test_postgres.py::"
_LOST = "stores/test_postgres_faults.py::"
_NATS = "buses/test_nats_bus.py::"
_INDEX = "index/test_contract.py::"
_LARGE = "index/test_large.py::"
_NAMES = "cluster/test_names.py::"
_SEEN = "auth/test_visibility.py::"
_QUOTAS = "auth/test_quotas.py::"
_SHARED = "cluster/test_quotas.py::"
_AUDIT = "auth/test_audit.py::"
_OIDC = "auth/test_oidc.py::"
_TLS = "auth/test_tls.py::"
_BYTES = "threats/test_artifacts.py::"
_SOCKETS = "threats/test_connections.py::"
_ATTACKS = "threats/test_hub_attacks.py::"
_PROXIES = "threats/test_proxies.py::"
_NUL = "threats/test_identifiers.py::"
_KEPT = "hub/test_retention.py::"
_ESCAPES = "threats/test_sandbox_escapes.py::"
_SUPPLY = "threats/test_supply_chain.py::"
_BENCH = "bench/test_hub.py::"

FAULTS = (
    need(
        "trust-chaos",
        "Issue 4, Faults",
        "Whatever is killed, stopped, cut off, delayed, repeated, reordered or filled up while goals run: what was "
        "acknowledged is there once and in order at every member, every group ends, budgets and deadlines are kept.",
        _CHAOS + "test_nothing_is_lost_repeated_reordered_or_stuck_whatever_is_killed",
        _CHAOS + "test_the_proxy_passes_on_repeats_and_swaps",
        _CHAOS + "test_the_proxy_holds_everything_and_cuts",
        "chaos/test_links.py::test_cables_that_are_taken_out_between_hosts_and_hub_lose_nothing",
        _CHAOS + "test_frames_are_found_however_the_bytes_come",
    ),
    need(
        "trust-simulation",
        "Issue 4, Faults",
        "The same holds in simulated worlds with a seeded scheduler and fake time; a broken hub or client is found.",
        _SIM + "test_the_law_holds_whatever_happens_to_hub_clients_disk_wires_and_clocks",
        _SIM + "test_a_hub_or_client_that_breaks_the_law_is_found",
    ),
    need(
        "trust-seeds",
        "Issue 4, Faults",
        "Every history and every schedule of faults can be had again from its seed.",
        _SIM + "test_the_same_seed_gives_the_same_history",
        _CHAOS + "test_the_same_seed_gives_the_same_accidents",
    ),
    need(
        "trust-checker",
        "Issue 4, Faults and Must show 2",
        "The checker finds every kind of violation in the logs alone, and nothing in a good history.",
        _CHECK + "test_a_broken_history_is_found",
        _CHECK + "test_a_group_over_its_budget_is_found",
        _CHECK + "test_every_rule_is_broken_by_some_row",
    ),
    need(
        "trust-replicas",
        "Issue 4, More machines and Must show 2",
        "Replicas over one store may die at any moment: nothing is lost, repeated, reordered or stuck, and what came "
        "too late is not taken for the log.",
        "chaos/test_replicas.py::test_replicas_that_are_killed_one_after_the_other_lose_nothing",
        "chaos/test_replicas.py::test_postgres_and_nats_killed_and_stopped_under_three_replicas_lose_nothing",
        _SIM + "test_the_law_holds_whatever_happens_to_hub_clients_disk_wires_and_clocks",
        "hub/test_group_log.py::test_what_others_wrote_first_is_not_folded_onto_what_was_decided_here",
    ),
    need(
        "trust-own-past",
        "Issue 4, Faults",
        "A client is not ended by a connection of its own that it has given up, at however slow a hub.",
        "hub/test_sessions.py::"
        "test_a_connection_that_came_earlier_and_was_slower_does_not_take_the_place_of_a_later_one",
        "client/test_connection.py::test_a_client_that_has_given_a_connection_up_survives_being_taken_for_it",
    ),
    need(
        "trust-clock",
        "Issue 4, Faults",
        "A clock that is set back makes no wait longer than the whole of it, and gives no nested group more time than "
        "the one above has.",
        "hub/test_deadlines.py::test_a_clock_that_was_set_back_makes_no_wait_longer_than_the_whole_of_it",
        "hub/test_nested.py::test_a_nested_group_has_no_more_time_than_the_one_above_though_the_clock_was_set_back",
    ),
    need(
        "trust-grace",
        "Issue 4, Faults",
        "A hub that is restarted again and again ends its waits all the same: each has the grace of a restart a few "
        "times, and a restart long before its end costs it nothing.",
        "hub/test_deadlines.py::test_a_hub_that_is_restarted_more_often_than_the_grace_ends_its_waits_all_the_same",
        "hub/test_deadlines.py::test_a_start_long_before_a_wait_is_over_takes_nothing_from_its_grace",
    ),
    need(
        "trust-doubt",
        "Issue 4, Faults",
        "PostgreSQL may be killed, hang or lose its answer at any moment of a commit: what was acknowledged is there "
        "once, and what is in doubt is called so.",
        _LOST + "test_a_commit_whose_answer_was_lost_is_acknowledged_and_not_written_again",
        _LOST + "test_a_commit_that_never_arrived_is_written_once_over_the_next_connection",
        _LOST + "test_an_attempt_that_was_given_up_is_not_carried_out_when_it_arrives_late",
        _LOST + "test_kill_9_in_the_middle_of_commits_loses_and_doubles_nothing",
    ),
    need(
        "trust-bus-away",
        "Issue 4, More machines and Faults",
        "NATS may be lost, hang or refuse: it blocks nobody, its return is told, and a lost hint costs time only.",
        _NATS + "test_a_server_that_is_lost_harms_nobody_and_its_return_is_told",
        _NATS + "test_a_server_that_hangs_blocks_no_sender_and_what_it_does_not_take_is_bounded",
        "cluster/test_groups.py::test_deliveries_that_a_replica_missed_the_hint_of_come_with_the_next_look",
    ),
)

REPLICAS = (
    need(
        "trust-cluster-order",
        "Issue 4, More machines",
        "Whoever speaks at whichever replica, a group has one order, and what is sent again elsewhere is the same.",
        "cluster/test_groups.py::test_what_many_say_at_once_at_different_replicas_is_all_said_once_in_one_order",
        "cluster/test_groups.py::test_a_message_sent_again_at_another_replica_is_the_same_message",
        "cluster/test_groups.py::test_who_moves_to_a_replica_that_is_behind_is_judged_by_the_newest_state",
    ),
    need(
        "trust-cluster-resume",
        "Issue 4, More machines",
        "A replica may die at any moment: its agents resume at another and miss nothing, another one leads, and no "
        "budget is overdrawn meanwhile.",
        "cluster/test_goals.py::test_an_agent_whose_replica_died_resumes_at_another_and_has_missed_nothing",
        "cluster/test_goals.py::test_another_replica_leads_when_the_leader_has_died",
        "cluster/test_presence.py::test_the_agents_of_a_replica_that_died_are_away_until_they_connect_again",
        "cluster/test_spending.py::test_no_more_is_granted_than_the_budget_however_many_ask_at_once",
        "cluster/test_kill.py::test_nothing_is_lost_repeated_reordered_or_stuck_while_replicas_are_killed",
    ),
    need(
        "trust-cluster-names",
        "Issue 4, More machines",
        "A replica that lags looks into the store before it refuses an agent or a token that another has taken in.",
        _NAMES + "test_a_goal_names_agents_that_were_registered_at_another_replica",
        _NAMES + "test_a_team_has_members_that_were_registered_at_another_replica",
        _NAMES + "test_an_agent_is_shown_changed_and_removed_at_a_replica_that_has_not_heard_of_it",
        _NAMES + "test_a_token_that_was_made_at_another_replica_is_good_and_can_be_revoked",
        _NAMES + "test_a_hub_alone_reads_nothing_to_refuse_a_name",
    ),
    need(
        "trust-cluster-command",
        "Issue 4, More machines",
        "One command starts replicas, PostgreSQL, NATS and a balancer on one machine, and leaves nothing behind.",
        "cluster/test_try_it.py::test_one_command_starts_a_cluster_that_survives_a_killed_replica_and_leaves_nothing",
        "cluster/test_probes.py::test_a_replica_without_its_store_lives_but_is_not_ready",
    ),
)

SPEED = (
    need(
        "trust-speed-table",
        "Issue 4, Must show 1",
        "One command measures the hub beside bare servers, says of each aim what was found, and writes the same table "
        "from the same figures; every server that is measured delivers every message in order.",
        _BENCH + "test_every_server_delivers_every_message_in_order",
        _BENCH + "test_each_aim_is_told_with_what_was_found",
        _BENCH + "test_results_are_written_as_data_text_and_picture_always_the_same",
        _BENCH + "test_the_committed_text_is_that_of_the_committed_data",
        _BENCH + "test_the_command_says_what_it_takes",
    ),
    need(
        "trust-search-at-size",
        "Issue 4, Discovery at size",
        "Among many agents a search finds what comparing all finds, filters are exact, a new card is found at once by "
        "its words, and what was computed outlives the hub.",
        _LARGE + "test_a_search_among_many_finds_what_comparing_all_finds",
        _LARGE + "test_filters_among_many_are_exact",
        _LARGE + "test_a_card_among_many_is_found_when_it_comes_and_not_when_it_is_gone",
        _LARGE + "test_what_an_index_knows_outlives_it",
        "index/test_embedding.py::test_what_a_store_holds_is_not_computed_again",
    ),
)

SCALE = (
    need(
        "trust-scale",
        "Issue 4, Must show 2",
        "Agents registered and connected by the thousand, and goals with nested teams open at the same time, on one "
        "machine; the checker finds nothing. The test is a hundredth, `python -m bench.scale` is the whole.",
        "bench/test_scale.py::test_goals_with_nested_teams_are_open_at_the_same_time_and_nothing_is_wrong",
    ),
    need(
        "trust-servers",
        "Issue 4, Must show 4",
        "Tests start PostgreSQL and NATS of their own, which can be killed, paused and started again, and which die "
        "with whoever started them.",
        _SERVERS + "test_postgres_keeps_its_data_over_kill_and_stop",
        _SERVERS + "test_postgres_carries_pgvector_where_the_package_does",
        _SERVERS + "test_nats_keeps_its_port_over_kill",
        _SERVERS + "test_servers_die_with_a_process_that_was_killed_and_leave_nothing",
    ),
    need(
        "trust-contracts",
        "Issue 4, Must show 4",
        "The same contract is kept by every maker of a port.",
        _STORES + "test_memory_store_keeps_the_contract",
        _STORES + "test_memory_stores_beside_each_other_keep_the_contract_of_several_writers",
        _STORES + "test_sqlite_store_keeps_the_contract",
        _POSTGRES + "test_postgres_store_keeps_the_contract",
        _POSTGRES + "test_postgres_stores_of_one_database_keep_the_contract_of_several_writers",
        "buses/test_local_bus.py::test_local_bus_keeps_the_contract",
        _NATS + "test_nats_bus_keeps_the_contract",
        _INDEX + "test_in_memory",
        _INDEX + "test_in_memory_with_likely_cards_only",
        _INDEX + "test_in_postgresql_with_pgvector",
        _INDEX + "test_in_milvus",
    ),
    need(
        "trust-migrations",
        "Issue 4, More machines",
        "A database of an older release is brought forward, once, beside a program that runs; a newer one is refused.",
        _POSTGRES + "test_replicas_that_start_together_bring_the_database_forward_once",
        _POSTGRES + "test_an_older_database_is_brought_forward_beside_a_program_that_runs",
        _POSTGRES + "test_a_database_that_needs_a_newer_program_is_refused_with_the_remedy",
        _STORES + "test_an_older_database_is_brought_forward_step_by_step",
    ),
)

SECURITY = (
    need(
        "trust-tokens",
        "Issue 4, Security",
        "Tokens have a scope, can be several, are rotated and revoked, and what is open ends with them.",
        _TOKENS + "test_a_new_token_works_beside_the_old_one_and_is_listed_without_its_secret",
        _TOKENS + "test_a_connection_ends_with_its_token_and_is_told_why",
        _TOKENS + "test_a_token_revoked_while_its_connection_is_being_welcomed_does_not_slip_through",
        _TOKENS + "test_tokens_are_known_after_a_restart_and_so_is_their_end",
        _TOKENS + "test_who_may_make_which_tokens",
        _TOKENS + "test_a_replica_learns_of_tokens_that_another_has_made_and_ended",
        _NAMES + "test_a_connection_ends_with_its_token_or_agent_at_whichever_replica_that_ended",
    ),
    need(
        "trust-guessing",
        "Issue 4, Security",
        "Who guesses tokens is refused unheard, by address or network, and nobody else is.",
        _TOKENS + "test_an_address_that_guesses_is_refused_unheard_and_others_are_not",
        _TOKENS + "test_one_ipv6_network_is_one_guesser",
    ),
    need(
        "trust-proxies",
        "Issue 4, Security",
        "Where a client is, its proxy says if it is trusted, for requests and sockets; nobody else chooses an address.",
        _PROXIES + "test_an_address_that_is_not_trusted_gains_nothing_by_forging_another",
        _PROXIES + "test_behind_a_trusted_proxy_each_client_has_its_own_address_and_cannot_choose_it",
    ),
    need(
        "trust-signed-cards",
        "Issue 4, Security",
        "A card signed with Ed25519 is held to its name's first key, checked by whoever is shown it, and told apart.",
        _CARDS + "test_a_signature_holds_for_its_card_and_for_no_other",
        _CARDS + "test_a_name_is_held_to_its_first_key_until_the_owner_rotates_it",
        _CARDS + "test_a_wrong_signature_is_refused_at_registration_and_over_the_socket",
        _CARDS + "test_a_client_does_not_believe_a_hub_that_calls_a_forged_card_verified",
        _CARDS + "test_unsigned_cards_are_welcome_and_searches_tell_them_apart",
    ),
    need(
        "trust-attacks",
        "Issue 4, Must show 3",
        "Each attack of the threat model names its tests and the code that answers it, and every test of a threat is "
        "in the document.",
        "threats/test_security_document.py::test_every_attack_names_a_test_and_code_that_exists",
        "threats/test_security_document.py::test_every_test_of_a_threat_is_in_the_document",
    ),
    need(
        "trust-impersonation",
        "Issue 4, Must show 3",
        "Nobody speaks for another or for the hub, reads what is another's, or gains by playing a frame again; what "
        "cards and messages say is data.",
        _ATTACKS + "test_nobody_speaks_for_another_or_for_the_hub",
        _ATTACKS + "test_another_user_reads_nothing",
        _ATTACKS + "test_a_frame_that_is_played_again_changes_nothing",
        _ATTACKS + "test_what_cards_and_messages_say_is_data",
        _ATTACKS + "test_many_agents_of_one_user_are_bounded_and_take_no_name_of_others",
    ),
    need(
        "trust-identifiers",
        "Issue 4, Must show 3",
        "An identifier that an engine cannot hold is refused by name, or names nothing, on every engine alike.",
        _NUL + "test_paths_and_queries_with_a_nul_name_nothing",
        _NUL + "test_frames_with_a_nul_in_an_identifier_are_refused_with_its_field",
        _NUL + "test_a_nul_in_a_text_is_kept",
    ),
    need(
        "trust-exhaustion",
        "Issue 4, Must show 3",
        "Slow, silent, half-open, too many and compressed: connections made to exhaust the hub end, and others go on.",
        _SOCKETS + "test_slowloris_is_cut_off",
        _SOCKETS + "test_sockets_that_never_say_hello_are_closed",
        _SOCKETS + "test_a_reader_that_does_not_read_its_answer_is_cut_off",
        _SOCKETS + "test_more_connections_than_allowed_are_turned_away_and_those_there_stay",
        _SOCKETS + "test_compressed_bodies_are_not_unpacked",
    ),
    need(
        "trust-visibility",
        "Issue 4, Security",
        "Who may not see an agent finds, names and recruits it as little as a name that nobody has.",
        _SEEN + "test_a_search_finds_what_the_searchers_user_may_see_and_nothing_else",
        _SEEN + "test_over_http_hidden_agents_are_answered_for_like_names_that_nobody_has",
        _SEEN + "test_a_goal_is_offered_to_agents_that_its_user_may_see",
        _SEEN + "test_a_team_is_made_of_agents_that_the_launcher_sees_or_the_user_has_fixed",
        _SEEN + "test_a_nested_team_keeps_to_what_may_be_seen_and_to_the_fixed_team",
    ),
    need(
        "trust-quotas",
        "Issue 4, Security",
        "Users, agents, goals and groups have quotas, which operators change, and a full group can still end.",
        _QUOTAS + "test_a_user_has_so_many_open_goals_and_gives_so_many_an_hour",
        _QUOTAS + "test_an_agent_says_so_much_an_hour_however_often_it_connects",
        _QUOTAS + "test_a_goal_has_so_many_groups_and_a_repeated_launch_is_no_new_one",
        _QUOTAS + "test_a_full_group_can_still_end",
        _QUOTAS + "test_model_calls_are_paid_for_up_to_the_users_quota_of_the_day",
        _QUOTAS + "test_an_operator_gives_a_user_quotas_of_its_own_which_last",
        _QUOTAS + "test_what_is_asked_for_at_once_is_counted_before_it_is_written",
        _QUOTAS + "test_what_is_kept_back_for_calls_counts_until_they_are_told",
    ),
    need(
        "trust-quotas-shared",
        "Issue 4, More machines and Security",
        "What a user has is counted over all replicas together, however many are asked at once, and quotas that are "
        "changed hold at all of them.",
        _SHARED + "test_a_user_has_so_many_open_goals_however_many_replicas_are_asked_at_once",
        _SHARED + "test_a_user_has_so_many_agents_however_many_replicas_are_asked_at_once",
        _SHARED + "test_files_fill_what_a_user_may_store_wherever_they_are_uploaded",
        _SHARED + "test_postgres_lets_no_more_in_than_a_user_may_have",
        _SHARED + "test_quotas_that_an_operator_changes_hold_at_every_replica",
    ),
    need(
        "trust-audit",
        "Issue 4, Security",
        "Acts are written down with who, what and from where, in a chain that shows what was taken away; no secret is "
        "in logs, errors, answers or the store.",
        _AUDIT + "test_acts_are_written_down_with_who_what_and_from_where",
        _AUDIT + "test_what_is_changed_or_taken_away_shows_over_restarts",
        _AUDIT + "test_no_secret_is_in_logs_errors_answers_representations_or_the_store",
    ),
    need(
        "trust-retention",
        "Issue 4, More machines",
        "What nobody asks for any more goes after a while, caches are bounded, and evidence stays whole.",
        _KEPT + "test_tokens_that_ended_and_their_ends_go_after_a_month_and_others_stay",
        _KEPT + "test_word_of_what_was_removed_goes_a_day_after_all_have_come_past_it",
        _KEPT + "test_of_several_replicas_one_sweeps_and_all_forget",
        "adapters/test_store_vectors.py::test_a_cache_that_is_full_forgets_some_and_grows_no_more",
    ),
    need(
        "trust-oidc",
        "Issue 4, Security",
        "Tokens of an identity provider are believed for the right key, audience and time only.",
        _OIDC + "test_a_good_token_names_its_user_and_its_end",
        _OIDC + "test_a_token_with_a_wrong_claim_is_refused",
        _OIDC + "test_unsigned_tokens_and_those_signed_with_the_public_key_as_a_secret_are_refused",
        _OIDC + "test_keys_are_asked_for_again_in_time_and_serve_on_while_the_provider_is_away",
    ),
    need(
        "trust-tls",
        "Issue 4, Security",
        "TLS has sane defaults, and a client's certificate says who is asking.",
        _TLS + "test_a_hub_speaks_tls_1_2_and_newer_with_forward_secrecy",
        _TLS + "test_a_certificate_says_who_is_asking_over_http_and_on_a_socket",
        _TLS + "test_a_hub_may_talk_to_nobody_without_a_certificate_of_its_authority",
    ),
    need(
        "trust-sandbox",
        "Issue 4, Security",
        "Attempts to leave the sandbox fail: rights, devices, sockets, processes, memory, files and time.",
        _ESCAPES + "test_no_system_call_gives_rights_or_devices",
        _ESCAPES + "test_only_its_own_processes_can_be_seen_read_or_signalled",
        _ESCAPES + "test_no_kind_of_socket_reaches_the_machine",
        _ESCAPES + "test_memory_that_is_shared_counts_too",
        _ESCAPES + "test_ignoring_signals_and_stopping_oneself_do_not_outlast_the_time",
    ),
    need(
        "trust-files",
        "Issue 4, Security",
        "Files are kept under the digest of their bytes, shown as what they are, never run, and read by whom they are "
        "for.",
        _BYTES + "test_files_are_kept_under_the_digest_of_their_bytes_and_cannot_be_run",
        _BYTES + "test_a_type_that_the_content_contradicts_is_replaced",
        _BYTES + "test_what_a_browser_would_run_is_served_as_a_download_without_rights",
        _BYTES + "test_knowing_a_digest_is_not_enough",
    ),
    need(
        "trust-supply-chain",
        "Issue 4, Security",
        "What the lock names is audited and listed in a bill of materials, and each kind of bad package is found.",
        _SUPPLY + "test_the_lock_passes_the_audit_and_the_audit_says_what_it_did",
        _SUPPLY + "test_each_kind_of_bad_package_is_found",
        _SUPPLY + "test_the_bill_of_materials_holds_every_locked_package_and_is_always_the_same",
    ),
    need(
        "trust-fuzzing",
        "Issue 4, Must show 3",
        "Fuzzing of codec, HTTP API and YAML finds nothing; YAML that unfolds or contains itself is refused.",
        "threats/test_fuzz.py::test_fuzzing_finds_nothing",
        _YAML + "test_what_unfolds_runs_or_breaks_a_reader_is_refused",
        _YAML + "test_an_agent_file_with_a_bomb_in_a_field_is_refused_at_once",
    ),
)

COMPATIBILITY = (
    need(
        "trust-first-version",
        "Issue 4, Must show 5",
        "Logs and journals of the first landed version are read by today's hub and clients; its clients are served.",
        _OLD + "test_todays_hub_shows_the_goals_of_the_first_landed_version",
        _OLD + "test_todays_law_judges_every_entry_of_the_old_logs_as_it_was_judged",
        _OLD + "test_todays_clients_go_on_with_their_old_journals",
        _OLD + "test_old_clients_go_on_with_their_journals_at_todays_hub",
        "compat/test_versions.py::test_recorded_old_clients_are_served_and_understand_every_answer",
    ),
)

TRUST = (*FAULTS, *REPLICAS, *SPEED, *SCALE, *SECURITY, *COMPATIBILITY)
