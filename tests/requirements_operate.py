"""What must hold for whoever operates a hub, and of versions beside each other. See `requirements.py`."""

from __future__ import annotations

from tests.requirement import need

_LOGS = "compat/test_logs.py::"
_VERSIONS = "compat/test_versions.py::"
_BACKUP = "backup/test_backup.py::"
_DEPLOY = "deploy/test_deploy.py::"

OPERATION = (
    need(
        "operate-old-logs",
        "Issue 4, Must show 5",
        "Data and journals of the first landed version are read, shown, judged as they were, and gone on with.",
        _LOGS + "test_todays_hub_shows_the_goals_of_the_first_landed_version",
        _LOGS + "test_todays_law_judges_every_entry_of_the_old_logs_as_it_was_judged",
        _LOGS + "test_files_and_contacts_are_kept",
        _LOGS + "test_todays_clients_go_on_with_their_old_journals",
        _LOGS + "test_todays_clients_without_journals_get_everything_again",
    ),
    need(
        "operate-old-clients",
        "Issue 4, Must show 5",
        "A client of the first landed version is served, in groups that say newer things too, in words it knows.",
        _LOGS + "test_old_clients_go_on_with_their_journals_at_todays_hub",
        _VERSIONS + "test_recorded_old_clients_are_served_and_understand_every_answer",
        _VERSIONS + "test_an_old_client_works_in_a_group_that_says_new_things",
        _VERSIONS + "test_whatever_a_hub_says_fits_version_1_once_it_is_cut_down",
        _VERSIONS + "test_no_limit_of_what_the_hub_sends_has_grown_beyond_version_1",
        _VERSIONS + "test_every_frame_that_old_clients_sent_is_read_today",
    ),
    need(
        "operate-versions",
        "Issue 4, More machines",
        "Two versions of the protocol are spoken side by side, either end may be the older, none misses an entry.",
        _VERSIONS + "test_the_newest_version_and_the_one_before_it_are_spoken",
        _VERSIONS + "test_version_1_is_what_the_first_landed_version_knew",
        _VERSIONS + "test_todays_clients_work_at_an_old_hub",
        _VERSIONS + "test_a_version_that_is_not_spoken_is_refused_with_those_that_are",
        _VERSIONS + "test_an_old_client_is_told_to_upgrade_before_it_misses_an_entry",
        _VERSIONS + "test_a_new_code_is_told_as_one_that_version_1_has",
    ),
    need(
        "operate-backup",
        "Issue 4, More machines",
        "A backup of a running hub is whole, damage is found, and what is put back is known for an older state.",
        _BACKUP + "test_a_backup_of_a_running_hub_is_whole_and_can_be_put_back",
        _BACKUP + "test_goals_are_asked_while_backups_are_made",
        _BACKUP + "test_check_finds_what_is_wrong",
        _BACKUP + "test_a_damaged_backup_and_a_folder_in_use_are_refused",
        _BACKUP + "test_a_result_that_the_backup_has_not_is_sent_again_and_the_work_not_done_twice",
        _BACKUP + "test_an_agent_at_work_goes_on_when_its_hub_was_set_back",
        _BACKUP + "test_a_log_that_grew_past_the_clients_cursor_is_still_known_for_another_one",
    ),
    need(
        "operate-private-files",
        "Issue 4, Security",
        "Nobody but its user may read what a hub and its clients keep, whatever the umask was.",
        _BACKUP + "test_only_the_user_may_read_what_a_hub_and_its_clients_keep",
    ),
    need(
        "operate-watch",
        "Issue 4, More machines",
        "A hub's figures are there for Prometheus, for operators only, and each is explained.",
        "hub/test_metrics.py::test_what_happens_is_counted",
        "hub/test_metrics.py::test_the_text_is_what_prometheus_reads",
        "hub/test_metrics.py::test_only_operators_see_them",
        _DEPLOY + "test_every_figure_that_the_hub_gives_is_in_the_guide",
    ),
    need(
        "operate-deploy",
        "Issue 4, More machines",
        "The files for containers start the hub with options that it has, without rights that it does not need.",
        _DEPLOY + "test_every_command_line_is_one_that_the_hub_understands",
        _DEPLOY + "test_pods_have_no_rights_that_they_do_not_need",
        _DEPLOY + "test_the_compose_files_are_whole",
        _DEPLOY + "test_manifests_refer_to_what_is_there",
    ),
    need(
        "operate-deploy-replicas",
        "Issue 4, More machines",
        "Replicas by the files share a store, a bus and an index; only ready ones get work; one at a time is replaced.",
        _DEPLOY + "test_replicas_share_a_store_a_bus_and_an_index_that_are_there",
        _DEPLOY + "test_the_load_balancer_knows_who_is_ready_and_leaves_sockets_open",
        _DEPLOY + "test_replicas_are_replaced_one_by_one",
    ),
    need(
        "operate-postgres-backup",
        "Issue 4, More machines",
        "A dump of the database, made while the hub works by the guide's commands, brings everything back.",
        "deploy/test_postgres_backup.py::test_a_dump_of_the_database_while_the_hub_works_is_a_whole_backup",
    ),
    need(
        "operate-watch-replicas",
        "Issue 4, More machines",
        "Whoever watches a replica sees whether it follows the others and whether its bus is there.",
        "cluster/test_probes.py::test_a_replica_without_its_bus_is_ready_and_says_so",
        "cluster/test_probes.py::test_a_replica_that_cannot_follow_tells_prometheus",
    ),
    need(
        "operate-trace-passed-on",
        "Issue 3, Must show 4",
        "Where a task is in a trace is told to the URL, the program or the function that does it.",
        "agents/test_traced_tasks.py::test_an_agent_behind_a_url_gets_the_header",
        "agents/test_traced_tasks.py::test_a_command_gets_the_variable_of_its_own_task_and_of_no_other",
        "agents/test_traced_tasks.py::test_a_function_knows_it_in_its_thread",
    ),
)
