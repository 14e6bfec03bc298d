//! Every row of `pump-api.md` that is marked **[W]**, every quirk and every defect of its section 10, with the tests that pin
//! it.

use super::By::{self, Tests};

/// Mark, words, by what it is held.
pub(super) type Row = (&'static str, &'static str, By);

pub(super) const ROWS: &[Row] = &[
    (
        "§1.1 1",
        "paths without regard to case, with a slash at the end",
        Tests(&["http::paths_match_without_regard_to_case_and_a_slash_at_the_end"]),
    ),
    (
        "§1.1 2",
        "HEAD wherever there is GET",
        Tests(&[
            "http::another_name_is_led_to_the_right_one",
            "http::head_is_a_get_without_its_body",
            "pages::programs_find_the_base_robots_their_rules_and_browsers_an_icon",
        ]),
    ),
    (
        "§1.1 7",
        "GET with the type of JSON and no body",
        Tests(&["paging::an_empty_body_with_the_type_of_json_is_fine_when_reading"]),
    ),
    (
        "§1.1 14",
        "times in UTC, to the second, with Z",
        Tests(&["posting::a_posted_note_comes_back_in_full"]),
    ),
    (
        "§1.1.1",
        "errors of the API in JSON",
        Tests(&[
            "refusals::a_refusal_is_written_for_whoever_reads_it",
            "refusals::what_cannot_be_had_is_refused_as_the_table_says",
        ]),
    ),
    (
        "§1.1.1",
        "failures of OAuth in plain text with a challenge",
        Tests(&[
            "refusals::a_refusal_is_written_for_whoever_reads_it",
            "refusals::failed_proofs_are_refused_as_the_table_says",
        ]),
    ),
    (
        "§1.1.1",
        "the table of failures of OAuth",
        Tests(&[
            "mail::confirming::who_registers_waits_for_the_link",
            "refusals::failed_proofs_are_refused_as_the_table_says",
            "signing::calls_with_a_wrong_proof_are_refused_in_the_words_that_clients_compare",
        ]),
    ),
    (
        "§1.3",
        "whoami leads to the profile",
        Tests(&["registering::a_new_person_can_speak_at_once"]),
    ),
    (
        "§1.6",
        "arguments of streams",
        Tests(&[
            "paging::arguments_that_make_no_sense_are_refused",
            "walking::pages_are_what_a_naive_model_says",
            "walking::who_walks_while_others_write_loses_nothing_and_sees_nothing_twice",
            "walking::who_polls_while_others_write_gets_everything_once",
        ]),
    ),
    (
        "§2.1",
        "clients register by form or JSON",
        Tests(&[
            "oauth2::registering::clients_of_pump_io_are_answered_as_ever",
            "registering::a_client_registers_by_json_or_form_and_keeps_its_key_when_it_updates",
        ]),
    ),
    (
        "§2.1",
        "logo_uri is accepted",
        Tests(&[
            "registering::a_client_registers_by_json_or_form_and_keeps_its_key_when_it_updates",
        ]),
    ),
    (
        "§2.1",
        "redirect_uri and unknown names are ignored",
        Tests(&[
            "registering::a_client_registers_by_json_or_form_and_keeps_its_key_when_it_updates",
        ]),
    ),
    (
        "§2.1",
        "expires_at is 0: never",
        Tests(&[
            "registering::a_client_registers_by_json_or_form_and_keeps_its_key_when_it_updates",
        ]),
    ),
    (
        "§2.2",
        "the answer with a request token",
        Tests(&["authorising::a_program_is_authorised_out_of_band"]),
    ),
    (
        "§2.3",
        "the callback gets token and verifier",
        Tests(&["authorising::a_program_with_a_callback_gets_the_verifier_there"]),
    ),
    (
        "§2.3",
        "the page that shows token and verifier",
        Tests(&["authorising::a_program_is_authorised_out_of_band"]),
    ),
    (
        "§2.4",
        "one access token for a client and a user",
        Tests(&["authorising::a_second_authorisation_gives_the_same_token"]),
    ),
    (
        "§2.5",
        "clients sign the public address, prefix included",
        Tests(&[
            "src/auth/oauth1/signature.rs::clients_may_sign_the_public_address_behind_a_front_end",
        ]),
    ),
    (
        "§3.1",
        "ids of people by the public port",
        Tests(&["http::on_a_port_of_its_own_people_are_known_by_their_address"]),
    ),
    (
        "§3.1",
        "the public",
        Tests(&["posting::a_posted_note_comes_back_in_full"]),
    ),
    (
        "§3.2",
        "activities have no objectType",
        Tests(&["posting::a_posted_note_comes_back_in_full"]),
    ),
    (
        "§3.2",
        "title, icon and unknown members of activities",
        Tests(&["posting::members_that_the_server_does_not_know_survive"]),
    ),
    (
        "§3.2",
        "what is absent is absent, never null",
        Tests(&[
            "posting::what_is_null_is_not_there",
            "finishers::private_members_never_leave",
        ]),
    ),
    (
        "§3.3.2",
        "unknown members of objects",
        Tests(&["posting::members_that_the_server_does_not_know_survive"]),
    ),
    (
        "§3.5",
        "links.self of a person is where whoami leads",
        Tests(&["registering::a_new_person_can_speak_at_once"]),
    ),
    (
        "§3.6.1",
        "totals of own streams",
        Tests(&[
            "paging::pages_of_a_long_stream_are_complete_and_in_order",
            "paging::deleted_entries_leave_a_long_stream_in_order",
        ]),
    ),
    (
        "§3.6.3",
        "feeds of objects are paged by offset",
        Tests(&[
            "liking::favorites_are_paged_by_offset",
            "groups::members_put_documents_into_a_group",
        ]),
    ),
    (
        "§3.6.7",
        "pages have a displayName, embedded feeds have none",
        Tests(&[
            "paging::a_page_says_what_it_is_and_where_the_next_one_is",
            "posting::a_posted_note_comes_back_in_full",
        ]),
    ),
    (
        "§3.7",
        "liked, shared, followed; the newest likers, replies, shares; totals",
        Tests(&[
            "finishers::major_feeds_are_finished_for_the_reader",
            "finishers::plain_feeds_have_totals_only",
            "finishers::an_object_by_itself_is_finished",
            "finishers::favorites_and_replies_are_finished",
            "finishers::an_empty_stream_has_no_items",
            "finishers::people_say_whether_the_reader_follows_them",
            "finishers::what_comes_from_elsewhere_is_counted_as_it_is_known_here",
            "finishers::the_target_of_an_activity_is_finished_when_it_is_posted",
            "viewers::every_address_adds_what_the_table_says",
            "viewers::answers_to_changes_add_what_the_table_says",
            "viewers::what_is_added_is_true_for_the_one_who_looks",
            "viewers::replies_that_the_reader_may_not_see_leave_their_places_to_others",
            "commenting::replies_come_newest_first_and_four_of_them_with_the_note",
            "proxying::documents_name_the_addresses_here_where_clients_look_for_them",
            "proxying::hosts_of_the_whitelist_are_named_and_shown_as_they_are",
        ]),
    ),
    (
        "§3.8.1",
        "an upload is the bytes with their type",
        Tests(&["uploads::a_photo_arrives_whole_in_chunks_in_json_and_in_a_form"]),
    ),
    (
        "§3.8.1",
        "text of an upload with its post or later",
        Tests(&["uploads::text_given_with_the_post_or_later_belongs_to_the_picture"]),
    ),
    (
        "§3.11",
        "AS1 unless AS2 is preferred",
        Tests(&[
            "quirks::whoever_does_not_ask_for_something_else_gets_activity_streams_1",
            "src/http/negotiation.rs::the_api_speaks_activity_streams_1_unless_2_is_preferred",
            "as2::who_may_not_read_may_not_read_it_in_other_words",
            "as2::nothing_private_leaves_in_other_words",
            "as2::every_address_has_it_in_the_vocabulary",
            "as2::a_group_is_an_actor_with_followers",
            "as2::things_keep_what_they_say",
            "as2::pages_lead_to_pages",
            "as2::each_form_has_its_own_validator_and_changes_are_answered_as_ever",
        ]),
    ),
    (
        "§4.3",
        "own posts are in the own inbox",
        Tests(&["posting::a_posted_note_comes_back_in_full"]),
    ),
    (
        "§4.3",
        "empty lists of addresses address nobody",
        Tests(&["posting::who_gets_what_is_addressed_to_nobody"]),
    ),
    (
        "§4.4",
        "following twice is 400",
        Tests(&[
            "posting_refused::errors_of_the_verbs",
            "refusals::what_cannot_be_had_is_refused_as_the_table_says",
        ]),
    ),
    (
        "§4.4",
        "every other verb is stored and distributed",
        Tests(&["posting::a_verb_is_optional_and_any_word"]),
    ),
    (
        "§4.5",
        "what is major and what is minor",
        Tests(&[
            "posting::a_verb_is_optional_and_any_word",
            "posting::the_class_of_a_feed_is_kept",
            "inbox::minor_things_are_kept_apart",
        ]),
    ),
    (
        "§4.6",
        "default recipients",
        Tests(&[
            "posting::who_gets_what_is_addressed_to_nobody",
            "commenting::a_comment_stands_below_the_note_and_reaches_its_author",
            "groups::who_hears_of_what_is_done_with_a_group_and_addressed_to_nobody",
        ]),
    ),
    (
        "§5.1",
        "displayName and title are plain text",
        Tests(&[
            "posting::what_is_unsafe_or_the_servers_own_is_taken_out",
            "posting::members_that_the_server_does_not_know_survive",
            "pages::names_are_never_taken_for_markup",
        ]),
    ),
    (
        "§5.1",
        "everything else is stored as it came",
        Tests(&["posting::members_that_the_server_does_not_know_survive"]),
    ),
    (
        "§5.1.1",
        "numbered upstreamDuplicates become a list",
        Tests(&["quirks::duplicates_that_are_numbered_become_a_list"]),
    ),
    (
        "§6.1",
        "relations of host-meta",
        Tests(&["discovering::a_host_says_where_its_endpoints_are"]),
    ),
    (
        "§6.2",
        "webfinger is application/json",
        Tests(&["discovering::an_account_is_found_by_every_name_that_it_has"]),
    ),
    (
        "§6.3",
        "discovery in order",
        Tests(&[
            "federating::whom_somebody_follows_elsewhere_has_a_name_and_a_page_at_once",
            "speaking::a_first_delivery_asks_in_the_order_of_pump_io",
        ]),
    ),
    (
        "§6.4",
        "a sender is reachable before it sends",
        Tests(&[
            "receiving::nobody_registers_for_somebody_else",
            "speaking::registrations_and_deliveries_have_the_headers_of_pump_io",
        ]),
    ),
    (
        "§6.4",
        "accounts of hosts on ports 80 and 443",
        Tests(&["receiving::nobody_registers_for_somebody_else"]),
    ),
    (
        "§6.5",
        "what is delivered",
        Tests(&[
            "federating::what_somebody_posts_reaches_a_follower_on_another_server",
            "speaking::a_first_delivery_asks_in_the_order_of_pump_io",
            "speaking::registrations_and_deliveries_have_the_headers_of_pump_io",
            "speaking::what_is_delivered_has_the_members_of_pump_io",
        ]),
    ),
    (
        "§6.6",
        "what receivers ask back",
        Tests(&["receiving::of_what_lives_elsewhere_its_home_is_asked"]),
    ),
    (
        "Q1",
        "a slash at the end",
        Tests(&["http::paths_match_without_regard_to_case_and_a_slash_at_the_end"]),
    ),
    (
        "Q2",
        "HEAD / on the base",
        Tests(&[
            "http::another_name_is_led_to_the_right_one",
            "pages::programs_find_the_base_robots_their_rules_and_browsers_an_icon",
        ]),
    ),
    (
        "Q3",
        "whoami",
        Tests(&["registering::a_new_person_can_speak_at_once"]),
    ),
    (
        "Q4",
        "registration by JSON and form",
        Tests(&[
            "registering::a_client_registers_by_json_or_form_and_keeps_its_key_when_it_updates",
            "oauth2::registering::clients_of_pump_io_are_answered_as_ever",
        ]),
    ),
    (
        "Q5",
        "401 for unknown clients",
        Tests(&["refusals::failed_proofs_are_refused_as_the_table_says"]),
    ),
    (
        "Q6",
        "JSON errors",
        Tests(&["refusals::what_cannot_be_had_is_refused_as_the_table_says"]),
    ),
    (
        "Q7",
        "success is 200 with JSON",
        Tests(&[
            "posting::a_posted_note_comes_back_in_full",
            "updating_and_deleting::deleting_by_address_answers_a_word",
        ]),
    ),
    (
        "Q8",
        "empty addresses",
        Tests(&["posting::who_gets_what_is_addressed_to_nobody"]),
    ),
    (
        "Q9",
        "GET with the type of JSON",
        Tests(&["paging::an_empty_body_with_the_type_of_json_is_fine_when_reading"]),
    ),
    (
        "Q10",
        "uploads in bytes and chunks",
        Tests(&[
            "uploads::a_photo_arrives_whole_in_chunks_in_json_and_in_a_form",
            "uploads::text_given_with_the_post_or_later_belongs_to_the_picture",
        ]),
    ),
    (
        "Q11",
        "fixed paths at the root",
        Tests(&[
            "replaying::a_session_of_a_script_is_answered_as_recorded",
            "replaying::a_session_of_pumpa_and_dianara_is_answered_as_recorded",
        ]),
    ),
    (
        "Q12",
        "HEAD of webfinger finds a person",
        Tests(&["discovering::an_account_is_found_by_every_name_that_it_has"]),
    ),
    (
        "Q13",
        "displayName of pages only",
        Tests(&["paging::a_page_says_what_it_is_and_where_the_next_one_is"]),
    ),
    (
        "Q14",
        "next is older, prev is newer",
        Tests(&[
            "walking::pages_are_what_a_naive_model_says",
            "walking::who_walks_while_others_write_loses_nothing_and_sees_nothing_twice",
            "walking::who_polls_while_others_write_gets_everything_once",
        ]),
    ),
    (
        "Q15",
        "favorites by offset",
        Tests(&[
            "liking::favorites_are_paged_by_offset",
            "groups::members_put_documents_into_a_group",
        ]),
    ),
    (
        "Q16",
        "objectTypes of a feed",
        Tests(&["paging::a_page_says_what_it_is_and_where_the_next_one_is"]),
    ),
    (
        "Q17",
        "anchors are ids of activities",
        Tests(&[
            "paging::arguments_that_make_no_sense_are_refused",
            "walking::pages_are_what_a_naive_model_says",
        ]),
    ),
    (
        "Q18",
        "following somebody never seen",
        Tests(&["federating::whom_somebody_follows_elsewhere_has_a_name_and_a_page_at_once"]),
    ),
    (
        "Q19",
        "duplicates are 400",
        Tests(&[
            "posting_refused::errors_of_the_verbs",
            "racing::a_like_and_a_follow_count_once",
        ]),
    ),
    (
        "Q20",
        "proxyURL to local users",
        Tests(&[
            "proxying::only_users_get_what_is_elsewhere_and_only_what_was_named_to_them",
            "proxying::documents_name_the_addresses_here_where_clients_look_for_them",
        ]),
    ),
    (
        "Q21",
        "no pump_io of a feed without proxyURL",
        Tests(&[
            "paging::a_page_says_what_it_is_and_where_the_next_one_is",
            "proxying::documents_name_the_addresses_here_where_clients_look_for_them",
        ]),
    ),
    (
        "Q22",
        "times end in Z",
        Tests(&["posting::a_posted_note_comes_back_in_full"]),
    ),
    (
        "Q23",
        "the page of oob",
        Tests(&["authorising::a_program_is_authorised_out_of_band"]),
    ),
    (
        "Q24",
        "callbacks at localhost",
        Tests(&["authorising::a_program_with_a_callback_gets_the_verifier_there"]),
    ),
    (
        "Q25",
        "stable access tokens",
        Tests(&["authorising::a_second_authorisation_gives_the_same_token"]),
    ),
    (
        "Q26",
        "unknown members",
        Tests(&["posting::members_that_the_server_does_not_know_survive"]),
    ),
    (
        "Q27",
        "JSON of discovery is application/json",
        Tests(&["discovering::an_account_is_found_by_every_name_that_it_has"]),
    ),
    (
        "Q28",
        "answers to POST are whole",
        Tests(&["posting::a_posted_note_comes_back_in_full"]),
    ),
    (
        "Q29",
        "own posts in the own inbox",
        Tests(&["posting::a_posted_note_comes_back_in_full"]),
    ),
    (
        "Q30",
        "comments go to the audience of the original",
        Tests(&[
            "commenting::a_comment_stands_below_the_note_and_reaches_its_author",
            "posting::who_gets_what_is_addressed_to_nobody",
        ]),
    ),
    (
        "Q31",
        "an actor by id",
        Tests(&["posting::an_actor_may_be_given_by_id_alone"]),
    ),
    (
        "Q32",
        "ids are addresses with the type in them",
        Tests(&["posting::every_type_of_object_has_its_address"]),
    ),
    (
        "Q33",
        "the id of own followers",
        Tests(&["quirks::followers_have_the_address_that_clients_build"]),
    ),
    (
        "Q34",
        "clients without a user read what is public",
        Tests(&["inbox::reading_follows_the_audience"]),
    ),
    (
        "Q35",
        "an unknown token is 400 or 401",
        Tests(&["refusals::failed_proofs_are_refused_as_the_table_says"]),
    ),
    (
        "Q36",
        "tombstones are 410",
        Tests(&[
            "refusals::what_cannot_be_had_is_refused_as_the_table_says",
            "updating_and_deleting::a_deleted_note_leaves_a_tombstone",
        ]),
    ),
    (
        "Q37",
        "whole objects posted back",
        Tests(&["quirks::a_whole_object_can_be_posted_back"]),
    ),
    (
        "Q38",
        "count up to 200",
        Tests(&["paging::pages_of_a_long_stream_are_complete_and_in_order"]),
    ),
    (
        "Q39",
        "HTML comes back as posted",
        Tests(&[
            "posting::what_is_unsafe_or_the_servers_own_is_taken_out",
            "src/html.rs::harmless_markup_stays_as_it_was",
        ]),
    ),
    (
        "Q40",
        "AS1 by default",
        Tests(&[
            "quirks::whoever_does_not_ask_for_something_else_gets_activity_streams_1",
            "src/http/negotiation.rs::the_api_speaks_activity_streams_1_unless_2_is_preferred",
            "as2::each_form_has_its_own_validator_and_changes_are_answered_as_ever",
        ]),
    ),
    (
        "Q41",
        "DELETE answers a string",
        Tests(&["updating_and_deleting::deleting_by_address_answers_a_word"]),
    ),
    (
        "Q42",
        "no answer waits for other hosts",
        Tests(&[
            "federating::the_owner_sees_what_waits_and_tries_or_drops_it",
            "hearsay::what_lives_elsewhere_is_told_by_its_home_alone",
        ]),
    ),
    (
        "D1",
        "hosts speak for their own",
        Tests(&["receiving::nobody_speaks_for_others_or_of_what_is_others"]),
    ),
    (
        "D2",
        "verifier and consent",
        Tests(&[
            "authorising::consent_counts_only_in_the_browser_of_whoever_gives_it",
            "authorising::a_program_is_authorised_out_of_band",
        ]),
    ),
    (
        "D3",
        "nonces and times",
        Tests(&[
            "signing::a_request_counts_once_and_only_near_its_time",
            "signing::a_replay_is_refused_after_a_restart_too",
            "racing::a_signed_request_counts_once_even_when_its_copies_race",
            "refusals::failed_proofs_are_refused_as_the_table_says",
            "receiving::nobody_registers_for_somebody_else",
        ]),
    ),
    (
        "D4",
        "bad tokens stop nothing",
        Tests(&[
            "leaving::nothing_of_somebody_who_left_is_found_anywhere",
            "authorising::the_pages_refuse_tokens_and_passwords_that_are_wrong",
            "updating_and_deleting::an_account_that_is_deleted_is_gone",
        ]),
    ),
    (
        "D5",
        "no password hashes",
        Tests(&[
            "as2::nothing_private_leaves_in_other_words",
            "finishers::private_members_never_leave",
            "registering::a_new_person_can_speak_at_once",
            "mail::recovering::a_client_redeems_a_code_for_a_token_and_a_session",
            "mail::recovering::a_token_gets_a_session_and_ends_it",
        ]),
    ),
    (
        "D6",
        "ids belong to somebody",
        Tests(&[
            "backfill::of_a_feed_elsewhere_nothing_is_believed_that_is_not_its_owners",
            "hearsay::an_id_of_another_server_is_given_back_when_that_server_comes_with_it",
            "quirks::an_activity_is_not_overwritten_by_its_id",
            "posting_refused::a_local_id_that_nobody_gave_is_refused",
            "moving::collections::ids_of_this_server_that_nobody_made_do_not_come_into_being",
            "receiving::nobody_speaks_for_others_or_of_what_is_others",
        ]),
    ),
    (
        "D7",
        "caches are updated by their owners",
        Tests(&[
            "refreshing::somebody_who_changed_at_home_is_seen_so_after_some_hours",
            "backfill::of_a_feed_elsewhere_nothing_is_believed_that_is_not_its_owners",
            "hearsay::what_lives_elsewhere_is_told_by_its_home_alone",
            "receiving::nobody_speaks_for_others_or_of_what_is_others",
            "receiving::of_what_lives_elsewhere_its_home_is_asked",
        ]),
    ),
    (
        "D8",
        "private objects inside of other things",
        Tests(&[
            "liking::what_came_from_elsewhere_alone_is_among_ones_own_favorites_only",
            "as2::nothing_private_leaves_in_other_words",
            "leaks::what_is_private_is_nowhere_for_outsiders",
            "inbox::a_private_note_does_not_leak_through_what_others_do_with_it",
            "sharing::sharing_something_private_shows_it_to_nobody_else",
        ]),
    ),
    (
        "D9",
        "author, links, url are the server's",
        Tests(&[
            "updating_and_deleting::an_update_merges_and_keeps_what_cannot_change",
            "registering::the_profile_can_be_changed_but_not_who_one_is",
            "quirks::a_whole_object_can_be_posted_back",
        ]),
    ),
    (
        "D10",
        "private members",
        Tests(&[
            "as2::nothing_private_leaves_in_other_words",
            "leaks::what_is_private_is_nowhere_for_outsiders",
            "finishers::private_members_never_leave",
            "replaying::a_session_of_a_script_is_answered_as_recorded",
            "listening::everybody_gets_what_they_may_see_as_they_see_it",
            "sockjs::followers_of_feeds_get_what_they_may_see",
        ]),
    ),
    (
        "D11",
        "deliveries are durable",
        Tests(&[
            "receiving::an_activity_counts_once_however_often_it_comes",
            "federating::what_is_posted_while_the_other_server_is_away_arrives_in_order_and_once",
            "federating::a_network_that_loses_packets_loses_no_post_and_mixes_none_up",
        ]),
    ),
    (
        "D12",
        "AS1 by default, /N is a page",
        Tests(&[
            "quirks::whoever_does_not_ask_for_something_else_gets_activity_streams_1",
            "src/http/negotiation.rs::the_api_speaks_activity_streams_1_unless_2_is_preferred",
            "src/http/negotiation.rs::a_person_is_a_page_unless_activity_streams_2_is_preferred",
            "as2::each_form_has_its_own_validator_and_changes_are_answered_as_ever",
            "as2::a_person_is_found_at_the_address_that_is_the_id",
            "as2::without_pages_a_person_is_the_profile_of_the_api",
        ]),
    ),
    (
        "D13",
        "uploads",
        Tests(&[
            "uploads::files_that_are_no_pictures_become_things_of_their_kind",
            "uploads::the_place_where_a_photo_was_taken_is_told_to_nobody_else",
            "uploads::a_file_is_its_owners_until_it_is_posted_and_then_its_readers",
            "uploads::a_photo_arrives_whole_in_chunks_in_json_and_in_a_form",
        ]),
    ),
    (
        "D14",
        "wrong input is 400 or 413 in JSON",
        Tests(&[
            "refusals::what_cannot_be_had_is_refused_as_the_table_says",
            "posting_refused::what_is_no_activity_is_refused_with_a_reason",
            "posting_refused::a_document_over_the_bound_is_refused",
        ]),
    ),
    (
        "D15",
        "nothing counts twice",
        Tests(&[
            "quirks::what_is_deleted_is_not_liked_shared_or_put_on_a_list",
            "inbox::an_activity_enters_an_inbox_once_however_it_is_addressed",
            "sharing::a_shared_note_reaches_the_followers_of_whoever_shares_it",
            "lists::a_list_is_made_filled_renamed_and_deleted",
            "replaying::a_session_of_pumpa_and_dianara_is_answered_as_recorded",
        ]),
    ),
    (
        "D16",
        "strangers push nothing",
        Tests(&[
            "receiving::nobody_speaks_for_others_or_of_what_is_others",
            "requests::only_what_says_something_is_a_request_and_only_for_its_user",
        ]),
    ),
    (
        "D17",
        "forms of other sites, cookies",
        Tests(&[
            "pages::forms_of_other_sites_do_nothing",
            "pages::the_session_cookie_is_well_kept_and_changes_at_login",
            "visiting::a_visitor_logs_in_at_home_and_comes_back_as_themselves",
            "visiting::hostile::what_a_server_refuses_is_told_and_what_it_makes_up_is_not_taken",
        ]),
    ),
    (
        "D18",
        "requests to inner hosts",
        Tests(&[
            "receiving::without_leave_nothing_of_the_own_network_is_asked",
            "visiting::hostile::addresses_that_are_none_and_servers_that_are_not_there_are_told",
            "proxying::what_could_run_is_too_large_or_leads_astray_is_not_passed_on",
            "proxying::without_leave_no_file_of_the_own_network_is_asked_for",
        ]),
    ),
    (
        "D19",
        "where a login leads",
        Tests(&[
            "pages::where_a_login_leads_stays_on_this_site",
            "visiting::hostile::a_callback_that_did_not_begin_in_this_browser_lets_nobody_in",
        ]),
    ),
    (
        "D20",
        "OAuth 2 by its RFCs",
        Tests(&[
            "tokens::a_token_goes_as_far_as_its_scope",
            "oauth2::attacks::nobody_is_sent_to_an_address_that_is_not_registered",
            "oauth2::flows::a_browser_goes_through_login_and_consent_and_back_with_a_code",
            "oauth2::flows::deny_and_cancel_give_nothing_away",
        ]),
    ),
    (
        "D21",
        "recovery",
        Tests(&[
            "mail::recovering::asking_tells_nobody_who_is_here",
            "mail::recovering::a_link_sets_a_password_once_without_scripts",
            "mail::recovering::a_client_redeems_a_code_for_a_token_and_a_session",
            "mail::recovering::another_password_ends_the_links_to_set_one",
        ]),
    ),
    (
        "D22",
        "a deleted account is purged",
        Tests(&[
            "copies::who_leaves_is_gone_at_the_servers_of_those_who_follow",
            "copies::who_leaves_takes_back_each_thing_that_was_brought_elsewhere",
            "leaving::nothing_of_somebody_who_left_is_found_anywhere",
            "updating_and_deleting::who_leaves_takes_along_what_was_posted_and_done",
            "groups::who_goes_is_in_no_group_any_more",
        ]),
    ),
    (
        "D23",
        "reserved nicknames, case",
        Tests(&[
            "registering::an_account_is_refused_without_a_client_or_with_a_bad_name_or_password",
            "registering::a_nickname_belongs_to_one_person_whatever_its_case",
        ]),
    ),
    (
        "D24",
        "totals tell of nothing hidden",
        Tests(&["lists::counts_tell_readers_of_nothing_that_is_hidden_from_them"]),
    ),
    (
        "D25",
        "webfinger of other schemes",
        Tests(&[
            "discovering::what_is_not_of_this_host_or_not_there_is_not_found",
            "src/wire/descriptor.rs::xrd_says_the_same_and_escapes",
        ]),
    ),
    (
        "D26",
        "displayName is no HTML",
        Tests(&["pages::names_are_never_taken_for_markup"]),
    ),
    (
        "D27",
        "comments on notes that came alone",
        Tests(&["quirks::a_comment_on_a_note_that_came_alone_goes_to_ones_followers"]),
    ),
    (
        "D28",
        "unlike has the recipients of like",
        Tests(&["posting::who_gets_what_is_addressed_to_nobody"]),
    ),
    (
        "D29",
        "before and since everywhere",
        Tests(&["walking::pages_are_what_a_naive_model_says"]),
    ),
    (
        "D30",
        "mail has a setting, the firehose is off unless named",
        Tests(&[
            "mail::notices::what_is_sent_to_somebody_directly_comes_by_mail_and_can_be_ended",
            "mail::notices::everybody_chooses_what_comes",
            "firehose::a_firehose_is_told_of_what_is_public",
        ]),
    ),
    (
        "D31",
        "deleted activities leave feeds",
        Tests(&[
            "walking::pages_are_what_a_naive_model_says",
            "paging::deleted_entries_leave_a_long_stream_in_order",
            "updating_and_deleting::an_activity_can_be_edited_and_deleted_without_its_object",
        ]),
    ),
    (
        "D32",
        "realtime knows its reader",
        Tests(&[
            "listening::everybody_gets_what_they_may_see_as_they_see_it",
            "sockjs::followers_of_feeds_get_what_they_may_see",
        ]),
    ),
    (
        "D33",
        "pictures are decoded within bounds",
        Tests(&[
            "uploads::what_is_no_picture_is_refused_and_harms_nothing",
            "fuzzing::requests::heads_of_pictures",
        ]),
    ),
    (
        "D34",
        "relays of groups",
        Tests(&[
            "federated_groups::a_group_has_members_on_three_servers",
            "federated_groups::what_is_said_in_a_group_alone_reaches_its_members_on_three_servers",
            "federated_groups::what_is_said_in_a_group_elsewhere_is_shown_by_its_own_key_alone",
            "federated_groups::what_a_group_passes_on_comes_later_where_the_server_of_its_author_is_away",
            "federated_groups::what_a_group_passes_on_is_believed_as_its_author_shows_it",
        ]),
    ),
    (
        "D35",
        "who is on a list is its owner's matter",
        Tests(&[
            "leaks::what_is_private_is_nowhere_for_outsiders",
            "living_on_pages::what_a_list_is_called_and_who_is_on_it_stays_with_its_owner",
        ]),
    ),
    (
        "D36",
        "wrong credentials have a clear text",
        Tests(&["authorising::the_pages_refuse_tokens_and_passwords_that_are_wrong"]),
    ),
    (
        "D37",
        "proxied files",
        Tests(&["proxying::what_could_run_is_too_large_or_leads_astray_is_not_passed_on"]),
    ),
];
