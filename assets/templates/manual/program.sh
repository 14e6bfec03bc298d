#!/bin/sh
# Posts a line of a diary, reads the stream, and listens to it. Needs curl 7.82, jq and openssl.
set -eu
SITE=https://pump.example

# 1. Makes itself known.
client=$(curl -sf --json '{
  "client_name": "Diary",
  "redirect_uris": ["http://127.0.0.1:8910/back"],
  "token_endpoint_auth_method": "none"
}' $SITE/api/client/register | jq -r .client_id)

# 2. Lets the user agree. Nobody listens at the address to which the browser comes back: the code is read off it.
verifier=$(openssl rand -hex 32)
challenge=$(printf %s "$verifier" | openssl dgst -sha256 -binary | openssl base64 | tr '+/' '-_' | tr -d '=')
echo "Open this address in your browser, and agree:"
echo "$SITE/oauth2/authz?response_type=code&client_id=$client&redirect_uri=http%3A%2F%2F127.0.0.1%3A8910%2Fback&scope=read%20writeown&state=x&code_challenge=$challenge&code_challenge_method=S256"
echo "Then paste the address of the page that cannot be opened:"
read -r back
code=$(printf %s "$back" | sed -n 's/.*[?&]code=\([^&]*\).*/\1/p')
token=$(curl -sf -d grant_type=authorization_code -d "code=$code" -d "client_id=$client" \
  -d "code_verifier=$verifier" --data-urlencode "redirect_uri=http://127.0.0.1:8910/back" \
  $SITE/oauth2/token | jq -r .access_token)
pump() { curl -s -H "Authorization: Bearer $token" "$@"; }

# 3. Posts with an id of its own: a second time is refused.
me=$(pump -L $SITE/api/whoami | jq -r .preferredUsername)
pump --json @- "$SITE/api/user/$me/feed" <<END | jq -r 'if .error then "posted before: " + .error else "posted" end'
{
  "verb": "post",
  "object": {
    "objectType": "note",
    "id": "tag:diary.example,2026:$me/line-by-a-script",
    "content": "Dear diary, today I wrote a script."
  },
  "cc": [{"objectType": "collection", "id": "http://activityschema.org/collection/public"}]
}
END

# 4. Reads the stream.
pump "$SITE/api/user/$me/feed/major?count=5" | jq -r '.items[] | "read: " + .published + " " + .content'

# 5. Listens to it.
echo listening
pump -N "$SITE/api/user/$me/inbox/major/stream" | while read -r line; do
  case "$line" in
  data:*) printf '%s\n' "${line#data:}" | jq -r '"heard: " + (.object.content // "")' ;;
  esac
done
