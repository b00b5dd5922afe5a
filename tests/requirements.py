"""What must hold, where that is said, and which tests show it.

A new behaviour begins here: add a line with its source (a heading of the paper, or a section of the issue that asked
for it), the behaviour in one sentence, and the tests, as `path::function` below `tests/`. A parametrised test is named
without its parameters. A part of the project keeps its requirements together under one prefix.
Protocol and law are here; the other parts have modules of their own (`requirements_…`). `test_requirements.py` checks
that identifiers are unique and that every test exists.
"""

from __future__ import annotations

from tests.requirement import Requirement, need
from tests.requirements_agents import AGENTS, COMMAND_LINE, POLICY
from tests.requirements_minds import MINDS
from tests.requirements_network import CLIENT, DISCOVERY, HUB, SECURITY
from tests.requirements_operate import OPERATION
from tests.requirements_page import PAGE
from tests.requirements_promises import PROMISES
from tests.requirements_trust import TRUST

__all__ = ["REQUIREMENTS", "Requirement"]

_CODEC = "protocol/test_codec.py::"
_NAMES = "protocol/test_names.py::"
_SCHEMA = "protocol/test_schema.py::"
_DOCS = "protocol/test_documents.py::"
_LAW = "conversation/test_law.py::"
_REFUSALS = "conversation/test_refusals.py::"
_BUDGETS = "conversation/test_budgets.py::"
_DUTIES = "conversation/test_duties.py::"
_TASK = "conversation/test_task.py::"
_FORMATION = "conversation/test_formation.py::"
_WIRE = "conversation/test_connection.py::"

