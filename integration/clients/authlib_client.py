"""Every flow of ours with Authlib's `OAuth2Session`; the one lenience is plain http."""

import os
import re
import sys
from html import unescape
from urllib.parse import urljoin

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata, get_well_known_url

BASE = sys.argv[1]
metadata = AuthorizationServerMetadata(requests.get(get_well_known_url(BASE, external=True), timeout=10).json())
# Its own validation asks for https everywhere, which is what the one lenience is about.
for check in ("response_types_supported", "grant_types_supported", "code_challenge_methods_supported",
              "token_endpoint_auth_methods_supported", "revocation_endpoint_auth_methods_supported"):
    getattr(metadata, f"validate_{check}")()
assert metadata["issuer"] == BASE, metadata


def consent(url):
    """Signs in, allows what is asked, and gives where the browser arrives."""
    with requests.Session() as browser:
        login = browser.get(url, timeout=10)
        fields = {name: hidden(login.text, name) for name in ("csrf", "return_to")}
        shown = browser.post(login.url, data={**fields, "username": "demo", "password": "demo"}, allow_redirects=False, timeout=10)
        shown = browser.get(urljoin(login.url, shown.headers["location"]), allow_redirects=False, timeout=10)
        if shown.status_code == 200:
            scopes = re.findall(r'name="scope" value="([^"]+)"', shown.text)
            form = {"ticket": hidden(shown.text, "ticket"), "decision": "allow", "scope": scopes}
            shown = browser.post(shown.url, data=form, allow_redirects=False, timeout=10)
        assert shown.status_code == 303, shown.text
        return shown.headers["location"]


def hidden(page, name):
    return unescape(re.search(f'name="{name}" value="([^"]*)"', page).group(1))


def refused(call):
    """The code of the refusal that `call` must end in."""
    try:
        answer = call()
    except OAuthError as error:
        return error.error
    raise AssertionError(f"not refused: {answer}")


def person(client_id, secret, method, redirect_uri):
    session = OAuth2Session(client_id, secret, token_endpoint_auth_method=method, redirect_uri=redirect_uri,
                            scope="files:read profile", code_challenge_method="S256")
    verifier = generate_token(48)
    url, state = session.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier)
    arrived = consent(url)
    tokens = session.fetch_token(metadata["token_endpoint"], authorization_response=arrived, state=state, code_verifier=verifier)
    assert tokens["token_type"] == "Bearer" and tokens["expires_in"] == 3600, tokens
    me = session.get(f"{BASE}/api/me").json()
    assert (me["sub"], me["client_id"]) == ("demo", client_id), me

    known = session.introspect_token(metadata["introspection_endpoint"], tokens["access_token"], "access_token").json()
    assert known["active"] and known["sub"] == "demo", known
    renewed = session.refresh_token(metadata["token_endpoint"], tokens["refresh_token"])
    assert renewed["access_token"] != tokens["access_token"]
    assert session.revoke_token(metadata["revocation_endpoint"], renewed["refresh_token"], "refresh_token").status_code == 200
    gone = session.introspect_token(metadata["introspection_endpoint"], renewed["access_token"]).json()
    assert gone == {"active": False}, gone
    assert refused(lambda: session.refresh_token(metadata["token_endpoint"], renewed["refresh_token"])) == "invalid_grant"
    assert refused(lambda: session.fetch_token(metadata["token_endpoint"], code="rfc_nobody", code_verifier=verifier)) == "invalid_grant"


person("demo-web", "demo-secret", "client_secret_basic", "http://127.0.0.1:8080/callback")
person("demo-web", "demo-secret", "client_secret_post", "http://127.0.0.1:8080/callback")
person("demo-spa", None, "none", f"{BASE}/app/callback")

service = OAuth2Session("demo-service", "demo-secret", scope="files:read")
own = service.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
assert "refresh_token" not in own and own["expires_in"] == 3600, own
assert service.get(f"{BASE}/api/me").json()["client_id"] == "demo-service"
assert service.revoke_token(metadata["revocation_endpoint"], own["access_token"], "access_token").status_code == 200
assert service.get(f"{BASE}/api/me").status_code == 401
wrong = OAuth2Session("demo-service", "wrong")
assert refused(lambda: wrong.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")) == "invalid_client"
print("Authlib: ok")
