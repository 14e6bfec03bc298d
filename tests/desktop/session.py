"""Pumpa and Dianara with Pumphouse, driven by xdotool; `run` makes the network that this expects.

Arguments: the server's binary, a directory for screenshots, and the clients to try (both without). After each deed the
server is asked over the API whether it happened; what the windows show is in the screenshots.
"""

import html.parser
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.parse

import requests
from requests_oauthlib import OAuth1

BASE = "http://pump.test"
PASSWORD = "correct-horse-7"
DISPLAY = ":97"
PATIENCE_SECS = 60
PUBLIC = {"objectType": "collection", "id": "http://activityschema.org/collection/public"}

BINARY, SHOTS = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
WANTED = sys.argv[3:] or ["pumpa", "dianara"]
PLACE = pathlib.Path(tempfile.mkdtemp(prefix="pumphouse-desktop-"))
shots = 0


def until(what, question):
    """Waits until the question is answered with something; ends the session if it never is."""
    end = time.monotonic() + PATIENCE_SECS
    while time.monotonic() < end:
        found = question()
        if found:
            print(f"ok: {what}", flush=True)
            return found
        time.sleep(0.25)
    shot("failed")
    sys.exit(f"FAILED: {what}")


class Page(html.parser.HTMLParser):
    """The forms of a page, and the texts of elements that have an id."""

    def __init__(self, text):
        super().__init__()
        self.forms, self.texts, self.open, self.form = {}, {}, [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "form":
            self.form = self.forms.setdefault(given.get("id", ""), {"action": given.get("action", ""), "fields": {}})
        if tag == "input" and self.form is not None and given.get("name") and given.get("type") != "submit":
            self.form["fields"][given["name"]] = given.get("value", "")
        if tag not in ("input", "meta", "link", "br", "img", "hr"):
            self.open.append(given.get("id"))

    def handle_endtag(self, tag):
        if tag == "form":
            self.form = None
        if self.open:
            self.open.pop()

    def handle_data(self, data):
        if self.open and self.open[-1]:
            self.texts[self.open[-1]] = self.texts.get(self.open[-1], "") + data


class Person:
    """Somebody who also speaks to the API, beside the client in the window."""

    client = None

    def __init__(self, nickname):
        if Person.client is None:
            asked = {"type": "client_associate", "application_type": "native", "application_name": "Script"}
            Person.client = requests.post(f"{BASE}/api/client/register", json=asked, timeout=30).json()
        key, secret = Person.client["client_id"], Person.client["client_secret"]
        account = {"nickname": nickname, "password": PASSWORD}
        answer = requests.post(f"{BASE}/api/users", json=account, auth=OAuth1(key, secret), timeout=30).json()
        self.nickname = nickname
        self.proof = OAuth1(key, secret, answer["token"], answer["secret"])
        self.reference = {"objectType": "person", "id": f"acct:{nickname}@pump.test"}

    def post(self, activity):
        answer = requests.post(f"{BASE}/api/user/{self.nickname}/feed", json=activity, auth=self.proof, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def items(self, stream):
        answer = requests.get(f"{BASE}/api/user/{self.nickname}/{stream}", auth=self.proof, timeout=30)
        return answer.json()["items"]

    def did(self, verb, test=lambda activity: True):
        """A question: the newest activity of this verb that passes the test."""
        return lambda: next((item for item in self.items("feed") if item["verb"] == verb and test(item)), None)


def consent(nickname, url):
    """The browser's part: logs in, agrees, and reads the verifier off the page."""
    browser = requests.Session()
    page = browser.get(url, timeout=30)
    form = Page(page.text).forms["oauth-authentication"]
    fields = {**form["fields"], "username": nickname, "password": PASSWORD}
    page = browser.post(urllib.parse.urljoin(page.url, form["action"]), data=fields, timeout=30)
    form = Page(page.text).forms["authorize"]
    page = browser.post(urllib.parse.urljoin(page.url, form["action"]), data=form["fields"], timeout=30)
    return Page(page.text).texts["verifier"].strip()


def opened():
    """A question: the address that the client gave to the web browser."""

    def look():
        try:
            lines = (PLACE / "opened").read_text().split()
        except FileNotFoundError:
            return None
        return next((line for line in reversed(lines) if "oauth_token" in line), None)

    return look


def x(*words):
    """One xdotool command."""
    return subprocess.run(["xdotool", *map(str, words)], check=False, capture_output=True, text=True).stdout.strip()


def window(name):
    """A question: the largest visible window of a name (a regular expression)."""

    def look():
        sizes = []
        for number in x("search", "--onlyvisible", "--name", name).split():
            lines = x("getwindowgeometry", "--shell", number).splitlines()
            shape = dict(line.split("=") for line in lines if "=" in line)
            sizes.append((int(shape.get("WIDTH", 0)) * int(shape.get("HEIGHT", 0)), number))
        large = [size for size in sizes if size[0] > 10_000]
        return max(large)[1] if large else None

    return look


def show(what, name, left, top, width=None, height=None):
    """Waits for a window, and moves it to where it hides no other."""
    number = until(what, window(name))
    x("windowraise", number, "windowmove", number, left, top)
    if width:
        x("windowsize", number, width, height)
    settle()
    return number


def click(number, left, top, times=1):
    """Clicks into a window, at a place counted from its upper left corner without the frame."""
    x("mousemove", "--window", number, left, top, "click", "--repeat", times, 1)
    settle()


def write(text):
    x("type", "--delay", 15, text)
    settle()


def key(*names):
    x("key", *names)
    settle()


def settle():
    """Windows are drawn when they are; nothing tells when."""
    time.sleep(1)


def shot(name):
    """Keeps what the screen shows."""
    global shots
    shots += 1
    subprocess.run(["import", "-window", "root", SHOTS / f"{shots:02}-{name}.png"], check=False)


def start(name, *arguments, preload=""):
    """Starts a client with a home of its own and a web browser that only writes down addresses."""
    home = PLACE / f"home-{name}"
    home.mkdir(mode=0o700, exist_ok=True)
    (PLACE / "opened").unlink(missing_ok=True)
    environment = {**os.environ, "LD_PRELOAD": preload, "HOME": str(home), "XDG_RUNTIME_DIR": str(home), "PATH": f"{PLACE / 'bin'}:{os.environ['PATH']}"}
    log = (SHOTS / f"{name}.log").open("ab")
    return subprocess.Popen([name, *arguments], env=environment, stdout=log, stderr=log, cwd=PLACE)


def pumpa(alice, bob, picture):
    """Pumpa's wizard, then every button of a post, then its composer."""
    client = start("pumpa")
    wizard = show("Pumpa shows its wizard", "^Pumpa$", 10, 40)
    click(wizard, 250, 250, 3)
    write("alice@pump.test")
    key("Tab", "space")  # no secure connection: nobody listens on port 443
    shot("pumpa-wizard")
    key("Return")
    verifier = consent("alice", until("Pumpa opens the browser", opened()))
    wizard = show("Pumpa asks for the verifier", "^Pumpa$", 10, 40)
    click(wizard, 250, 220)
    write(verifier)
    shot("pumpa-verifier")
    click(wizard, 363, 336)
    inbox = show("Pumpa shows its inbox", "^Pumpa - alice", 10, 40, 700, 800)
    shot("pumpa-inbox")
    click(inbox, 123, 160)
    until("Pumpa likes", alice.did("like", lambda item: item["object"]["content"] == "A second note by Bob"))
    shot("pumpa-liked")
    click(inbox, 210, 186)
    until("Pumpa follows", alice.did("follow", lambda item: item["object"]["id"] == bob.reference["id"]))
    shot("pumpa-followed")
    click(inbox, 287, 186)
    composer = show("Pumpa asks for a comment", "Pumpa - Post a reply", 730, 100)
    write("A comment by Pumpa")
    shot("pumpa-comment")
    click(composer, 326, 388)
    until("Pumpa comments", alice.did("post", lambda item: "A comment by Pumpa" in item["object"].get("content", "")))
    click(inbox, 207, 186)
    key("Return")  # it asks whether one means it
    until("Pumpa shares", alice.did("share"))
    shot("pumpa-shared")

    key("ctrl+n")
    composer = show("Pumpa shows its composer", "Post a note", 730, 100)
    write("A note by Pumpa")
    shot("pumpa-note")
    click(composer, 326, 388)
    until("Pumpa posts a note", alice.did("post", lambda item: "A note by Pumpa" in item["object"].get("content", "")))

    key("ctrl+n")
    composer = show("Pumpa shows its composer", "Post a note", 730, 100)
    write("A picture by Pumpa")
    click(composer, 55, 111)
    show("Pumpa asks for a picture", "Select Image", 200, 200)
    write(picture)
    key("Return")
    composer = show("Pumpa shows the picture", "Post a", 730, 100)
    shot("pumpa-picture")
    click(composer, 326, 388)
    until("Pumpa posts a picture", alice.did("post", lambda item: item["object"]["objectType"] == "image"))
    settle()
    shot("pumpa-posted")
    client.terminate()
    return client


def dianara(anna, bob, picture):
    """Dianara's account window, then the buttons of a post, then its composer."""
    client = start("dianara", "--nohttps", "--ignoresslerrors", preload=str(SHOTS / "spell_checker.so"))
    wizard = show("Dianara shows its wizard", "Welcome Wizard", 700, 40)
    click(wizard, 260, 135)
    account = show("Dianara asks for the account", "Account Configuration", 10, 40)
    click(account, 436, 218)
    write("anna@pump.test")
    click(account, 684, 218)
    verifier = consent("anna", until("Dianara opens the browser", opened()))
    click(account, 387, 431)
    write(verifier)
    shot("dianara-verifier")
    click(account, 672, 431)
    settle()
    shot("dianara-authorised")
    click(account, 605, 597)
    click(show("Dianara still shows its wizard", "Welcome Wizard", 700, 40), 466, 597)
    timeline = show("Dianara shows its timeline", "Timeline", 10, 40, 1200, 800)
    time.sleep(20)
    shot("dianara-timeline")
    click(timeline, 423, 389)
    until("Dianara likes", anna.did("favorite"))
    shot("dianara-liked")
    click(timeline, 504, 389)
    settle()
    write("A comment by Dianara")
    shot("dianara-comment")
    click(timeline, 1072, 560)
    until("Dianara comments", anna.did("post", lambda item: "A comment by Dianara" in item["object"].get("content", "")))
    click(timeline, 585, 184)
    settle()
    key("alt+y")  # it asks whether one means it
    until("Dianara shares", anna.did("share"))
    shot("dianara-shared")
    click(timeline, 250, 120)
    click(timeline, 251, 228)
    until("Dianara follows", anna.did("follow", lambda item: item["object"]["id"] == bob.reference["id"]))
    shot("dianara-followed")
    key("ctrl+n")
    write("A note by Dianara")
    shot("dianara-note")
    click(timeline, 1130, 446)
    until("Dianara posts a note", anna.did("post", lambda item: "A note by Dianara" in item["object"].get("content", "")))
    key("ctrl+n")
    write("A picture by Dianara")
    click(timeline, 623, 446)
    key("Down")
    key("Return")
    show("Dianara asks for a picture", "Select one image", 200, 200)
    write(picture)
    key("Return")
    shot("dianara-picture")
    click(timeline, 1130, 446)
    key("Return")  # it asks whether it shall go without a title
    until("Dianara posts a picture", anna.did("post", lambda item: item["object"]["objectType"] == "image"))
    time.sleep(5)
    shot("dianara-posted")
    return client


def main():
    (PLACE / "bin").mkdir()
    browser = PLACE / "bin" / "xdg-open"
    browser.write_text(f'#!/bin/sh\necho "$@" >> "{PLACE}/opened"\n')
    browser.chmod(0o755)
    picture = str(PLACE / "dunes.jpg")
    subprocess.run(["convert", "-size", "800x600", "gradient:orange-blue", picture], check=True)
    options = ["--hostname", "pump.test", "--port", "80", "--urlPort", "80", "--address", "127.0.0.1"]
    log = (SHOTS / "server.log").open("wb")
    server = subprocess.Popen([BINARY, *options, "--datadir", PLACE / "data"], stdout=log, stderr=log)
    # Dianara asks for accounts over https, whatever it is told: somebody answers there, too.
    tls = f"OPENSSL-LISTEN:443,reuseaddr,fork,verify=0,cert={SHOTS}/certificate.pem,key={SHOTS}/key.pem"
    front = subprocess.Popen(["socat", tls, "TCP:127.0.0.1:80"], stderr=subprocess.DEVNULL)
    screen = subprocess.Popen(["Xvfb", DISPLAY, "-screen", "0", "1280x900x24", "-nolisten", "tcp"], stderr=subprocess.DEVNULL)
    os.environ["DISPLAY"] = DISPLAY
    until("the screen is there", lambda: subprocess.run(["xdpyinfo"], capture_output=True, check=False).returncode == 0)
    manager = subprocess.Popen(["openbox"], stderr=subprocess.DEVNULL)
    started = [manager, screen, front, server]
    try:
        until("the server answers", lambda: subprocess.run(["curl", "-sf", BASE], capture_output=True, check=False).returncode == 0)
        bob = Person("bob")
        clients = {"pumpa": (pumpa, "alice"), "dianara": (dianara, "anna")}
        for drive, nickname in (clients[name] for name in WANTED):
            person = Person(nickname)
            for content in ("The first note by Bob", "A second note by Bob"):
                note = {"objectType": "note", "content": content}
                bob.post({"object": note, "to": [person.reference], "cc": [PUBLIC]})
            bob.post({"verb": "follow", "object": person.reference})
            started.insert(0, drive(person, bob, picture))
    finally:
        for process in started:
            process.terminate()
            process.wait()
    print(f"done; look at the screenshots in {SHOTS}")


if __name__ == "__main__":
    main()