PROTOCOL = (
    need(
        "protocol-roundtrip",
        "Issue 2, Protocol",
        "Every frame and message comes back from its bytes as it was.",
        _CODEC + "test_a_message_comes_back_from_its_bytes",
        _CODEC + "test_a_client_frame_comes_back_from_its_bytes",
        _CODEC + "test_a_hub_frame_comes_back_from_its_bytes",
    ),
    need(
        "protocol-one-error",
        "Issue 2, Conversation law",
        "Any bytes decode or raise the protocol's error, and nothing else.",
        _CODEC + "test_any_bytes_decode_or_raise_the_error_of_the_protocol",
        _CODEC + "test_any_text_decodes_or_raises_the_error_of_the_protocol",
        _CODEC + "test_any_json_decodes_or_raises_the_error_of_the_protocol",
        _CODEC + "test_a_damaged_frame_decodes_or_raises_the_error_of_the_protocol",
        _CODEC + "test_a_frame_with_any_value_in_a_field_decodes_or_raises",
    ),
    need(
        "protocol-bad-frame",
        "Issue 2, Bad input gets",
        "A malformed, unknown or oversized frame is refused by a code and a text that names the field.",
        _CODEC + "test_a_bad_frame_is_refused_by_code_and_field",
        _CODEC + "test_a_refusal_that_quotes_much_still_fits_into_a_frame",
        _CODEC + "test_the_identifier_of_an_unreadable_frame_is_read_where_it_can_be",
    ),
    need(
        "protocol-accepted-fits",
        "Issue 2, Must show 5",
        "What was accepted can be delivered and read from the log again, at any size.",
        _CODEC + "test_what_was_accepted_at_full_size_can_be_delivered_and_read_from_the_log",
        _CODEC + "test_the_largest_message_that_the_hub_makes_can_be_received",
        _DUTIES + "test_a_digest_of_any_group_for_any_reason_passes_the_codec",
        _DUTIES + "test_task_ids_are_minted_one_after_another_and_fit_the_wire",
    ),
    need(
        "protocol-header",
        "Paper, A.1 and Figure 7",
        "The header is sender, state and comm_id, in every message on the wire.",
        _CODEC + "test_the_state_of_the_header_is_always_on_the_wire",
        _SCHEMA + "test_every_message_fits_its_schema",
    ),
    need(
        "protocol-schema",
        "Issue 2, Protocol",
        "A JSON Schema of every frame is generated, committed, and agrees with the codec about right and wrong.",
        _SCHEMA + "test_the_committed_schemas_are_the_generated_ones",
        _SCHEMA + "test_every_frame_of_a_client_fits_its_schema",
        _SCHEMA + "test_every_frame_of_the_hub_fits_its_schema",
        _SCHEMA + "test_a_wrong_frame_is_wrong_for_schema_and_codec_alike",
        _SCHEMA + "test_every_kind_has_its_definition_with_a_description",
    ),
    need(
        "protocol-document",
        "Issue 2, Protocol",
        "docs/protocol.md has every frame, message, code and rule, with examples that decode.",
        _DOCS + "test_every_example_decodes",
        _DOCS + "test_every_kind_of_frame_and_message_has_an_example",
        _DOCS + "test_the_log_in_the_examples_is_a_lawful_one",
        _DOCS + "test_every_code_has_a_meaning_and_is_in_the_document",
        _DOCS + "test_every_guard_is_a_rule_in_words",
        _DOCS + "test_every_type_on_the_wire_has_a_heading_and_every_link_leads_somewhere",
    ),
    need(
        "protocol-diagram",
        "Issue 2, Conversation law",
        "The state diagram and the tables in the document are drawn from the code's tables.",
        _DOCS + "test_the_generated_parts_are_those_that_the_code_gives",
    ),
    need(
        "protocol-names",
        "Issue 2, Bad input gets",
        "Strange names are welcome; names that could deceive are refused with field, value and remedy.",
        _NAMES + "test_a_strange_name_is_welcome",
        _NAMES + "test_a_deceiving_name_is_refused_with_field_value_and_remedy",
        _NAMES + "test_a_name_that_passes_is_clean_once_and_for_all",
    ),
    need(
        "protocol-name-twins",
        "Issue 2, Security from the first day",
        "Two spellings of a name are one name, so that nobody takes another's.",
        _NAMES + "test_two_spellings_of_a_name_are_one_name",
        _NAMES + "test_two_names_are_two",
        _NAMES + "test_a_person_and_the_hub_can_be_no_agent",
    ),
    need(
        "protocol-printable",
        "Issue 2, Security from the first day",
        "Text of strangers moves no cursor and writes no escape code on a terminal.",
        _NAMES + "test_printed_text_moves_no_cursor",
        _NAMES + "test_an_escape_code_becomes_visible",
    ),
    need(
        "protocol-file-names",
        "Issue 2, Agents that do real work",
        "A file travels under a plain name and exactly one digest.",
        _CODEC + "test_a_file_name_with_a_folder_or_control_in_it_is_refused",
        _CODEC + "test_a_plain_file_name_is_welcome",
        _CODEC + "test_a_digest_is_exactly_one",
    ),
)

