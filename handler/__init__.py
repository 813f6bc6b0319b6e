"""The Lambda adapter: an event in, a response out. No image logic lives here.

Read one GetObject in this order: `app`, `doors.object_lambda` (parse), `serve`, `pipelines`,
`source`, then `doors.object_lambda` again (reply). `exchange` holds the values that pass between them.
"""
