"""What must hold of models, tools and their costs; see `requirements.py`."""

from __future__ import annotations

from tests.requirement import need

_SPENDING = "hub/test_spending.py::"
_POLICY = "models/test_model_policy.py::"
_NETWORK = "models/test_minds_network.py::"
_FAULTS = "models/test_minds_faults.py::"
_MIND = "models/test_mind.py::"
_METERED = "models/test_metered.py::"
_TAPE = "models/test_tape.py::"
_PRICES = "models/test_prices.py::"
_NAMING = "models/test_naming.py::"
_PROBE = "models/test_probe.py::"
_WEB = "tools/test_web_client.py::"
_TRACE = "telemetry/"
_FILES = "tools/test_files_kinds.py::"

MINDS = (
    need(
        "minds-whole-path",
        "Issue 3, Must show 1",
        "ReAct agents driven by a model find each other, nest a team, work side by side, pause; costs are as counted.",
        _NETWORK + "test_a_goal_with_discovery_nested_team_async_tasks_and_pause_costs_what_the_server_counted",
    ),
    need(
        "minds-faults",
        "Issue 3, Must show 2",
        "Whatever goes wrong with a model at any decision, the goal ends with a conclusion and within its budgets.",
        _FAULTS + "test_a_goal_ends_whatever_always_goes_wrong_at_one_decision",
        _FAULTS + "test_what_goes_wrong_once_is_made_good",
        _FAULTS + "test_without_a_fault_every_kind_of_decision_is_asked_for",
    ),
    need(
        "minds-law",
        "Issue 3, The model policy",
        "Only what the law allows now is offered; an illegal answer goes back with the reason, then the rules decide.",
        _POLICY + "test_only_what_the_law_allows_is_offered",
        _POLICY + "test_an_illegal_turn_goes_back_with_the_reason_and_the_second_answer_counts",
        _POLICY + "test_after_two_repairs_the_rules_take_this_one_decision_and_say_so",
        _POLICY + "test_a_team_is_formed_of_agents_that_were_found_and_of_no_others",
    ),
    need(
        "minds-decisions",
        "Issue 3, The model policy",
        "Triggers, plans, briefs and results on demand are decisions of their own.",
        _POLICY + "test_a_pause_on_several_tasks_asks_which_of_them",
        _POLICY + "test_a_plan_is_made_once_stands_in_the_log_and_can_be_rewritten",
        _POLICY + "test_the_brief_comes_with_messages_and_results_that_exist",
        _POLICY + "test_a_long_result_is_read_in_full_on_demand",
    ),
    need(
        "minds-fence",
        "design.md, Trust",
        "What other agents and cards say is data in a prompt and cannot leave its fence.",
        _POLICY + "test_what_others_say_cannot_leave_its_fence",
    ),
    need(
        "minds-window",
        "Issue 3, Context that never overflows",
        "A log of ten thousand messages fits the model's window, and its older part is summarised once.",
        _POLICY + "test_a_log_of_ten_thousand_messages_fits_the_window_and_is_summarised_once",
    ),
    need(
        "minds-any-model",
        "Issue 3, Minds",
        "Every service gives typed decisions, also models without tools or structured output.",
        _MIND + "test_every_service_gives_a_typed_decision_counted_to_the_token",
        _MIND + "test_a_model_without_tools_and_structured_output_answers_in_text",
        _MIND + "test_a_server_that_rejects_structured_output_is_asked_for_json_in_text_from_then_on",
        _NAMING + "test_a_model_string_names_service_model_and_address",
        _NAMING + "test_the_environment_offers_what_it_has_keys_for_and_shows_none",
        _PROBE + "test_what_is_wrong_is_said_in_words_after_one_call",
    ),
    need(
        "minds-budget",
        "Issue 3, Cost and limits",
        "A call that would exceed the goal's budget is refused before it is made, over the whole tree.",
        _SPENDING + "test_what_would_exceed_a_budget_is_refused_before_the_call",
        _SPENDING + "test_a_call_is_granted_then_told_and_stands_in_the_goals_account",
        _SPENDING + "test_told_twice_counts_once_also_after_a_restart_of_the_hub",
        _SPENDING + "test_only_members_spend_and_nobody_after_the_conclusion",
        _FAULTS + "test_a_spent_budget_ends_the_goal_with_what_there_is_and_says_so",
        _METERED + "test_a_call_beyond_the_budget_is_not_made",
        _PRICES + "test_published_prices_are_known_without_the_network",
    ),
    need(
        "minds-retries",
        "Issue 3, Cost and limits",
        "Only what can succeed on retry is tried again; a wrong key fails at once.",
        _METERED + "test_what_can_pass_is_tried_again_and_each_attempt_is_a_call",
        _METERED + "test_what_cannot_pass_fails_at_once_in_words",
        _MIND + "test_a_model_that_cannot_be_reached_is_left_alone_for_a_while",
    ),
    need(
        "minds-replay",
        "Issue 3, Record and replay",
        "A recorded run is played again without a model; a changed prompt is told with the difference.",
        _NETWORK + "test_a_recorded_run_is_played_again_without_a_model",
        _NETWORK + "test_a_changed_prompt_is_told_with_the_difference_and_the_rules_go_on",
        _TAPE + "test_a_run_is_replayed_without_a_model_in_any_order_with_its_usage",
    ),
    need(
        "minds-damper",
        "Issue 3, Repetition damper",
        "Who repeats what was said is told once, then the group moves on; what is new is never held back.",
        "damper/test_policy.py::test_the_speaker_is_told_once_and_may_say_something_else",
        "damper/test_policy.py::test_who_repeats_again_while_tasks_run_is_paused",
        "damper/test_conversations.py::test_who_fails_to_pause_is_paused",
        "damper/test_pairs.py::test_a_turn_that_says_something_new_passes",
    ),
    need(
        "minds-telemetry",
        "Issue 3, Must show 4",
        "A goal is one trace across hub, clients and agents, and nothing of it is loaded where it is not wanted.",
        _TRACE + "test_one_trace.py::test_a_goal_with_a_nested_team_is_one_trace_that_says_what_log_and_account_say",
        _TRACE
        + "test_processes.py::test_a_hub_in_another_process_and_clients_over_sockets_share_the_trace_of_the_caller",
        _TRACE + "test_switch.py::test_without_the_variables_nothing_of_opentelemetry_is_imported",
    ),
    need(
        "minds-trajectory",
        "Issue 3, Must show 3",
        "A run's log becomes a readable transcript and a trajectory of a documented form.",
        "cli/test_trajectory.py::test_a_finished_goal_with_a_nested_team_becomes_a_transcript_and_a_trajectory",
        "cli/test_trajectory.py::test_the_fields_of_the_format_are_as_promised",
    ),
    need(
        "tools-web",
        "Issue 3, ReAct agents with tools",
        "Network tools go through one client with limits, robots and a guard against private addresses.",
        _WEB + "test_a_private_address_is_refused_before_anything_is_sent",
        _WEB + "test_a_name_that_answers_differently_the_second_time_gains_nothing",
        _WEB + "test_a_redirect_to_a_private_address_is_refused",
        _WEB + "test_a_body_larger_than_the_limit_is_left_whatever_its_length_says",
        "tools/test_web_robots.py::test_a_page_that_is_closed_to_programs_is_not_fetched_and_others_are",
    ),
    need(
        "tools-files",
        "Issue 3, ReAct agents with tools",
        "Files of fifteen kinds and more become text; hostile ones cost an error.",
        _FILES + "test_at_least_fifteen_kinds_are_read",
        _FILES + "test_each_kind_becomes_text",
        "tools/test_files_hostile.py::test_a_file_that_ends_the_process_is_blamed_and_the_others_are_read",
    ),
    need(
        "tools-others",
        "Issue 3, ReAct agents with tools",
        "Passages, SQL, code and the tools of MCP servers can be used, and ours are offered over MCP.",
        "tools/test_rag.py::test_an_answer_is_found_in_any_kind_of_file_with_its_citation",
        "tools/test_sql_tool.py::test_tables_of_different_kinds_are_joined",
        "tools/test_code_tool.py::test_a_program_reads_the_files_and_what_it_prints_comes_back",
        "tools/test_mcp_client.py::test_a_server_that_dies_costs_an_error_only",
        "tools/test_mcp_server.py::test_our_tools_serve_our_own_client_over_http",
    ),
)
