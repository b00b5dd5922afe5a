"""What must hold of the hub, of discovery, of the client, and of security. See `requirements.py`."""

from __future__ import annotations

from tests.requirement import need

_BREAKS = "hub/test_breakages.py::"
_GOALS = "hub/test_goals.py::"
_LEDGER = "hub/test_ledger.py::"
_SESSIONS = "hub/test_sessions.py::"
_LATE = "hub/test_deadlines.py::"
_NESTED = "hub/test_nested.py::"
_REGISTRY = "hub/test_registry_and_query.py::"
_HTTP = "hub/test_http_errors.py::"
_SAFE = "hub/test_security.py::"
_STORE = "stores/test_store.py::"
_HYBRID = "index/test_hybrid.py::"
_RANKING = "index/test_ranking.py::"
_WIRE = "client/test_connection.py::"
_TASKS = "client/test_tasks.py::"
_TURNS = "client/test_communication.py::"
_TEAMS = "client/test_team_formation.py::"
_CONTACTS = "client/test_contacts.py::"
_RESTART = "client/test_restart.py::"
_JOURNAL = "client/test_journal.py::"
_REAL = "client/test_with_real_hub.py::"
_FILES = "client/test_http_artifacts.py::"

HUB = (
    need(
        "hub-path",
        "Issue 2, The network",
        "A goal goes in, an agent is asked, a team forms, and the answer comes out, over HTTP and sockets.",
        "hub/test_http.py::test_a_goal_from_registration_to_its_last_event",
        "hub/test_conversation.py::test_a_goal_is_offered_launched_worked_on_and_concluded",
        _REAL + "test_a_goal_with_a_search_two_agents_and_a_file",
    ),
    need(
        "hub-initiator",
        "Paper, A.1 and A.3.3",
        "The agent there that fits a goal best forms its team; if it does not, the next best is asked.",
        _GOALS + "test_the_online_agent_that_fits_all_clauses_best_is_asked",
        _GOALS + "test_the_named_initiator_is_asked_and_nobody_else",
        _GOALS + "test_if_the_best_does_nothing_the_next_best_is_asked_and_a_late_one_refused",
        _GOALS + "test_after_all_who_are_there_have_failed_the_goal_fails",
        _GOALS + "test_a_goal_waits_until_somebody_comes",
    ),
    need(
        "hub-fixed-team",
        "Issue 2, Command line",
        "A goal with a fixed team is worked on by that team only.",
        _GOALS + "test_a_fixed_team_is_kept",
        _REAL + "test_a_fixed_team_is_launched_as_it_is",
    ),
    need(
        "hub-durable",
        "docs/design.md, Delivery and durability",
        "Every accepted message is durable before anyone receives it; what the disk refuses has not happened.",
        _LEDGER + "test_nobody_receives_what_is_not_durable_yet",
        _LEDGER + "test_a_full_disk_refuses_the_sender_and_leaves_the_group_as_the_log_has_it",
        _LEDGER + "test_what_was_judged_on_top_of_a_failed_change_is_judged_afresh",
        _STORE + "test_what_was_reported_committed_survives_kill_9",
        _STORE + "test_sqlite_store_keeps_the_contract",
        _STORE + "test_memory_store_keeps_the_contract",
    ),
    need(
        "hub-restart",
        "Issue 2, Must show 5",
        "A hub that was killed goes on where it was: groups, goals, waits, agents and their tokens.",
        _LEDGER + "test_a_restart_in_the_middle_of_a_conversation_keeps_everything",
        _LATE + "test_waits_go_on_after_a_restart_with_some_grace",
        _GOALS + "test_goals_survive_a_restart_and_are_offered_again",
        _REGISTRY + "test_agents_tokens_cards_and_contacts_survive_a_restart",
        "processes/test_kill.py::test_kill_9_at_random_points_changes_nothing",
    ),
    need(
        "hub-delivery",
        "docs/design.md, Delivery and durability",
        "Who was away gets what it missed, in order and once, while new messages arrive.",
        _BREAKS + "test_missed_messages_are_delivered_on_return_in_order_and_once",
        _SESSIONS + "test_a_long_replay_keeps_order_while_new_messages_arrive",
        _SESSIONS + "test_a_cursor_from_another_hub_begins_anew",
    ),
    need(
        "hub-idempotent",
        "docs/design.md, Delivery and durability",
        "A repeated message, launch or request is answered as the first time and counts once.",
        _BREAKS + "test_a_repeated_post_is_answered_as_the_first_and_written_once",
        _NESTED + "test_repeating_the_request_gives_the_same_group_and_keeps_no_further_turns",
        _HTTP + "test_the_same_request_with_its_key_is_one_goal_and_one_interjection",
        _GOALS + "test_the_same_goal_twice_is_one_goal",
    ),
    need(
        "hub-slow-consumers",
        "docs/design.md, Delivery and durability",
        "Whoever does not read, acknowledge or live is closed with a code, and holds up nobody.",
        _SESSIONS + "test_a_stalled_reader_holds_up_nobody_and_is_closed",
        _SESSIONS + "test_a_client_that_does_not_acknowledge_is_closed_and_resumes",
        _SESSIONS + "test_no_more_than_a_window_is_sent_ahead_of_acknowledgements",
        _SESSIONS + "test_a_silent_client_is_asked_and_after_a_minute_given_up",
    ),
    need(
        "hub-deadlines",
        "docs/design.md, The law of the core",
        "No floor, task or group is waited for without end.",
        _LATE + "test_a_member_that_does_not_speak_loses_the_floor_to_the_next",
        _LATE + "test_a_task_without_result_fails_and_the_floor_returns",
        _LATE + "test_a_group_where_nobody_speaks_is_concluded_by_the_hub",
        _LATE + "test_a_group_past_its_time_gets_a_digest_of_what_was_found",
    ),
    need(
        "hub-nested",
        "Paper, 2.3.2, Nested Team Structure",
        "A nested group is noted above, bounded by its tree, ends with its task, and its conclusion is the result.",
        _NESTED + "test_a_nested_group_is_noted_above_and_its_conclusion_is_the_tasks_result",
        _NESTED + "test_a_nested_group_ends_with_its_task",
        _NESTED + "test_a_tree_never_gets_more_turns_than_its_goal_has",
        _NESTED + "test_a_nested_group_has_no_more_time_than_remains_above",
        _NESTED + "test_who_may_nest_and_how_deep",
    ),
    need(
        "hub-cancel",
        "Issue 2, Command line",
        "Cancelling ends the goal and all its groups, also one that still waits.",
        _GOALS + "test_cancelling_ends_the_goal_and_its_groups",
        _GOALS + "test_cancelling_a_goal_that_waits_leaves_nothing_to_launch",
    ),
    need(
        "hub-http",
        "Issue 2, Hub",
        "The HTTP API is described by OpenAPI, paged, and says what would mend a bad request.",
        _HTTP + "test_a_bad_request_is_answered_with_what_would_mend_it",
        _HTTP + "test_lists_run_over_pages_without_gaps_or_repeats",
        _HTTP + "test_openapi_describes_every_route_and_nothing_else",
    ),
    need(
        "hub-files",
        "Issue 2, Agents that do real work",
        "Files travel through the hub unchanged, by digest, within a size limit.",
        "hub/test_http.py::test_files_go_in_and_come_out_unchanged",
        _HTTP + "test_a_file_over_the_limit_is_refused_and_leaves_nothing",
        _FILES + "test_a_file_goes_up_and_comes_down_the_same",
        _FILES + "test_damaged_and_overlong_bytes_are_not_kept",
    ),
)

