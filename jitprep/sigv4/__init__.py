"""AWS's Signature Version 4, as S3 and Lambda use it: parsed, verified and made.

`request_head` is what a signature covers. `signature` parses a request's signature, `verification`
compares it with the one that `canonical` computes, and `refusals` has S3's words for what is wrong.
`signing` makes signatures of requests that are sent.
"""
