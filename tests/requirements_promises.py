"""What must hold of the whole network, across its parts. See `requirements.py`."""

from __future__ import annotations

from tests.requirement import need

_BREAKS = "promises/test_where_it_breaks.py::"
_BAD = "promises/test_bad_input.py::"
_ILL = "promises/test_bad_agents.py::"
_FOOLS = "promises/test_adversaries.py::"
_NESTED = "promises/test_nested.py::"
_KEPT = "promises/test_remembered.py::"
_EYES = "promises/test_onlookers.py::"
_BROKEN = "Issue 2, Must show 4"

PROMISES = (
    need(
        "breaks-offline",
        _BROKEN,
        "A member that is offline does not disconnect the one who speaks.",
        _BREAKS + "test_a_member_that_is_offline_does_not_disconnect_the_one_who_speaks",
    ),
    need(
        "breaks-malformed",
        _BROKEN,
        "After a malformed frame nothing is stored and nothing is sent again.",
        _BREAKS + "test_after_a_malformed_frame_nothing_is_stored_and_nothing_is_sent_again",
    ),
    need(
        "breaks-sender",
        _BROKEN,
        "Nobody speaks under the name of another.",
        _BREAKS + "test_nobody_speaks_under_the_name_of_another",
    ),
    need(
        "breaks-second-socket",
        _BROKEN,
        "A second socket of one name steals no messages: without the token it is refused, with it it takes over.",
        _BREAKS + "test_a_second_socket_of_one_name_steals_no_messages",
    ),
    need(
        "breaks-names",
        _BROKEN,
        "Names with spaces, quotes, slashes, CJK or emoji work from the registration to the answer.",
        _BREAKS + "test_any_name_works_from_the_registration_to_the_answer",
    ),
    need(
        "breaks-unknown-type",
        _BROKEN,
        "A message of an unknown type ends no listener, at the hub or at a client.",
        _BREAKS + "test_a_message_of_an_unknown_type_ends_no_listener_at_either_end",
    ),
    need(
        "breaks-failed-tool",
        _BROKEN,
        "A tool that fails does not hang the group.",
        _BREAKS + "test_a_tool_that_fails_does_not_hang_the_group",
    ),
    need(
        "breaks-nested",
        _BROKEN,
        "Nested teams neither deadlock when synchronous nor go on for ever when asynchronous.",
        _BREAKS + "test_a_nested_team_of_a_synchronous_task_does_not_deadlock",
        _BREAKS + "test_nested_teams_of_asynchronous_tasks_finish",
    ),
    need(
        "breaks-other-groups",
        _BROKEN,
        "A synchronous task does not hold up another group of the same agents.",
        _BREAKS + "test_a_synchronous_task_does_not_hold_up_another_group_of_the_same_agents",
    ),
    need(
        "breaks-reconnect",
        _BROKEN,
        "A client tries to reconnect for ever.",
        _BREAKS + "test_a_client_tries_to_reconnect_for_ever",
    ),
    need(
        "breaks-missed",
        _BROKEN,
        "Messages that were missed are delivered on return, in order and once.",
        _BREAKS + "test_messages_that_were_missed_are_delivered_on_return_in_order_and_once",
    ),
    need(
        "breaks-max-turns",
        _BROKEN,
        "`max_turns` is a rule and no advice.",
        _BREAKS + "test_max_turns_is_a_rule_and_no_advice",
    ),
    need(
        "breaks-index",
        _BROKEN,
        "Members are named, never counted: the first is the first, and a team of one is that one.",
        _BREAKS + "test_the_first_is_the_first_and_a_team_of_one_is_that_one",
    ),
    need(
        "breaks-filters",
        _BROKEN,
        "A quote in a name or skill changes no filter.",
        _BREAKS + "test_a_quote_in_a_name_or_skill_changes_no_filter",
    ),
    need(
        "breaks-polling",
        _BROKEN,
        "The conclusion arrives by an event; no time passes between it and the end of the goal's stream.",
        _BREAKS + "test_the_conclusion_arrives_by_an_event_and_nobody_polls_for_it",
    ),
    need(
        "bad-input",
        "Issue 2, Bad input gets",
        "Bad frames, messages, names and goals get field, value and remedy, and disturb nobody.",
        _BAD + "test_bad_input_gets_field_value_and_remedy_and_disturbs_nobody",
    ),
    need(
        "bad-agents",
        "Issue 2, Bad input gets",
        "An agent that raises, hangs, returns nothing or 50 MB, or dies fails its task with a reason.",
        _ILL + "test_an_agent_that_goes_wrong_fails_its_task_with_a_reason_and_disturbs_nobody",
        _ILL + "test_a_program_that_dies_takes_its_half_result_with_it",
        _ILL + "test_the_group_decides_what_to_do_about_a_failure",
    ),
    need(
        "bad-files",
        "Issue 2, Bad input gets",
        "A file that is missing, or not what its name says, is named with what would help.",
        _ILL + "test_a_file_that_is_missing_or_not_what_its_name_says_is_named",
    ),
    need(
        "bad-commands",
        "Issue 2, Bad input gets",
        "The command line says what is wrong and what would mend it, against a real hub.",
        _ILL + "test_the_command_line_says_what_is_wrong_and_what_would_mend_it",
    ),
    need(
        "adversaries-end",
        "Issue 2, Must show 6",
        "Groups of fools and enemies end within turns, depth and time, and whoever runs beside them notices nothing.",
        _FOOLS + "test_it_ends_within_its_budgets_and_disturbs_nobody",
        _FOOLS + "test_fools_in_one_group_do_not_keep_a_member_from_its_other_groups",
        _FOOLS + "test_rules_end_a_goal_that_all_agents_fail_at",
    ),
    need(
        "nested-depth",
        "Paper, A.1, team_up_depth",
        "Teams are nested as deep as the goal allows and no deeper; at the limit the task is done alone.",
        _NESTED + "test_teams_are_nested_as_deep_as_the_goal_allows_and_no_deeper",
    ),
    need(
        "nested-result",
        "Paper, 2.3.2, Nested Team Structure",
        "The conclusion of a nested team is its task's result, with its files.",
        _NESTED + "test_the_conclusion_of_a_nested_team_is_its_tasks_result_with_its_files",
    ),
    need(
        "nested-cancel",
        "Issue 2, Client",
        "Cancelled goals and tasks and passed deadlines end nested teams and the agents that run for them.",
        _NESTED + "test_cancelling_a_goal_reaches_the_agents_of_its_nested_teams",
        _NESTED + "test_a_task_given_up_by_its_assigner_ends_the_team_and_its_agents",
        _NESTED + "test_the_deadline_of_a_task_ends_the_team_that_works_on_it",
    ),
    need(
        "nested-channels",
        "Paper, 2.3.2",
        "A goal reports its communication channels against those of one group of all members.",
        _NESTED + "test_a_goal_reports_its_channels_against_one_group_of_all",
    ),
    need(
        "carrying-on",
        "Issue 2, Policy port",
        "When the initiator is gone in the middle of a goal another member carries on; when it returns, it does.",
        _NESTED + "test_when_the_initiator_is_gone_another_member_carries_on_to_the_end",
        _NESTED + "test_an_initiator_that_comes_back_carries_on_itself",
        _NESTED + "test_a_member_killed_in_the_middle_of_its_task_does_it_again_when_it_may",
    ),
    need(
        "continuing",
        "docs/design.md, The law of the core",
        "A continued goal goes on from the old conclusion, which only its owner can continue.",
        _KEPT + "test_a_continued_goal_goes_on_from_the_old_conclusion",
        _KEPT + "test_without_the_old_chat_the_same_words_have_no_result_to_go_on_from",
        _KEPT + "test_nobody_continues_the_chat_of_another",
    ),
    need(
        "contacts-seen",
        "Paper, A.2.2, Agent Contact Module",
        "Contacts hold outcome and duration, are published, and are seen by their owner only.",
        _KEPT + "test_contacts_hold_outcome_and_duration_and_only_their_owner_sees_them",
    ),
    need(
        "contacts-used",
        "Issue 2, Client",
        "Of two agents that fit alike, the one with the better record is chosen next time.",
        _KEPT + "test_of_two_agents_that_fit_alike_the_one_with_the_better_record_is_chosen",
    ),
    need(
        "onlookers",
        "Paper, A.4.3",
        "A client without an agent is asked, its observation is in the conclusion, and tasks for it fail at once.",
        _EYES + "test_one_who_only_discusses_is_asked_and_its_observation_is_in_the_conclusion",
        _EYES + "test_a_task_for_one_who_only_discusses_fails_at_once_and_says_why",
        _EYES + "test_an_observation_that_fails_costs_the_observation_and_not_the_goal",
    ),
)
