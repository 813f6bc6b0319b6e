"""``python -m soak.overflow.proxy PORT``: a proxy in front of any HTTP server, which fails on request.

It fails as the proxy of `soak.faulty_s3` does, and is controlled in the same way.
"""

from __future__ import annotations

import asyncio
import sys

from soak.faulty_s3 import serve_until_end

if __name__ == "__main__":
    asyncio.run(serve_until_end(int(sys.argv[1])))