DISCOVERY = (
    need(
        "discovery-search",
        "Paper, A.3.3, Agent Query Block",
        "`search_agent` finds per phrase the best agents, filtered before the cut, never the searcher itself.",
        _REGISTRY + "test_search_finds_per_phrase_best_first_and_never_the_searcher",
        _REGISTRY + "test_filters_apply_before_the_cut",
        _REGISTRY + "test_members_of_the_team_are_scored_even_past_the_limit",
    ),
    need(
        "discovery-fresh",
        "Issue 2, Hub",
        "A card is found as soon as it is registered, by its newest text, and not after its removal.",
        _HYBRID + "test_a_new_card_is_found_by_the_next_search",
        _HYBRID + "test_a_changed_card_is_found_by_its_new_text_only",
        _HYBRID + "test_a_removed_card_is_gone_and_unknown_names_are_ignored",
    ),
    need(
        "discovery-ranking",
        "Issue 2, Must show 9",
        "Words and meaning together rank at least as well as the better of both, with one setting for all sets.",
        _RANKING + "test_the_small_set_is_ranked_better_than_by_words_or_meaning_alone",
        _RANKING + "test_each_shared_set_is_ranked_as_well_as_by_the_better_of_words_and_meaning",
        _RANKING + "test_the_committed_result_of_the_whole_sets_meets_the_requirement",
    ),
    need(
        "discovery-newcomer",
        "Issue 2, Must show 9",
        "Whether a sub-task needs somebody new is decided right.",
        _RANKING + "test_alone_or_team_is_decided_right",
    ),
)

