"""An authorization server of Authlib on Flask, with its tokens in SQLite; prints its address.

The client's secret is compared in clear, as Authlib's examples do."""

import logging
import os
import sqlite3
import sys
import tempfile
import time

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin, grants
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from flask import Flask

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
folder = tempfile.mkdtemp()
db = sqlite3.connect(os.path.join(folder, "bench.db"), check_same_thread=False, isolation_level=None)
db.execute("PRAGMA journal_mode = WAL")
db.execute("PRAGMA synchronous = NORMAL")
db.execute("CREATE TABLE tokens (token TEXT PRIMARY KEY, client_id TEXT, scope TEXT, issued_at INT, expires_in INT)")


class Client(ClientMixin):
    def get_client_id(self):
        return "bench"

    def get_allowed_scope(self, scope):
        return scope

    def check_client_secret(self, client_secret):
        return client_secret == "bench-secret"

    def check_endpoint_auth_method(self, method, endpoint):
        return method == "client_secret_post"

    def check_grant_type(self, grant_type):
        return grant_type == "client_credentials"


class Token(TokenMixin):
    def __init__(self, row):
        self.token, self.client_id, self.scope, self.issued_at, self.expires_in = row

    def is_expired(self):
        return self.issued_at + self.expires_in <= time.time()

    def is_revoked(self):
        return False


def save_token(token, request):
    db.execute(
        "INSERT INTO tokens VALUES (?, ?, ?, ?, ?)",
        (token["access_token"], "bench", token.get("scope", ""), int(time.time()), token["expires_in"]),
    )


class Introspection(IntrospectionEndpoint):
    CLIENT_AUTH_METHODS = ["client_secret_post"]

    def query_token(self, token, token_type_hint):
        row = db.execute("SELECT * FROM tokens WHERE token = ?", (token,)).fetchone()
        return row and Token(row)

    def check_permission(self, token, client, request):
        return True

    def introspect_token(self, token):
        end = token.issued_at + token.expires_in
        return {
            "active": end > time.time(),
            "client_id": token.client_id,
            "scope": token.scope,
            "exp": end,
            "iat": token.issued_at,
            "token_type": "Bearer",
        }


class ClientCredentials(grants.ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_post"]


app = Flask(__name__)
client = Client()
server = AuthorizationServer(app, query_client=lambda client_id: client, save_token=save_token)
server.register_grant(ClientCredentials)
server.register_endpoint(Introspection)


@app.post("/oauth/token")
def token():
    return server.create_token_response()


@app.post("/oauth/introspect")
def introspect():
    return server.create_endpoint_response("introspection")


if __name__ == "__main__":
    from waitress.server import create_server

    # A line a request that has to wait would cost it more than the request.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    serving = create_server(app, host="127.0.0.1", port=0, threads=4)
    print(f"127.0.0.1:{serving.effective_port}\n", flush=True)
    serving.run()
