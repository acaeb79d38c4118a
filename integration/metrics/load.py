"""A client of the quickstart that asks for what it offers, and for what it does not."""

import threading
import uuid

import requests

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


class Client:
    """One connection with a token."""

    def __init__(self, base):
        self.base = base
        self.session = requests.Session()
        answer = self.session.post(
            f"{base}/oauth/token",
            auth=("demo-service", "demo-secret"),
            data={"grant_type": "client_credentials"},
        )
        answer.raise_for_status()
        self.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        self.session.headers["traceparent"] = f"00-{TRACE}-00f067aa0ba902b7-01"

    def ask(self, method, path, wanted, **more):
        answer = self.session.request(method, self.base + path, **more)
        assert answer.status_code == wanted, (method, path, answer.status_code, answer.text)
        return answer

    def round(self):
        """Requests of every kind: made, read, refused, wrong, unknown, with odd methods and hostile paths."""
        name = uuid.uuid4().hex
        self.ask("PUT", f"/api/files/{name}", 201, data=b"x" * 3000)
        self.ask("GET", f"/api/files/{name}", 200)
        self.ask("GET", f"/api/files/{name}", 206, headers={"Range": "bytes=0-9"})
        self.ask("HEAD", f"/api/files/{name}", 200)
        self.ask("GET", "/api/files?prefix=", 200)
        self.ask("DELETE", f"/api/files/{name}", 204)
        self.ask("GET", f"/api/files/{name}", 404)
        self.ask("GET", "/api/me", 401, headers={"Authorization": "Bearer nonsense"})
        self.ask("GET", f"/nowhere/{name}\"}}%0A%5C", 404)
        self.ask("BREW", f"/{name}", 404)


def run(base, clients, pause, stop):
    """Keeps `clients` threads asking until `stop` is set, with so many seconds between two rounds; what went wrong is
    raised by the returned function."""
    wrong = []

    def work():
        try:
            client = Client(base)
            while not stop.is_set():
                client.round()
                stop.wait(pause)
        except Exception as error:  # noqa: BLE001
            wrong.append(error)
            stop.set()

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()

    def finish():
        stop.set()
        for thread in threads:
            thread.join()
        if wrong:
            raise wrong[0]

    return finish
