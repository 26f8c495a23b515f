#!/bin/bash
# A web server that answers /health at once and every other path after some work, so that load shows
# as CPU. It needs nothing but the image's Python.
cat >/usr/local/bin/workload.py <<'END'
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path != "/health":
            sum(number * number for number in range(200_000))
        body = b"ok\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("", 80), Handler).serve_forever()
END
cat >/etc/systemd/system/workload.service <<'END'
[Service]
ExecStart=/usr/bin/python3 /usr/local/bin/workload.py
DynamicUser=yes
AmbientCapabilities=CAP_NET_BIND_SERVICE
Restart=always

[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload
systemctl enable --now workload.service
