"""What must hold of the page; see `requirements.py`."""

from __future__ import annotations

from tests.requirement import need

_PAGE = "web/test_page.py::"
_LOOK = "web/test_look.py::"
_HOSTILE = "web/test_hostile.py::"
_SERVING = "web/test_serving.py::"
_STREAM = "web/test_stream.py::"

PAGE = (
    need(
        "page-sign-in",
        "Issue 5, Sign in",
        "The hub's token signs in; a link signs in once and leaves no trace in the address.",
        _PAGE + "test_a_token_signs_in_and_a_wrong_one_says_so",
        _PAGE + "test_a_link_signs_in_once_and_leaves_no_trace_in_the_address",
        _SERVING + "test_a_sign_in_link_signs_in_once",
        _SERVING + "test_a_link_that_is_too_old_is_refused",
    ),
    need(
        "page-goals",
        "Issue 5, Goals",
        "A goal is given with files, watched, cancelled, continued, run again, compared.",
        _PAGE + "test_a_goal_is_given_watched_and_looked_at_from_all_sides",
        _PAGE + "test_a_goal_is_run_again_continued_and_compared",
        _PAGE + "test_files_are_dropped_onto_the_form",
        _PAGE + "test_a_running_goal_is_nudged_and_cancelled_and_its_refusals_are_seen",
    ),
    need(
        "page-folds",
        "Issue 5, Groups, Chat, Tasks, Replay",
        "What the page shows of a log, at any moment of it, is what the law says of it.",
        "web/test_fold.py::test_a_log_is_folded_on_the_page_as_by_the_law",
    ),
    need(
        "page-refusals",
        "Issue 5, Chat",
        "Refusals of the law and of budgets are told to whoever watches.",
        _STREAM + "test_a_watcher_is_told_what_was_refused",
        _STREAM + "test_a_watcher_is_told_that_a_budget_is_spent",
    ),
    need(
        "page-agents",
        "Issue 5, Agents",
        "Agents are found by what they can do, with scores; presence, cards, contacts.",
        _PAGE + "test_agents_are_found_by_what_they_can_do",
    ),
    need(
        "page-person",
        "Issue 5, Take part",
        "A person joins a group, speaks with the floor, does a task, is told what waits; over HTTP and events alone.",
        _PAGE + "test_a_person_is_asked_answers_and_does_a_task",
        _PAGE + "test_a_person_is_called_when_the_page_is_not_in_sight",
        _STREAM + "test_an_agent_takes_part_by_events_and_requests",
        _STREAM + "test_a_person_is_asked_into_teams_rather_than_made_to_form_them",
    ),
    need(
        "page-restart",
        "Issue 5, Must show 1",
        "Two browsers at once see the same; a restart of the hub in the middle loses nothing.",
        _PAGE + "test_two_windows_see_the_same_and_a_restart_of_the_hub_loses_nothing",
        _STREAM + "test_a_stream_that_comes_again_goes_on_where_it_was",
    ),
    need(
        "page-hostile",
        "Issue 5, Must show 1",
        "Hostile Markdown, HTML and SVG run nothing and fetch nothing; the policy knows no unsafe-inline.",
        _HOSTILE + "test_texts_and_files_of_agents_run_nothing",
        _HOSTILE + "test_the_policy_of_the_page_stops_what_would_get_through",
        _SERVING + "test_the_page_comes_with_a_policy_that_runs_nothing_but_its_own_files",
        _SERVING + "test_no_other_file_can_be_had",
    ),
    need(
        "page-export",
        "Issue 5, Replay",
        "A goal is exported as one HTML file that needs nothing from elsewhere.",
        _HOSTILE + "test_an_exported_file_runs_nothing_and_asks_nobody",
        _SERVING + "test_an_exported_file_needs_nothing_from_elsewhere",
        _SERVING + "test_an_exported_file_holds_hostile_texts_as_data",
    ),
    need(
        "page-accessible",
        "Issue 5, Must show 4",
        "axe finds nothing serious in any view, light and dark, desk and phone; the keyboard is enough.",
        _LOOK + "test_every_view_is_accessible_and_has_its_picture",
        _LOOK + "test_the_page_is_used_by_keyboard_alone",
    ),
)
