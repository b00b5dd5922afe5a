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

FAULTS = (
    need(
        "trust-chaos",
        "Issue 4, Faults",
        "Whatever is killed, stopped, cut off, delayed, repeated, reordered or filled up while goals run: what was "
        "acknowledged is there once and in order at every member, every group ends, budgets and deadlines are kept.",
        _CHAOS + "test_nothing_is_lost_repeated_reordered_or_stuck_whatever_is_killed",
        _CHAOS + "test_the_proxy_repeats_swaps_holds_and_cuts",
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
        "buses/test_local_bus.py::test_local_bus_keeps_the_contract",
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
    ),
    need(
        "trust-guessing",
        "Issue 4, Security",
        "Who guesses tokens is refused unheard, by address or network, and nobody else is.",
        _TOKENS + "test_an_address_that_guesses_is_refused_unheard_and_others_are_not",
        _TOKENS + "test_one_ipv6_network_is_one_guesser",
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
    ),
)

TRUST = (*FAULTS, *SCALE, *SECURITY, *COMPATIBILITY)
