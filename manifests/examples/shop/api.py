"""The shop's API: counts visits and lists the catalogue, both kept in redis.

GET /         {"instance", "visits", "catalogue"}
GET /healthz  200 while redis answers, else 503
"""
import http.server
import json
import os
import signal
import socket
import sys

REDIS = (os.environ.get("REDIS_HOST", "redis"), 6379)


def redis(*words):
    """Sends one command, returns its answer: a str, int, list or None (the RESP protocol)."""
    with socket.create_connection(REDIS, timeout=2) as connection, connection.makefile("rb") as answers:
        request = f"*{len(words)}\r\n" + "".join(f"${len(w.encode())}\r\n{w}\r\n" for w in words)
        connection.sendall(request.encode())
        return read_answer(answers)


def read_answer(answers):
    line = answers.readline().decode().rstrip("\r\n")
    if not line:
        raise OSError("redis closed the connection")
    kind, rest = line[0], line[1:]
    if kind == "-":
        raise OSError(f"redis: {rest}")
    if kind == ":":
        return int(rest)
    if kind == "$":
        return None if rest == "-1" else answers.read(int(rest) + 2)[:-2].decode()
    if kind == "*":
        return [read_answer(answers) for _ in range(int(rest))]
    return rest


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # pylint: disable=invalid-name
        try:
            if self.path == "/healthz":
                self.answer(200, {"redis": redis("PING")})
            elif self.path == "/":
                pairs = redis("HGETALL", "catalogue")
                self.answer(200, {
                    "instance": socket.gethostname(),
                    "visits": redis("INCR", "visits"),
                    "catalogue": dict(zip(pairs[::2], pairs[1::2])),
                })
            else:
                self.answer(404, {"error": "there is only /"})
        except OSError as error:
            self.answer(503, {"error": str(error)})

    def answer(self, status, value):
        body = json.dumps(value).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        if self.path != "/healthz":
            print(f"{self.client_address[0]} {format % args}")


def main():
    # The first process of a pid namespace ignores every signal it has no handler for.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = http.server.ThreadingHTTPServer(("", 8000), Handler)
    print(f"listening on port 8000, redis at {REDIS[0]}")
    server.serve_forever()


if __name__ == "__main__":
    main()
