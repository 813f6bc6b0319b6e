"""The Lambda adapter: an event in, a response out. No image logic lives here.

Read one GetObject in this order: `app`; `doors.object_lambda` (parse); `watch`, which keeps the time;
`serve`; `pipelines`; `read`, or `listing`; `source`; then `errors` where something went wrong,
`doors.object_lambda` again (reply) and `log`. `exchange` holds the values that pass between them,
`config` what the operator set. Doors whose events bring no presigned URL get one from `buckets`.
S3 Batch Operations has what is read stored: `doors.batch_operations`, `outputs`, `store`.
"""
