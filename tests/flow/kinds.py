"""The kinds of chat that flow tests run in, and the map from the product's points to their tests; no test is here.

A test runs once in each kind where its point exists; where it cannot exist, the answer defined for that is tested.

Enforcement, its presets chosen by the buttons of /settings: test_path and test_enforcement
    a match vanishes, clean stays       test_a_listed_picture_vanishes_and_a_clean_one_stays
    every carrier, edits, quotes        test_every_carrier_is_judged, test_an_edit_…, test_a_quoted_picture_…
    an album: whole, one strike         test_an_album_goes_whole_and_costs_one_strike
    delete, strike, mute at 2, ban at 3 test_the_ladder_of_the_standard_preset
    watch, zero-tolerance               test_watch_only_tells, test_zero_tolerance_bans_…,
                                        test_what_could_not_be_checked_…
    spared posters                      test_an_admin_…, test_an_anonymous_admin_…, test_the_linked_channel_…,
                                        test_nobody_is_punished_for_a_channels_own_post
    channel identities                  test_a_channel_identity_is_banned_as_a_sender
    older than 48 h                     test_what_is_too_old_to_delete_is_told
    without rights                      test_without_the_right_to_delete_…, test_without_the_right_to_ban_…,
                                        test_a_plain_member_of_a_basic_group_…
Lists in the chat: test_curation
    /block, /allow                      test_block_lists_and_removes, test_allow_takes_off_…,
                                        test_a_member_blocks_nothing
Reports: test_reports, test_cards, test_presses
    /report, receipt, card, @admin      test_a_report_reaches_…, test_calling_the_admins_…, test_in_a_channel_nobody_…
    every button, the second press      test_what_is_decided_…, test_blocking_…, test_of_two_admins_…,
                                        test_dismissing_…, test_a_claim_…
    the presser's rights                test_rights_count_at_the_moment_of_the_press, test_who_may_not_…,
                                        test_a_forged_press_…, test_another_chats_buttons_…
    what it is, in private, held        test_reportlinks: test_a_reporter_says_…, test_a_topics_message_…,
                                        test_a_channels_post_…, test_a_forward_…, test_reports_of_who_was_right_…
    taken over, /reports                test_reportlinks: test_a_claim_is_taken_over_and_listed
    the bot's own cards                 test_a_case_of_the_bots_own_is_decided_by_the_same_buttons
Commands: test_moderation and test_manners
    /warn and /unwarn                   test_warnings_climb_the_ladder, test_a_warning_and_its_mute_are_taken_back
    /mute, /ban and /unban, durations   test_a_mute_lasts_as_long_as_it_says, test_a_ban_lasts_…, test_a_ban_is_lifted
    /case and the log chat              test_a_case_is_shown_where_it_concerns
    /dwarn, /swarn, /warns, /kick       test_the_message_goes_along_…, test_a_kick_removes_…, test_a_mute_is_taken_back
    /purge, @name                       test_a_purge_removes_…, test_a_purge_reaches_back_…, test_a_name_means_…
    /cases, pages, /why                 test_casebook: test_cases_are_listed_…, test_pages_are_…, test_why_tells_…
    /undo and its button                test_undo: test_a_ban_is_taken_back_…, test_a_false_match_…, test_a_mute_ends_…
    /appeal, its link and its card      test_appeals: test_a_false_match_is_appealed_…, test_a_ban_is_appealed_…
    who decides an appeal               test_the_only_admin_…, test_an_appellant_who_became_…, test_a_channel_identity_…
    misuse of reports, /reportblocks    test_misused_reports_are_refused_and_taken_again
    who may, and who proves it how      test_a_member_is_refused_…, test_an_anonymous_admin_proves_…,
                                        test_commands_in_a_channel_are_confirmed
What admins get to know: test_know and test_floods
    summaries                           test_a_summary_is_there_…, test_the_last_day_is_told_once_over_restarts
    a raid in one card                  test_a_raid_is_told_…, test_many_posts_that_wait_…
    a channel as log, its test          test_a_channel_becomes_the_log_…
    who is out of reach                 test_an_owner_out_of_reach_…
Federations and help for victims: test_feds and test_helpme
    join, ban, door, file, leave        test_a_federation_from_end_to_end
    shared pictures and strikes         test_a_picture_blocked_in_one_chat_…
    /helpme in private and in a group   test_helpme_in_private_…, test_helpme_in_a_group_…
Set-up: test_setup and test_settings
    met, what is missing, the preset    test_a_new_chat_is_met_…, test_the_preset_is_chosen_from_the_greeting
    /settings, its panel and knobs      test_settings_leads_to_the_panel_…, test_a_choice_counts_at_once_…,
                                        test_a_knob_counts_at_the_next_match, test_quiet_…, test_where_reports_are_off_…
    who may open it                     test_who_may_not_change_the_info_…, test_a_link_to_somebody_elses_chat_…
    /trust, /untrust, /trusted          test_a_trusted_member_is_not_punished
    export and import                   test_settings_are_brought_to_another_chat, test_a_file_that_is_wrong_…
    /logchat and its topic              test_the_log_chat_is_chosen_by_…, test_a_topic_of_the_log_chat_…
    /check and the canary               test_the_health_card_…, test_the_canary_picture_proves_the_path
    losing a right                      test_losing_a_right_…, test_losing_the_admin_status_…
    menus and /help                     test_menus_…, test_everybody_sees_the_menu_…, test_help_is_sorted_…
"""

from __future__ import annotations

import pytest

GROUP, SUPERGROUP, FORUM, CHANNEL = "group", "supergroup", "forum", "channel"

ALL = (GROUP, SUPERGROUP, FORUM, CHANNEL)
PEOPLED = (GROUP, SUPERGROUP, FORUM)
"""Where members write."""

LARGE = (SUPERGROUP, FORUM)
"""Where somebody may be muted, hide behind the group's name, or write as a channel: a basic group knows none of it."""

in_all = pytest.mark.parametrize("kind", ALL)
in_groups = pytest.mark.parametrize("kind", PEOPLED)
in_both_sorts = pytest.mark.parametrize("kind", [SUPERGROUP, CHANNEL])
"""Where members write as themselves, and where only admins do, unseen: for what the other kinds do not change."""

in_large_groups = pytest.mark.parametrize("kind", LARGE)
