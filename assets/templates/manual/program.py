"""Posts a line of a diary, reads the stream, and listens to it."""
import base64, hashlib, http.server, json, os, secrets, sys, urllib.error, urllib.parse, urllib.request

SITE = "https://pump.example"


def call(path, body=None, headers=None, token=None):
    """One request; the answer as JSON. A body that is text is a form."""
    headers = dict(headers or {})
    if token:
        headers["Authorization"] = "Bearer " + token
    if isinstance(body, dict):
        headers["Content-Type"] = "application/json"
        body = json.dumps(body)
    data = body.encode() if body is not None else None
    request = urllib.request.Request(SITE + path, data, headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def ask_the_user():
    """Makes this program known, lets the user agree, and answers an access token."""
    back = http.server.HTTPServer(("127.0.0.1", 0), Back)
    redirect = "http://127.0.0.1:%d/back" % back.server_port
    client = call("/api/client/register", {
        "client_name": "Diary",
        "redirect_uris": ["http://127.0.0.1/back"],
        "token_endpoint_auth_method": "none",
    })
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    question = {
        "response_type": "code", "client_id": client["client_id"], "redirect_uri": redirect,
        "scope": "read writeown", "state": state,
        "code_challenge": challenge.decode(), "code_challenge_method": "S256",
    }
    print("Open this address in your browser, and agree:")
    print(SITE + "/oauth2/authz?" + urllib.parse.urlencode(question), flush=True)
    back.handle_request()
    said = back.said
    if said.get("state") != [state] or "code" not in said:
        sys.exit("That was not agreed to: %s" % said)
    form = {
        "grant_type": "authorization_code", "code": said["code"][0], "redirect_uri": redirect,
        "client_id": client["client_id"], "code_verifier": verifier,
    }
    return call("/oauth2/token", urllib.parse.urlencode(form))["access_token"]


class Back(http.server.BaseHTTPRequestHandler):
    """Where the browser comes back to."""

    def do_GET(self):
        self.server.said = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(b"Thank you. You can close this window.")

    def log_message(self, *_):
        pass


def listen(path, token):
    """Each activity that comes in, one after another."""
    headers = {"Authorization": "Bearer " + token, "Accept": "text/event-stream"}
    with urllib.request.urlopen(urllib.request.Request(SITE + path, headers=headers)) as stream:
        for line in stream:
            if line.startswith(b"data:"):
                yield json.loads(line[5:])


token = ask_the_user()
me = call("/api/whoami", token=token)["preferredUsername"]
line = {
    "verb": "post",
    "object": {
        "objectType": "note",
        "id": "tag:diary.example,2026:%s/first-line" % me,
        "content": "Dear diary, today I wrote a program.",
    },
    "cc": [{"objectType": "collection", "id": "http://activityschema.org/collection/public"}],
}
try:
    call("/api/user/%s/feed" % me, line, token=token)
    print("posted")
except urllib.error.HTTPError as error:
    if error.code != 400:
        raise
    print("posted before:", json.load(error)["error"])
for activity in call("/api/user/%s/feed/major?count=5" % me, token=token)["items"]:
    print("read:", activity["published"], activity["content"])
print("listening", flush=True)
for activity in listen("/api/user/%s/inbox/major/stream" % me, token):
    print("heard:", activity["object"].get("content"), flush=True)
