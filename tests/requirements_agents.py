"""What must hold of the rules policy, of the agents, and of the command line. See `requirements.py`."""

from __future__ import annotations

from tests.requirement import need

_TEXT = "rules/test_goal_text.py::"
_TURNS = "rules/test_turns.py::"
_DATA = "agents/test_data_analyst.py::"
_MATHS = "agents/test_mathematician.py::"
_BOOKS = "agents/test_librarian.py::"
_PLOTS = "agents/test_plotter.py::"
_CODE = "agents/test_coder.py::"
_WRITER = "agents/test_writer.py::"
_FUNCTION = "agents/test_function.py::"
_COMMAND = "agents/test_command.py::"
_CARD = "agents/test_card_file.py::"
_RUN = "cli/test_run.py::"
_LOOK = "cli/test_looking.py::"
_NET = "cli/test_network.py::"
_MANUAL = "cli/test_manual.py::"
_DOCTOR = "cli/test_doctor.py::"

POLICY = (
    need(
        "rules-steps",
        "Issue 2, Policy port",
        "A goal in ordinary imperative English is split into steps with what they build on.",
        _TEXT + "test_a_goal_is_split_into_its_steps",
        _TEXT + "test_then_means_after_and_no_more",
        _TEXT + "test_any_text_gives_a_plan",
    ),
    need(
        "rules-honest",
        "Issue 2, Policy port",
        "What is not understood, or what nobody covers, is said; nothing is invented.",
        _TEXT + "test_what_is_not_understood_gives_no_step_and_is_said",
        _TEXT + "test_a_reference_to_nothing_leaves_the_step_and_is_said",
        _TEXT + "test_a_follow_up_that_fits_in_two_places_is_not_guessed",
        _TURNS + "test_what_nobody_covers_is_said_and_not_invented",
        _TURNS + "test_a_goal_that_is_not_understood_is_said_to_be",
    ),
    need(
        "rules-states",
        "Issue 2, Policy port",
        "Independent steps are assigned asynchronously, dependent ones synchronously with the results they need.",
        _TURNS + "test_independent_steps_run_asynchronously_and_dependent_ones_synchronously",
        _TURNS + "test_results_travel_with_the_tasks_that_build_on_them",
        _TURNS + "test_a_single_step_is_one_synchronous_task",
    ),
    need(
        "rules-retry",
        "Issue 2, Policy port",
        "A failed step is given once to the next best agent, and reported with its reason when that fails too.",
        _TURNS + "test_a_failed_step_is_given_once_to_the_next_best",
        _TURNS + "test_a_step_that_failed_twice_is_reported_with_its_reason",
        _TURNS + "test_a_step_whose_only_need_failed_is_not_started",
    ),
    need(
        "rules-no-puppets",
        "Issue 2, Policy port",
        "Every member decides from the log alone, so any of them can carry on.",
        _TURNS + "test_the_log_alone_decides_so_every_member_says_the_same",
        _TURNS + "test_another_member_carries_on_when_the_initiator_is_gone",
    ),
    need(
        "rules-finding",
        "Issue 2, Policy port",
        "Each request finds the agent whose work it is, and what nobody can do finds nobody.",
        "rules/test_finding.py::test_each_request_finds_the_agent_whose_work_it_is",
        "rules/test_finding.py::test_what_nobody_can_do_finds_nobody",
    ),
    need(
        "rules-goals",
        "Issue 2, Must show 2",
        "Goals of different shapes over files that the examples do not have give the right numbers.",
        "goals/test_goals.py::test_a_goal_over_new_files_gives_the_right_numbers",
    ),
    need(
        "rules-answer",
        "Issue 2, Policy port",
        "The conclusion says which agent found what.",
        _TURNS + "test_the_conclusion_says_which_agent_found_what",
    ),
)