CLIENT = (
    need(
        "client-connection",
        "Issue 2, Client",
        "The client reconnects for ever with growing waits, and resumes; only a final refusal ends it.",
        _WIRE + "test_it_reconnects_for_ever_and_waits_longer_each_time_up_to_a_limit",
        _WIRE + "test_a_hub_that_does_not_want_the_client_ends_it_with_a_clear_error",
        _WIRE + "test_a_post_is_sent_until_it_is_answered_and_counts_once",
        _WIRE + "test_a_wire_that_loses_and_repeats_delivers_each_entry_once_and_in_order",
    ),
    need(
        "client-formation",
        "Paper, A.2.3, Team Formation Module",
        "A team is formed within ten tool calls, by the policy where it decides and by what was found where it fails.",
        _TEAMS + "test_a_policy_that_searches_for_ever_is_forced_to_launch_at_the_tenth_call",
        _TEAMS + "test_launching_nobody_means_alone",
        _TEAMS + "test_a_policy_without_a_decision_launches_the_best_that_was_found",
        _TEAMS + "test_a_repeated_offer_is_formed_once_and_one_interrupted_is_formed_again",
    ),
    need(
        "client-turns",
        "Paper, 2.3.3",
        "A client decides its own turns, afresh when the log has moved on, and says something safe without a decision.",
        _TURNS + "test_a_decision_is_cancelled_when_the_floor_moves_on",
        _TURNS + "test_a_refused_turn_is_decided_again_with_the_refusal_noted",
        _TURNS + "test_after_three_refused_decisions_the_initiator_concludes_with_what_there_is",
        _TURNS + "test_a_policy_that_takes_too_long_is_cut_off_before_the_turn_is_lost",
    ),
    need(
        "client-brief",
        "Issue 2, Client",
        "An assignee rewrites its task before its agent sees it, and the group sees how.",
        _TASKS + "test_the_agent_gets_the_brief_and_the_group_sees_it",
        _TASKS + "test_without_a_brief_the_task_goes_to_the_agent_as_it_was_assigned",
    ),
    need(
        "client-tasks",
        "Issue 2, Client",
        "Several tasks run at once within a limit; whatever goes wrong in an agent fails its task with the reason.",
        _TASKS + "test_several_tasks_run_at_once_but_not_more_than_allowed",
        _TASKS + "test_an_agent_that_goes_wrong_fails_its_task_with_the_reason",
        _TASKS + "test_an_agent_that_hangs_is_stopped_a_little_before_the_deadline",
        _TASKS + "test_progress_is_throttled_and_the_latest_wins",
    ),
    need(
        "client-cancel",
        "Issue 2, Client",
        "Cancellation reaches the running agent.",
        _TASKS + "test_cancelling_a_task_reaches_the_agent_at_once",
        _TASKS + "test_cancelling_a_task_ends_the_team_and_its_agents",
        _REAL + "test_a_goal_is_cancelled_and_the_agent_stops",
    ),
    need(
        "client-contacts",
        "Paper, A.2.2, Agent Contact Module",
        "After each task its assignees are evaluated, once, durably, and the contacts are published.",
        _CONTACTS + "test_after_each_task_its_assignees_are_evaluated",
        _CONTACTS + "test_contacts_outlive_a_restart_and_are_counted_once_when_the_log_comes_again",
        _CONTACTS + "test_contacts_are_published_once_for_many_changes",
    ),
    need(
        "client-restart",
        "Issue 2, Must show 5",
        "A client killed at any write goes on when it is started again; an unknown end is said to be unknown.",
        _RESTART + "test_killed_at_every_write_and_started_again",
        _RESTART + "test_a_run_of_which_nobody_knows_the_end_is_unknown",
        _RESTART + "test_an_idempotent_agent_gets_its_task_again_under_the_same_identifier",
        _RESTART + "test_a_result_that_was_not_yet_accepted_is_sent_again_and_not_computed_again",
        "processes/test_kill.py::test_a_task_that_may_have_run_and_is_not_idempotent_ends_unknown",
    ),
    need(
        "client-journal",
        "Issue 2, Client",
        "Contacts, groups and tasks are in a file of the client's own, which no other client may use.",
        _JOURNAL + "test_what_was_stored_is_there_after_the_file_is_opened_again",
        _JOURNAL + "test_a_second_client_on_the_same_file_is_refused",
        _JOURNAL + "test_the_journal_of_another_agent_is_refused",
    ),
)

