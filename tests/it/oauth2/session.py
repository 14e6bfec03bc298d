"""The code flow with PKCE, refreshing and revoking, by requests-oauthlib. Argument: where the server listens."""

import html.parser
import sys

import requests
import urllib3.util.connection as connection
from oauthlib.oauth2 import InvalidGrantError, TokenExpiredError
from requests_oauthlib import OAuth2Session

SITE = "http://pump.test"
HOST, PORT = sys.argv[1].rsplit(":", 1)
REDIRECT = "http://127.0.0.1:8123/done"

# The name of the server exists only here.
connect = connection.create_connection
connection.create_connection = lambda address, *rest, **named: connect((HOST, int(PORT)), *rest, **named)


class Forms(html.parser.HTMLParser):
    """The fields of the only form of a page."""

    def __init__(self, text):
        super().__init__()
        self.action, self.fields = None, {}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.action = attributes["action"]
        elif tag == "input" and attributes.get("type") == "hidden":
            self.fields[attributes["name"]] = attributes["value"]


def browse(url):
    """Logs in and agrees, as somebody in a browser does; answers where the browser ends."""
    browser = requests.Session()
    login = Forms(browser.get(url).text)
    person = {"nickname": "evan", "password": "correct-horse-7", "login": "yes"}
    consent = Forms(browser.post(SITE + login.action, data={**login.fields, **person}).text)
    answer = browser.post(SITE + consent.action, data={**consent.fields, "allow": "yes"}, allow_redirects=False)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


server = requests.get(SITE + "/.well-known/oauth-authorization-server").json()
client = requests.post(
    server["registration_endpoint"],
    json={
        "client_name": "Library",
        "redirect_uris": ["http://127.0.0.1/done"],
        "token_endpoint_auth_method": "none",
        "application_type": "native",
    },
)
assert client.status_code == 201, client.text
client_id = client.json()["client_id"]

session = OAuth2Session(client_id, redirect_uri=REDIRECT, scope=["read", "writeown"], pkce="S256")
url, state = session.authorization_url(server["authorization_endpoint"])
back = browse(url)
assert "iss=http%3A%2F%2Fpump.test" in back, back
token = session.fetch_token(server["token_endpoint"], authorization_response=back, include_client_id=True)
assert token["token_type"] == "Bearer" and token["expires_in"] == 3600, token

posted = session.post(
    SITE + "/api/user/evan/feed",
    json={"verb": "post", "object": {"objectType": "note", "content": "from a library"}},
)
assert posted.status_code == 200, posted.text
assert posted.json()["generator"]["displayName"] == "Library"
assert session.get(SITE + "/api/user/evan/inbox").json()["totalItems"] >= 1

first = dict(token)
token = session.refresh_token(server["token_endpoint"], client_id=client_id)
assert token["refresh_token"] != first["refresh_token"]
assert session.get(SITE + "/api/whoami", allow_redirects=False).status_code == 302

gone, headers, body = session._client.prepare_token_revocation_request(
    server["revocation_endpoint"], token["refresh_token"], token_type_hint="refresh_token", client_id=client_id
)
assert requests.post(gone, headers=headers, data=body).status_code == 200
assert session.get(SITE + "/api/whoami", allow_redirects=False).status_code == 401
try:
    session.refresh_token(server["token_endpoint"], client_id=client_id)
    sys.exit("a token that was given back still gives others")
except (InvalidGrantError, TokenExpiredError) as error:
    print("refused:", error)