AGENTS = (
    need(
        "agents-data-analyst",
        "Issue 2, Agents that do real work",
        "The data analyst gives right numbers, says the SQL it ran, and refuses what it does not understand.",
        _DATA + "test_odd_but_readable_files_give_exact_numbers",
        _DATA + "test_grouped_totals_equal_sums_in_decimal",
        _DATA + "test_any_text_is_answered_or_refused",
        "agents/test_data_analyst_questions.py::test_a_question_in_plain_words_gets_the_right_numbers",
        "agents/test_data_analyst_questions.py::test_what_is_not_understood_is_refused_with_the_word_that_is_meant",
    ),
    need(
        "agents-mathematician",
        "Issue 2, Agents that do real work",
        "The mathematician solves exactly and numerically, and refuses what is no mathematics.",
        _MATHS + "test_tasks_in_words_are_solved_exactly",
        _MATHS + "test_what_is_not_mathematics_or_too_large_is_refused",
        _MATHS + "test_arithmetic_agrees_with_python",
    ),
    need(
        "agents-librarian",
        "Issue 2, Agents that do real work",
        "The librarian cites file, page or heading, and says when nothing is good enough.",
        _BOOKS + "test_the_most_relevant_sentence_comes_first_with_its_place",
        _BOOKS + "test_a_pdf_is_cited_by_page",
        "agents/test_librarian_strangers.py::test_strangers_get_the_sentence_that_answers_or_a_refusal",
        "agents/test_librarian_calibration.py::test_words_and_meaning_answer_what_is_there_and_refuse_what_is_not",
    ),
    need(
        "agents-plotter",
        "Issue 2, Agents that do real work",
        "The plotter draws the values that were asked for, from a file or another agent's table.",
        _PLOTS + "test_the_values_drawn_are_those_asked_for",
        _PLOTS + "test_the_result_of_the_analyst_is_drawn",
        _PLOTS + "test_what_cannot_be_drawn_is_refused",
    ),
    need(
        "agents-coder",
        "Issue 2, Agents that do real work",
        "The coder runs Python in its sandbox and says which limit was hit.",
        _CODE + "test_code_in_the_task_is_run",
        _CODE + "test_limits_are_explained",
        _CODE + "test_printing_nothing_is_said_not_invented",
    ),
    need(
        "agents-writer",
        "Issue 2, Agents that do real work",
        "The writer puts results and charts into one report that no result can break out of.",
        _WRITER + "test_a_report_says_who_found_what_with_summary_table_sources_and_folded_sql",
        _WRITER + "test_no_result_can_inject_anything",
    ),
    need(
        "agents-function",
        "Issue 2, Any function is an agent",
        "A function, sync or async, an object or a class form is an agent; a sync one never blocks the client.",
        _FUNCTION + "test_a_decorated_function_is_a_carded_agent",
        _FUNCTION + "test_a_sync_function_does_not_block_the_loop",
        _FUNCTION + "test_objects_classes_and_class_forms",
        _FUNCTION + "test_results_that_are_refused",
    ),
    need(
        "agents-command",
        "Issue 2, Any function is an agent",
        "A command line is an agent, without a shell, and dies whole when its task is cancelled.",
        _COMMAND + "test_the_task_goes_to_standard_input",
        _COMMAND + "test_the_placeholder_is_one_argument_and_no_shell_reads_it",
        _COMMAND + "test_cancelling_kills_the_whole_group",
        _COMMAND + "test_fifty_megabytes_of_output_are_stopped",
    ),
    need(
        "agents-card-file",
        "Issue 2, Any function is an agent",
        "An agent.yaml names a function, a command or a URL; what is wrong in it is named.",
        _CARD + "test_a_function_beside_the_file",
        _CARD + "test_a_command_beside_the_file",
        _CARD + "test_url_team_and_type",
        _CARD + "test_files_that_are_refused",
    ),
)

COMMAND_LINE = (
    need(
        "cli-run",
        "Issue 2, Command line",
        "`ioa run` shows the conversation live, then the answer and where its files are; exit codes say how it ended.",
        _RUN + "test_the_conversation_goes_to_stderr_and_the_answer_to_stdout",
        _RUN + "test_the_answer_and_its_files_are_on_disk_and_nothing_of_others_is_overwritten",
        _RUN + "test_the_exit_code_says_how_the_goal_ended",
        _RUN + "test_what_was_asked_for_reaches_the_hub",
    ),
    need(
        "cli-embedded",
        "Issue 2, Command line",
        "Without a hub, `ioa run` starts one with its agents; without a goal it shows three that run at once.",
        _NET + "test_a_goal_runs_on_an_embedded_network_and_is_remembered",
        _RUN + "test_without_a_goal_three_goals_are_shown_that_run_at_once",
    ),
    need(
        "cli-processes",
        "Issue 2, Must show 3",
        "Hub and agents in processes of their own, and on hosts of their own, give the same answer.",
        _NET + "test_hub_and_agents_in_processes_of_their_own_and_back_after_a_kill",
        "processes/test_places.py::test_in_a_process_each_the_answer_is_the_same",
        "processes/test_places.py::test_on_a_host_each_the_answer_is_the_same",
    ),
    need(
        "cli-looking",
        "Issue 2, Command line",
        "Agents, chats and the whole tree of a past goal can be looked at, each list as JSON too.",
        _LOOK + "test_agents_are_listed_with_their_presence_and_harmless_names",
        _LOOK + "test_chats_are_a_table_of_goals",
        _LOOK + "test_show_tells_the_whole_tree_of_a_goal_or_of_its_group",
        _LOOK + "test_every_list_has_json",
    ),
    need(
        "cli-stopping",
        "Issue 2, Command line",
        "Ctrl-C, a timeout and `ioa cancel` end a goal and show what there is.",
        _RUN + "test_ctrl_c_cancels_the_goal_shows_what_there_is_and_exits_with_130",
        _RUN + "test_when_the_timeout_runs_out_the_goal_is_cancelled_and_the_code_is_5",
        _LOOK + "test_cancel_ends_a_goal_or_one_nested_team_and_says_when_there_is_nothing_to_end",
    ),
    need(
        "cli-bad-input",
        "Issue 2, Bad input gets",
        "What was mistyped or is missing is named, with what was probably meant, before anything is started.",
        _RUN + "test_bad_input_is_named_and_nothing_is_started",
        _MANUAL + "test_a_mistyped_command_or_option_gets_a_suggestion",
        "cli/test_attachments.py::test_a_mentioned_file_that_is_missing_is_named_with_similar_names",
    ),
    need(
        "cli-manual",
        "Issue 2, Command line",
        "Every command, option, setting and exit code is documented and explains itself.",
        _MANUAL + "test_every_command_option_and_exit_code_is_documented",
        _MANUAL + "test_every_setting_is_documented",
        _MANUAL + "test_every_command_explains_itself",
    ),
    need(
        "cli-quick",
        "Issue 2, Must show 8",
        "`import ioa` and `ioa --help` load nothing heavy.",
        _MANUAL + "test_the_manual_needs_no_heavy_module",
    ),
    need(
        "cli-doctor",
        "Issue 2, Command line",
        "`ioa doctor` says what is installed, reachable and configured, and how to mend it.",
        _DOCTOR + "test_everything_is_looked_at_and_a_problem_is_the_exit_code",
        _DOCTOR + "test_missing_libraries_are_named_with_what_to_install",
    ),
)
