"""What AWS documents of S3 Object Lambda, and the tests of each fact."""

from __future__ import annotations

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
        "data_plane/test_events.test_no_credentials_of_the_client_reach_the_function",
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
        "data_plane/test_parts.test_an_allowed_part_reaches_the_function_and_is_not_presigned",
    ],
}
WRITE_GET_OBJECT_RESPONSE = {
    "POST /WriteGetObjectResponse, the route before the host": [
        "test_routing.test_the_route_and_the_account_may_precede_the_host",
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
        "data_plane/test_write_get_object_response.test_a_body_is_rejected_where_none_is_allowed",
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
        "test_other_servers.test_the_status_of_a_refused_invocation_decides_the_error",
    ],
    "ValidationError": ["workers/test_failures.test_a_made_up_token_is_refused"],
    "LambdaPermissionError": [
        "test_other_servers.test_the_status_of_a_refused_invocation_decides_the_error",
    ],
    "LambdaNotFound": [
        "data_plane/test_dispatch.test_a_function_that_does_not_run_here_is_not_found"
    ],
    "LambdaResponseNotReceived": ["workers/test_failures.test_each_misbehaviour_has_its_error"],
    "LambdaRuntimeError": [
        "workers/test_failures.test_each_misbehaviour_has_its_error",
        "data_plane/test_list_objects.test_each_misbehaviour_has_its_error",
    ],
    "LambdaTimeout": ["workers/test_failures.test_each_misbehaviour_has_its_error"],
    "SlowDown": [
        "workers/test_failures.test_reads_above_the_concurrency_get_slow_down",
    ],
}
PARTS = {
    "501 unless AllowedFeatures list the feature of the action": [
        "data_plane/test_parts.test_a_part_needs_its_own_feature",
    ],
    "the range may come as header or in the query": [
        "data_plane/test_parts.test_a_part_in_the_query_needs_it_too_in_any_case",
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
        "data_plane/test_function_result.test_an_invalid_result_is_explained",
        "data_plane/test_function_result.test_an_invalid_header_is_explained",
    ],
    "a listing has listResultXml or listBucketResult, never both": [
        "data_plane/test_function_result.test_an_invalid_listing_is_explained",
    ],
    "name, maxKeys, isTruncated, contents.key and contents.size are required": [
        "data_plane/test_function_result.test_an_invalid_listing_is_explained",
    ],
    "an action that is not listed is S3's own": [
        "data_plane/test_dispatch.test_s3_answers_actions_that_the_configuration_does_not_list",
        "data_plane/test_upstream.test_an_object_is_written_and_deleted_through_the_access_point",
    ],
    "SSE-C is refused": [
        "data_plane/test_upstream.test_a_customers_key_is_refused_where_a_function_would_see_it",
    ],
}
