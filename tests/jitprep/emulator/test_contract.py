"""What AWS promises of S3 Object Lambda and of Function URLs, each with the tests that hold us to it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent

EVENTS = {
    "an event has xAmzRequestId, one context, configuration, userRequest, userIdentity, version": [
        "data_plane/test_events.test_the_event_has_the_fields_that_aws_sends",
        "data_plane/test_events.test_the_client_and_the_function_know_the_request_by_one_id",
    ],
    "each action has a context of its name": [
        "data_plane/test_actions.test_the_events_context_is_named_after_the_action",
    ],
    "headObjectContext has only inputS3Url": [
        "data_plane/test_head_object.test_the_event_has_one_context_with_one_field",
    ],
    "listObjectsContext and listObjectsV2Context have only inputS3Url": [
        "data_plane/test_list_objects.test_the_event_has_one_context_and_every_parameter_in_its_url",
    ],
    "userRequest.url is absolute and decoded, without parameters of authorisation": [
        "data_plane/test_events.test_no_authority_of_the_client_reaches_the_function",
        "data_plane/test_events.test_the_path_of_the_users_url_is_the_key_however_it_was_addressed",
    ],
    "header names keep their case, repeated ones are joined with commas": [
        "data_plane/test_events.test_headers_keep_their_case_and_repeated_ones_are_joined",
    ],
    "X-Amz-SignedHeaders names what a function must send along": [
        "data_plane/test_events.test_signed_headers_are_those_of_the_get_object",
        "test_documented.test_a_function_that_leaves_signed_headers_out_is_refused_by_s3",
    ],
    "the presigned URL is for the version, and for HEAD where that is asked": [
        "data_plane/test_events.test_the_version_is_part_of_the_presigned_url",
        "data_plane/test_head_object.test_the_presigned_url_is_for_head_of_that_version",
    ],
    "a listing's URL has every query parameter": [
        "data_plane/test_list_objects.test_the_event_has_one_context_and_every_parameter_in_its_url",
    ],
    "Range and partNumber are not in the presigned URL": [
        "test_parts.test_an_allowed_part_reaches_the_function_and_is_not_presigned",
    ],
}
WRITE_GET_OBJECT_RESPONSE = {
    "POST /WriteGetObjectResponse, the route before the host": [
        "test_routing.test_the_route_and_the_account_may_stand_before_the_host",
    ],
    "the token is good for one answer": [
        "workers/test_failures.test_a_token_is_good_for_one_answer",
        "workers/test_failures.test_a_made_up_token_is_refused",
    ],
    "the body may be streamed, and unsigned": [
        "data_plane/test_streaming.test_the_reader_has_the_first_half_before_the_second_is_made",
        "test_documented.test_the_third_example_streams",
    ],
    "StatusCode is one of fourteen": [
        "data_plane/test_write_get_object_response.test_the_statuses_are_those_that_botocore_documents",
    ],
    "ErrorCode is letters, is not for success, and has no body": [
        "data_plane/test_write_get_object_response.test_what_aws_would_not_accept_is_a_validation_error",
        "data_plane/test_write_get_object_response.test_a_body_is_refused_where_none_belongs",
    ],
    "at most one checksum": [
        "data_plane/test_write_get_object_response.test_what_aws_would_not_accept_is_a_validation_error",
    ],
    "metadata and every parameter reach the client under S3's names": [
        "data_plane/test_write_get_object_response.test_each_member_reaches_the_client_under_get_objects_name",
        "data_plane/test_write_get_object_response.test_all_parameters_at_once_reach_boto3s_client",
    ],
    "60 seconds for a complete response": [
        "workers/test_failures.test_a_body_that_stalls_breaks_the_read_in_time",
        "data_plane/test_reply_response.test_a_body_that_stalls_half_way_is_left_short",
        "data_plane/test_reply_response.test_a_body_that_never_begins_is_a_timeout",
    ],
}
MISBEHAVIOUR = {
    "LambdaInvalidResponse": ["workers/test_failures.test_each_misbehaviour_has_its_error"],
    "LambdaInvocationFailed": [
        "test_other_servers.test_a_container_that_is_not_there_is_named",
        "test_other_servers.test_what_refuses_to_run_the_function_decides_the_error",
    ],
    "ValidationError": ["workers/test_failures.test_a_made_up_token_is_refused"],
    "LambdaPermissionError": [
        "test_other_servers.test_what_refuses_to_run_the_function_decides_the_error",
    ],
    "LambdaNotFound": ["data_plane/test_reads.test_a_function_that_does_not_run_here_is_not_found"],
    "LambdaResponseNotReceived": ["workers/test_failures.test_each_misbehaviour_has_its_error"],
    "LambdaRuntimeError": [
        "workers/test_failures.test_each_misbehaviour_has_its_error",
        "data_plane/test_list_objects.test_each_misbehaviour_has_its_error",
    ],
    "LambdaTimeout": ["workers/test_failures.test_each_misbehaviour_has_its_error"],
    "SlowDown": [
        "workers/test_failures.test_more_readers_than_the_concurrency_are_told_to_slow_down",
    ],
}
PARTS = {
    "501 unless AllowedFeatures list the feature of the action": [
        "test_parts.test_a_part_needs_its_own_feature",
    ],
    "the range may come as header or in the query": [
        "test_parts.test_a_part_in_the_query_needs_it_too_in_any_case",
    ],
}
HEAD_AND_LIST = {
    "the function returns JSON and calls nothing": [
        "data_plane/test_head_object.test_what_the_function_returns_is_what_the_client_gets",
        "data_plane/test_list_objects.test_the_xml_that_the_function_returns_is_the_listing",
        "data_plane/test_list_objects.test_the_json_that_the_function_returns_is_the_listing",
    ],
    "HEAD has statusCode, errorCode, errorMessage and headers, Content-Length among them": [
        "data_plane/test_head_object.test_an_error_is_its_status",
        "data_plane/test_function_result.test_what_is_wrong_with_either_is_said",
        "data_plane/test_function_result.test_what_is_wrong_with_a_header_is_said",
    ],
    "a listing has listResultXml or listBucketResult, never both": [
        "data_plane/test_function_result.test_what_is_wrong_with_a_listing_is_said",
    ],
    "name, maxKeys, isTruncated, contents.key and contents.size are required": [
        "data_plane/test_function_result.test_what_is_wrong_with_a_listing_is_said",
    ],
    "an action that is not listed is S3's own": [
        "data_plane/test_reads.test_what_the_configuration_does_not_list_is_the_buckets_own",
        "data_plane/test_upstream.test_an_object_is_written_and_deleted_through_the_access_point",
    ],
    "SSE-C is refused": [
        "data_plane/test_upstream.test_a_customers_key_is_refused_where_a_function_would_see_it",
    ],
}
SIGNATURES = {
    "nobody is answered without a signature": [
        "signing/test_authentication.test_every_part_refuses_the_unsigned",
        "signing/test_authentication.test_version_2_is_refused",
    ],
    "an unknown key and a wrong secret are refused": [
        "signing/test_authentication.test_every_part_refuses_an_unknown_key",
        "signing/test_authentication.test_every_part_refuses_a_wrong_secret",
    ],
    "a signature of version 4 covers all that it should, and is right": [
        "signing/test_signature.test_what_aws_publishes_verifies",
        "signing/test_signature.test_whatever_botocore_signs_verifies",
        "signing/test_signature.test_any_single_change_is_refused",
        "signing/test_signature.test_every_header_of_amazons_must_be_signed",
        "signing/test_signature.test_each_refusal_has_the_code_and_message_of_aws",
    ],
    "a presigned URL is for one method, and for a time": [
        "signing/test_authentication.test_a_presigned_url_is_for_one_method",
        "signing/test_signature.test_a_presigned_url_is_good_until_it_expires_and_not_long_before_it_was_made",
    ],
    "a body has the hash that is signed": [
        "control/test_s3_control.test_a_body_that_is_not_the_signed_one_is_refused",
        "signing/test_signature.test_lambda_encodes_the_path_twice_and_signs_the_body",
    ],
}
ADDRESSES = {
    "an alias, an ARN and a bucket may stand in the host or in the path": [
        "test_addressing.test_a_bucket_is_used_as_a_host_name",
        "test_addressing.test_an_alias_is_used_as_a_host_name",
        "test_addressing.test_the_path_names_the_bucket_under_any_other_host",
        "test_addressing.test_the_host_names_of_aws_lead_to_access_points",
    ],
    "S3's own access points are another kind": [
        "test_addressing.test_access_points_of_one_name_are_told_apart",
    ],
}
S3_CONTROL = {
    "create, get, list, delete, get and put configuration": [
        "control/test_s3_control.test_what_is_created_can_be_read_changed_and_deleted",
        "control/test_s3_control.test_a_list_comes_whole_in_pages_of_any_size",
        "control/test_s3_control.test_what_aws_would_not_create_is_not_created",
        "control/test_s3_control.test_a_wrong_transformation_is_named",
        "control/test_s3_control.test_documents_that_no_sdk_sends_are_refused",
    ],
    "put, get and delete the policy, and get its status": [
        "control/test_policies.test_a_policy_is_put_read_and_deleted",
        "control/test_policies.test_what_aws_would_not_keep_is_refused",
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
        "function_url/test_function_url.test_the_event_has_the_fields_that_aws_documents",
        "function_url/test_function_url.test_headers_are_in_lower_case_and_those_of_aws_among_them",
        "function_url/test_function_url.test_repeated_headers_are_joined_and_cookies_apart",
        "function_url/test_function_url.test_a_body_is_text_where_it_says_so_and_is",
        "function_url/test_function_url.test_no_path_is_mended_on_the_way",
    ],
    "what a function returns is read as documented": [
        "function_url/test_function_url.test_what_a_function_returns_is_read_as_documented",
        "function_url/test_function_url.test_headers_and_cookies_of_the_functions_reach_the_client",
        "function_url/test_function_url.test_any_other_json_is_the_body",
    ],
    "AWS_IAM lets those in who sign for lambda": [
        "function_url/test_function_url.test_the_unsigned_are_forbidden",
        "function_url/test_function_url.test_the_wrongly_signed_are_told_why",
    ],
    "6 MB each way": [
        "function_url/test_function_url.test_an_event_over_six_megabytes_is_refused",
        "function_url/test_function_url.test_a_function_that_fails_tells_its_client_no_more",
    ],
    "a failure is 502 or 504, and too many are 429": [
        "function_url/test_function_url.test_a_function_that_fails_tells_its_client_no_more",
        "function_url/test_function_url.test_a_function_that_takes_too_long_is_a_504",
        "function_url/test_function_url.test_what_is_no_answer_is_a_502",
        "function_url/test_function_url.test_too_many_at_once_are_throttled",
    ],
    "the function is in the host": [
        "test_routing.test_every_path_of_a_functions_host_is_the_functions",
        "function_url/test_function_url.test_the_host_names_the_function_too_and_all_paths_are_its_own",
    ],
}
S3_INSIDE = {
    "listings come page by page, by whatever order and keys": [
        "store/test_listings.test_every_entry_is_on_one_page_whatever_the_keys",
        "store/test_listings.test_versions_can_be_deleted_page_by_page",
        "store/test_listings.test_uploads_and_parts_come_page_by_page",
        "store/test_listings.test_buckets_come_page_by_page",
    ],
    "a wrong parameter is InvalidArgument": [
        "store/test_listings.test_a_wrong_parameter_is_named",
    ],
    "a part is a range of its object": [
        "store/test_objects.test_a_part_is_a_range_of_the_object",
        "store/test_objects.test_what_is_no_part_is_refused",
    ],
    "conditions are those of RFC 9110": [
        "store/test_objects.test_conditions_are_http_s",
        "store/test_objects.test_a_write_may_have_conditions",
        "store/test_objects.test_a_copy_may_have_conditions_on_its_source",
    ],
    "versions stay until they are deleted by name": [
        "store/test_objects.test_where_versioning_is_suspended_old_versions_stay",
        "store/test_objects.test_versions_are_those_of_a_model",
        "store/test_objects.test_a_delete_marker_says_that_it_is_one",
    ],
    "a body is whole, and the one that was signed": [
        "store/test_objects.test_a_body_in_chunks_is_whole_or_refused",
        "store/test_objects.test_a_body_that_is_not_what_was_signed_or_hashed_is_refused",
        "store/test_objects.test_a_body_is_kept_whatever_its_type",
    ],
    "a bucket is its owner's": [
        "store/test_objects.test_somebody_elses_bucket_is_denied",
    ],
    "what is not served is 501, in the form of its service": [
        "store/test_objects.test_what_is_not_served_is_refused_and_does_nothing",
        "test_unserved.test_each_service_says_that_it_is_not_here",
    ],
    "a head has 8 kB a line, and metadata 2 kB": [
        "test_unserved.test_a_head_that_is_too_large_is_refused_in_s3s_words",
        "store/test_objects.test_metadata_is_two_kilobytes_at_most",
    ],
    "an access point is a name of its bucket": [
        "test_same_by_any_name.test_an_object_has_one_answer",
        "test_same_by_any_name.test_a_bucket_has_one_answer",
        "test_same_by_any_name.test_a_copy_names_its_source_by_any_name",
        "test_same_by_any_name.test_keys_with_dots_are_read_as_they_were_signed",
    ],
    "each read has an execution of its own": [
        "data_plane/test_streaming.test_open_bodies_that_nobody_reads_keep_no_worker",
    ],
}
CONTRACT = (
    EVENTS
    | WRITE_GET_OBJECT_RESPONSE
    | MISBEHAVIOUR
    | PARTS
    | HEAD_AND_LIST
    | SIGNATURES
    | ADDRESSES
    | S3_CONTROL
    | FUNCTION_URLS
    | S3_INSIDE
)


def source_of(test):
    """Return a test as it is written, its parameters too; None if there is no such test."""
    module, name = test.split(".")
    text = (HERE / f"{module}.py").read_text()
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            return "\n".join(text.splitlines()[first - 1 : node.end_lineno])
    return None


@pytest.mark.parametrize("fact", CONTRACT)
def test_each_fact_has_its_tests(fact):
    for test in CONTRACT[fact]:
        assert source_of(test) is not None, test


@pytest.mark.parametrize("code", MISBEHAVIOUR)
def test_each_code_is_met_where_the_table_says(code):
    for test in MISBEHAVIOUR[code]:
        assert f'"{code}"' in (source_of(test) or ""), test


def test_no_code_that_the_endpoint_makes_is_left_out():
    sources = [path.read_text() for path in (HERE.parents[2] / "jitprep/emulator").rglob("*.py")]
    made = {code for text in sources for code in re.findall(r'"(Lambda[A-Z]\w+|SlowDown)"', text)}
    made.remove("LambdaInvoke")  # an operation of S3 Batch Operations
    assert made <= set(MISBEHAVIOUR)
    assert made >= set(MISBEHAVIOUR) - {"ValidationError"}
