"""What AWS documents of signatures, addresses, S3 Control, Function URLs and S3, with its tests."""

from __future__ import annotations

SIGNATURES = {
    "unsigned requests are rejected": [
        "signing/test_authentication.test_every_part_refuses_the_unsigned",
        "signing/test_authentication.test_version_2_is_refused",
    ],
    "an unknown key and a wrong secret are refused": [
        "signing/test_authentication.test_every_part_refuses_an_unknown_key",
        "signing/test_authentication.test_every_part_refuses_a_wrong_secret",
    ],
    "a signature of version 4 covers everything required, and matches": [
        "../sigv4/test_published_examples.test_what_aws_publishes_verifies",
        "../sigv4/test_signature.test_every_request_that_botocore_signs_verifies",
        "../sigv4/test_signature.test_any_single_change_is_refused",
        "../sigv4/test_signature.test_every_x_amz_header_must_be_signed",
        "../sigv4/test_refusals.test_each_refusal_has_the_code_and_message_of_aws",
    ],
    "a presigned URL is for one method, and for a time": [
        "signing/test_authentication.test_a_presigned_url_is_for_one_method",
        "../sigv4/test_signature.test_a_presigned_url_is_good_until_it_expires_and_not_long_before_it_was_made",
    ],
    "a body has the hash that is signed": [
        "control/test_s3_control.test_a_body_that_is_not_the_signed_one_is_refused",
        "../sigv4/test_signature.test_lambda_encodes_the_path_twice_and_signs_the_body",
    ],
}
ADDRESSES = {
    "an alias, an ARN and a bucket may be in the host or in the path": [
        "test_addressing.test_a_bucket_is_used_as_a_host_name",
        "test_addressing.test_an_alias_is_used_as_a_host_name",
        "test_addressing.test_the_path_names_the_bucket_under_any_other_host",
        "test_addressing.test_the_host_names_of_aws_lead_to_access_points",
    ],
    "S3's access points are separate from those of Object Lambda": [
        "test_addressing.test_access_points_of_the_same_name_are_distinguished",
    ],
}
S3_CONTROL = {
    "create, get, list, delete, get and put configuration": [
        "control/test_s3_control.test_what_is_created_can_be_read_changed_and_deleted",
        "control/test_s3_control.test_a_list_comes_whole_in_pages_of_any_size",
        "control/test_s3_control.test_requests_that_aws_rejects_create_nothing",
        "control/test_s3_control.test_a_wrong_transformation_is_named",
        "control/test_s3_control.test_documents_that_no_sdk_sends_are_refused",
    ],
    "put, get and delete the policy, and get its status": [
        "control/test_policies.test_a_policy_is_put_read_and_deleted",
        "control/test_policies.test_policies_that_aws_rejects_are_rejected",
    ],
    "the account is in every request": [
        "control/test_s3_control.test_the_account_must_be_that_of_the_credentials",
    ],
    "errors are one element deeper than those of S3": [
        "control/test_s3_control.test_an_error_has_s3_controls_own_form",
    ],
}
FUNCTION_URLS = {
    "the event is of payload format 2.0": [
        "function_url/test_event.test_the_event_has_the_fields_that_aws_documents",
        "function_url/test_event.test_headers_are_in_lower_case_and_include_those_of_aws",
        "function_url/test_event.test_repeated_headers_are_joined_and_cookies_are_listed",
        "function_url/test_event.test_a_body_of_a_text_type_in_utf_8_is_text",
        "function_url/test_event.test_paths_are_not_normalised",
    ],
    "what a function returns is read as documented": [
        "function_url/test_reply.test_what_a_function_returns_is_read_as_documented",
        "function_url/test_reply.test_headers_and_cookies_of_the_functions_reach_the_client",
        "function_url/test_reply.test_any_other_json_is_the_body",
    ],
    "AWS_IAM lets those in who sign for lambda": [
        "function_url/test_function_url.test_the_unsigned_are_forbidden",
        "function_url/test_function_url.test_a_wrong_signature_is_explained",
    ],
    "6 MB each way": [
        "function_url/test_function_url.test_an_event_over_six_megabytes_is_refused",
        "function_url/test_function_url.test_the_client_of_a_failed_function_gets_no_details",
    ],
    "a failure is 502 or 504, and too many are 429": [
        "function_url/test_function_url.test_the_client_of_a_failed_function_gets_no_details",
        "function_url/test_function_url.test_a_function_that_takes_too_long_is_a_504",
        "function_url/test_reply.test_an_invalid_reply_is_a_502",
        "function_url/test_function_url.test_too_many_at_once_are_throttled",
    ],
    "the function is in the host": [
        "test_routing.test_every_path_of_a_functions_host_is_the_functions",
        "function_url/test_function_url.test_the_host_names_the_function_too_and_all_paths_are_its_own",
    ],
}
S3_INSIDE = {
    "listings have pages, for any keys": [
        "store/test_listings.test_every_entry_is_on_one_page_whatever_the_keys",
        "store/test_listings.test_versions_can_be_deleted_page_by_page",
        "store/test_listings.test_uploads_and_parts_come_page_by_page",
        "store/test_listings.test_buckets_come_page_by_page",
    ],
    "a wrong parameter is InvalidArgument": [
        "store/test_listings.test_a_wrong_parameter_is_named",
    ],
    "a part is a range of its object": [
        "store/test_parts_and_ranges.test_a_part_is_a_range_of_the_object",
        "store/test_parts_and_ranges.test_an_invalid_part_number_is_rejected",
    ],
    "conditions are those of RFC 9110": [
        "store/test_conditions.test_conditions_follow_rfc_9110",
        "store/test_conditions.test_a_write_may_have_conditions",
        "store/test_conditions.test_a_copy_may_have_conditions_on_its_source",
    ],
    "versions stay until they are deleted by name": [
        "store/test_versions.test_where_versioning_is_suspended_old_versions_stay",
        "store/test_versions.test_versions_are_those_of_a_model",
        "store/test_versions.test_a_delete_marker_says_that_it_is_one",
    ],
    "a body is whole, and the one that was signed": [
        "store/test_request_bodies.test_a_body_in_chunks_is_whole_or_refused",
        "store/test_request_bodies.test_a_body_that_is_not_what_was_signed_or_hashed_is_refused",
        "store/test_request_bodies.test_a_body_of_any_content_type_is_stored",
    ],
    "a bucket belongs to one account": [
        "store/test_objects.test_a_bucket_of_another_account_is_denied",
    ],
    "what is not implemented is 501, in the form of its service": [
        "store/test_objects.test_an_unsupported_subresource_is_rejected_and_changes_nothing",
        "test_unimplemented.test_each_service_reports_that_it_is_not_implemented",
    ],
    "a head has 8 kB a line, and metadata 2 kB": [
        "test_unimplemented.test_a_head_that_is_too_large_is_refused_in_s3s_words",
        "store/test_objects.test_metadata_is_two_kilobytes_at_most",
    ],
    "an access point is a name of its bucket": [
        "test_same_by_any_name.test_an_object_has_one_answer",
        "test_same_by_any_name.test_a_bucket_has_one_answer",
        "test_same_by_any_name.test_a_copy_names_its_source_by_any_name",
        "test_same_by_any_name.test_keys_with_dots_are_read_as_they_were_signed",
    ],
    "each read has its own execution": [
        "data_plane/test_streaming.test_unread_bodies_do_not_occupy_workers",
    ],
}
