"""Asks the license agent of this device; standard library alone.

    python3 license_agent.py check video         may this device do video now? exit 0 or 3
    python3 license_agent.py listen              prints each change as it happens
    python3 license_agent.py session video 180   counts minutes for three minutes
"""

import http.client
import json
import socket
import sys
import time

SOCKET = "/run/license-agent/agent.sock"


class AgentConnection(http.client.HTTPConnection):
    """HTTP on the agent's unix socket."""

    def __init__(self, path: str = SOCKET, timeout: float | None = 5):
        super().__init__("license-agent", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def ask(method: str, path: str, body: dict | None = None, socket_path: str = SOCKET) -> dict:
    """One call; what the agent refuses is raised with its message."""
    connection = AgentConnection(socket_path)
    try:
        text = None if body is None else json.dumps(body)
        connection.request(method, path, text, {"Content-Type": "application/json"} if text else {})
        response = connection.getresponse()
        answer = json.load(response)
        if response.status != 200:
            raise RuntimeError(f"{answer['error']}: {answer['message']}")
        return answer
    finally:
        connection.close()


def check(media: str, socket_path: str = SOCKET) -> dict:
    """`allowed`, and the `reason` number of the public SDK."""
    return ask("GET", f"/v1/check?media={media}", socket_path=socket_path)


def listen(socket_path: str = SOCKET):
    """Yields the status now and at each change; raises ConnectionError when the agent ends."""
    connection = AgentConnection(socket_path, timeout=None)
    connection.request("GET", "/v1/events")
    response = connection.getresponse()
    event = ""
    while line := response.readline():
        text = line.decode().rstrip("\n")
        if text.startswith("event: "):
            event = text[7:]
        elif text.startswith("data: ") and event == "status":
            yield json.loads(text[6:])
    raise ConnectionError("the agent ended")


def session(media: str, seconds: float, socket_path: str = SOCKET) -> dict:
    """Uses a medium for a while: what passes between two heartbeats is counted."""
    answer = ask("POST", "/v1/sessions", {"media": media}, socket_path)
    end = time.monotonic() + seconds
    while answer["id"] is not None and (left := end - time.monotonic()) > 0:
        time.sleep(min(left, answer["heartbeatSeconds"]))
        answer = ask("POST", f"/v1/sessions/{answer['id']}", socket_path=socket_path)
    if answer["id"] is not None:
        answer = ask("DELETE", f"/v1/sessions/{answer['id']}", socket_path=socket_path)
    return answer


def main(arguments: list[str]) -> int:
    path = SOCKET
    if arguments[:1] == ["--socket"]:
        path, arguments = arguments[1], arguments[2:]
    match arguments:
        case ["check", media]:
            answer = check(media, path)
            print(f"allowed: {answer['allowed']}, state: {answer['state']}, reason: {answer['reason']}")
            return 0 if answer["allowed"] else 3
        case ["listen"]:
            for status in listen(path):
                video = status["capabilities"]["video"]
                print(f"{status['state']}, video: {video['allowed']}", flush=True)
            return 1
        case ["session", media, seconds]:
            answer = session(media, float(seconds), path)
            print(f"allowed: {answer['allowed']}, reason: {answer['reason']}")
            return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