SECURITY = (
    need(
        "security-loopback",
        "Issue 2, Security from the first day",
        "A hub on loopback makes its user's token; one that others can reach does not start without users.",
        _SAFE + "test_the_local_users_token_is_made_once_and_only_for_its_owner",
        _SAFE + "test_a_hub_that_others_can_reach_needs_users",
        _SAFE + "test_a_wrong_setting_is_named_with_its_value_and_remedy",
    ),
    need(
        "security-tokens",
        "Issue 2, Security from the first day",
        "Tokens are stored hashed, shown once, and found in no log.",
        _SAFE + "test_tokens_are_stored_hashed_only",
        _SAFE + "test_logs_hold_no_tokens_and_no_escape_codes",
        _SAFE + "test_settings_do_not_show_tokens",
        _HTTP + "test_every_operation_but_health_needs_a_token",
    ),
    need(
        "security-identity",
        "Issue 2, Security from the first day",
        "The connection's identity is the sender, and a name cannot be taken over.",
        _BREAKS + "test_the_sender_is_checked",
        _BREAKS + "test_a_second_connection_with_a_wrong_token_is_refused_and_the_first_stays",
        _REGISTRY + "test_only_a_rotation_by_the_owner_gives_a_new_token_and_ends_the_old_one",
        _REGISTRY + "test_the_name_of_a_removed_agent_stays_its_owners",
        _REGISTRY + "test_of_many_who_want_one_name_at_once_one_gets_it",
    ),
    need(
        "security-membership",
        "Issue 2, Security from the first day",
        "Members read and write their groups only, users see their own goals, files go to who needs them.",
        _BREAKS + "test_a_stranger_can_neither_write_nor_learn_about_a_group",
        _HTTP + "test_everybody_sees_and_changes_only_what_is_theirs",
        _HTTP + "test_files_are_for_their_uploader_and_the_groups_that_use_them",
    ),
    need(
        "security-limits",
        "Issue 2, Security from the first day",
        "Size, rate and number of frames, bodies, connections and registrations are bounded.",
        _SESSIONS + "test_a_flood_is_refused_with_too_fast_and_a_stubborn_one_closed",
        _SESSIONS + "test_a_frame_that_is_too_large_closes_the_connection_with_1009",
        _SESSIONS + "test_the_hub_takes_no_more_connections_than_it_may",
        _REGISTRY + "test_registrations_are_bounded_in_rate_and_number",
        _HTTP + "test_a_body_that_dawdles_is_given_up",
    ),
    need(
        "security-pages",
        "docs/design.md, Trust",
        "Pages of other sites cannot use a hub on loopback through their visitor's browser.",
        _HTTP + "test_other_sites_and_other_host_names_are_turned_away",
    ),
    need(
        "security-data",
        "Issue 2, Security from the first day",
        "Names and descriptions are data in filters, file names and on terminals.",
        _BREAKS + "test_a_quote_in_a_name_or_filter_changes_no_filter",
        _FILES + "test_names_of_strangers_stay_in_their_folder",
        "cli/test_terminal.py::test_text_of_strangers_can_do_nothing_to_a_terminal",
        "cli/test_run.py::test_what_agents_say_can_do_nothing_to_the_terminal",
    ),
    need(
        "security-outgoing",
        "docs/design.md, Trust",
        "Calls to addresses that others supplied refuse private ranges unless allowed.",
        "agents/test_remote.py::test_private_addresses_are_refused_whatever_the_name",
        "agents/test_remote.py::test_loopback_urls_are_refused_before_anything_is_sent",
    ),
    need(
        "security-sandbox",
        "Issue 2, Agents that do real work",
        "Code runs without network, outside files or tokens, with limits on time, memory, processes and output.",
        "agents/test_sandbox.py::test_no_network",
        "agents/test_sandbox.py::test_no_file_outside_is_read_or_written",
        "agents/test_sandbox.py::test_no_token_of_the_environment_is_seen",
        "agents/test_sandbox.py::test_a_fork_bomb_is_bounded",
        "agents/test_sandbox.py::test_memory_is_bounded",
        "agents/test_sandbox.py::test_endless_output_is_bounded",
        "agents/test_sandbox.py::test_the_timeout_kills_the_whole_tree_even_what_left_its_group",
        "agents/test_sandbox.py::test_without_bubblewrap_it_says_what_it_does_not_protect_from",
    ),
)