LAW = (
    need(
        "law-figure-3",
        "Paper, 2.3.3 and Figure 3",
        "Five states; from each that is not final the next turn may choose any; conclusion is final.",
        _LAW + "test_the_table_has_a_row_for_each_state_but_the_last",
        _LAW + "test_a_log_begins_with_a_launch_or_not_at_all",
    ),
    need(
        "law-refusal-changes-nothing",
        "Issue 2, Conversation law",
        "A refusal leaves the group as it was, and says code, field, value, remedy and what would be legal.",
        _REFUSALS + "test_a_refusal_has_its_code_and_reason_and_changes_nothing",
        _REFUSALS + "test_every_refusal_in_the_source_of_the_law_has_a_row",
        _REFUSALS + "test_every_guard_has_a_row",
        _LAW + "TestGroupChat",
    ),
    need(
        "law-conclusion-absorbs",
        "Issue 2, Conversation law",
        "A concluded group takes nothing.",
        _LAW + "test_a_concluded_group_takes_nothing",
        _LAW + "TestGroupChat",
    ),
    need(
        "law-one-floor",
        "Paper, 2.3.3, Sequential Speaking Mechanism",
        "At most one member has the floor, and nobody has it only while tasks are waited for or the group has ended.",
        _LAW + "TestGroupChat",
        _LAW + "test_a_discussion_hands_the_floor_to_one_member",
    ),
    need(
        "law-sync",
        "Paper, 2.3.4, Task Allocation",
        "A synchronous assignment pauses the group until all its tasks have ended.",
        _LAW + "test_a_synchronous_assignment_returns_the_floor_when_all_its_tasks_have_ended",
        _LAW + "test_tasks_that_nobody_waits_for_give_no_floor",
    ),
    need(
        "law-async",
        "Paper, 2.3.4, Task Allocation",
        "An asynchronous assignment does not interrupt the conversation.",
        _LAW + "test_an_asynchronous_assignment_returns_the_floor_at_once",
    ),
    need(
        "law-pause",
        "Paper, 2.3.4, pause & trigger",
        "A pause waits for open tasks that it names, and ends when they have ended, however they ended.",
        _LAW + "test_a_pause_ends_when_its_triggers_have_ended_however_they_ended",
        _LAW + "TestGroupChat",
    ),
    need(
        "law-conclusion-cancels",
        "docs/design.md, The law of the core",
        "A conclusion cancels what is open, by messages; nobody concludes a group that waits.",
        _LAW + "test_a_conclusion_cancels_what_is_open_by_messages",
        _LAW + "test_nobody_concludes_a_group_that_waits",
    ),
    need(
        "law-fold",
        "Issue 2, Conversation law",
        "Replay of the log through the codec equals the live state.",
        _LAW + "TestGroupChat",
        _BUDGETS + "test_every_conversation_of_any_policy_ends_within_its_budgets",
    ),
    need(
        "law-ends",
        "Issue 2, Must show 6",
        "Every conversation of any policy, however foolish, ends within the budgets of its group and tree.",
        _BUDGETS + "test_every_conversation_of_any_policy_ends_within_its_budgets",
        _BUDGETS + "test_a_village_of_one_kind_of_fool_ends_within_its_budgets",
        _BUDGETS + "test_villages_do_nest_and_conclude_by_themselves_too",
    ),
    need(
        "law-max-turns",
        "Paper, A.1, max_turns",
        "When turns are spent the initiator has the floor and may only conclude.",
        _LAW + "test_the_initiator_concludes_when_turns_are_spent",
        _LAW + "test_the_floor_returns_to_the_initiator_when_turns_were_spent_while_waiting",
        _LAW + "TestGroupChat",
    ),
    need(
        "law-deadlines",
        "docs/design.md, The law of the core",
        "No state waits without a deadline, and the hub may always do what a passed deadline asks of it.",
        _LAW + "TestGroupChat",
        _LAW + "test_a_lost_turn_is_a_turn_and_the_next_present_member_has_the_floor",
        _LAW + "test_whoever_posts_anything_is_present_again",
    ),
    need(
        "law-forced-conclusion",
        "docs/design.md, The law of the core",
        "Where nobody concludes the hub does, with a digest of the results that is marked as forced.",
        _LAW + "test_an_initiator_who_does_not_conclude_is_concluded_for",
        _LAW + "test_a_group_in_which_nobody_is_left_ends_with_the_word_of_the_hub",
        _DUTIES + "test_a_digest_says_what_was_found_and_by_whom",
        _DUTIES + "test_a_digest_of_nothing_says_so",
    ),
    need(
        "law-task-life",
        "Paper, A.2.2, Task Management Module",
        "A task is pending, in progress, completed, failed, cancelled or unknown, and nothing follows an end.",
        _TASK + "test_the_table_is_the_life_of_a_task",
        _TASK + "test_ended_is_what_has_no_row",
        _TASK + "test_an_idempotent_agent_begins_again_after_a_crash",
    ),
    need(
        "law-several-assignees",
        "Paper, 2.3.4, Task Allocation",
        "A task may have several assignees, each with a report of its own; it ends with the last of them.",
        _TASK + "test_a_task_of_several_assignees_has_one_status",
        _TASK + "test_each_assignee_reports_for_itself",
        _LAW + "test_a_task_of_several_ends_when_the_last_of_them_has_reported",
    ),
    need(
        "law-cancellation",
        "Issue 2, Client",
        "A cancellation reaches every assignee who still works on the task.",
        _LAW + "test_a_cancellation_reaches_every_assignee_who_still_works",
    ),
    need(
        "law-interjection",
        "docs/design.md, The law of the core",
        "The goal's owner may say something at any time, without the floor, and moves nothing by it.",
        _LAW + "test_an_interjection_needs_no_floor_and_moves_nothing",
    ),
    need(
        "law-task-ids",
        "Paper, A.1, task_id",
        "The hub mints task identifiers; nobody else chooses them.",
        _LAW + "test_the_hub_mints_task_ids_whatever_the_sender_wrote",
    ),
    need(
        "law-nested-result",
        "Paper, 2.3.2, Nested Team Structure",
        "The conclusion of a nested group is the result of its task, unless the task has ended without it.",
        _DUTIES + "test_the_conclusion_of_a_nested_group_is_the_result_of_its_task",
        _DUTIES + "test_a_task_that_ended_without_its_nested_group_takes_no_result_from_it",
        _DUTIES + "test_a_group_that_was_never_noted_or_has_not_concluded_gives_no_result",
    ),
    need(
        "law-nested-budget",
        "Paper, A.1, team_up_depth",
        "Depth and turns of nested groups are bounded by the goal's budgets and reserved before they are used.",
        _DUTIES + "test_a_nested_group_gets_at_most_half_of_what_is_left",
        _DUTIES + "test_what_is_granted_can_be_noted_and_leaves_the_floor_where_it_is",
        _BUDGETS + "test_every_conversation_of_any_policy_ends_within_its_budgets",
    ),
    need(
        "law-formation",
        "Paper, A.2.3, Team Formation Module",
        "A team formation makes at most ten tool calls; the last is a launch, whatever the policy would rather do.",
        _FORMATION + "test_a_policy_that_searches_for_ever_launches_with_its_tenth_call",
        _FORMATION + "test_a_forced_policy_that_launches_has_its_own_team",
        _FORMATION + "test_a_formation_of_any_policy_launches_once_and_last",
    ),
    need(
        "law-alone",
        "Paper, A.2.3, Team Formation Module",
        "A launch without members means that the task is done alone.",
        _FORMATION + "test_a_launch_without_members_means_alone",
    ),
    need(
        "law-delivery",
        "Issue 2, Conversation law",
        "Two ends over a lossy, duplicating, reordering wire converge: everything once and in order.",
        _WIRE + "TestLossyWire",
        _WIRE + "test_each_delivery_names_the_one_before_it",
        _WIRE + "test_a_repeat_and_what_lies_beyond_a_gap_are_dropped",
    ),
    need(
        "law-window",
        "docs/design.md, Delivery and durability",
        "At most a window of deliveries is unacknowledged; what was never sent cannot be acknowledged.",
        _WIRE + "test_at_most_a_window_is_under_way",
        _WIRE + "test_a_cursor_that_was_never_sent_cannot_be_acknowledged",
    ),
)

REQUIREMENTS: tuple[Requirement, ...] = (
    *PROTOCOL,
    *LAW,
    *HUB,
    *DISCOVERY,
    *CLIENT,
    *SECURITY,
    *POLICY,
    *AGENTS,
    *COMMAND_LINE,
    *PROMISES,
    *OPERATION,
    *MINDS,
    *TRUST,
    *PAGE,
)
