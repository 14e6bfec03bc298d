"""A session of PyPump 0.7, a real pump.io client, with Pumphouse.

Runs in a network of its own where the server has port 80 and the name pump.test (`pypump.rs` makes it). PyPump tries
https first, finds nobody there, and falls back to http. Arguments: the server's binary, a data directory, a picture.
"""

import html.parser
import os
import subprocess
import sys
import warnings

import requests

from requests_oauthlib import OAuth1

from pypump import Client, PyPump
from pypump.exceptions import PyPumpException
from pypump.store import DummyStore

HOST = "pump.test"
PASSWORD = "correct-horse-7"
warnings.simplefilter("ignore")


def check(what, found, expected=True):
    """Ends the session unless what was found is what was expected."""
    if found != expected:
        sys.exit(f"{what}: expected {expected!r}, found {found!r}")
    print(f"ok: {what}")


class Page(html.parser.HTMLParser):
    """The forms of a page, and the texts of elements that have an id."""

    def __init__(self, text):
        super().__init__()
        self.forms, self.texts, self.open = {}, {}, []
        self.form = None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "form":
            self.form = self.forms.setdefault(
                given.get("id", ""), {"action": given.get("action", ""), "fields": {}}
            )
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


class Pump(PyPump):
    """PyPump with what it needs today."""

    @property
    def me(self):
        """Somebody who has read nothing yet: feeds that PyPump has read whole lose their types at the second look."""
        return self.Person(f"{self.client.nickname}@{self.client.server}")

    def request(self, *args, **kwargs):
        """Lengths of files are given as numbers, which the requests of today refuses as headers."""
        if kwargs.get("headers"):
            kwargs["headers"] = {name: str(value) for name, value in kwargs["headers"].items()}
        return super().request(*args, **kwargs)


def consent(nickname):
    """Somebody at a browser who logs in, agrees, and reads the verifier off the page."""

    def go(url):
        browser = requests.Session()
        page = browser.get(url)
        check(f"{nickname} sees the login page at {url.split('?')[0]}", page.status_code, 200)
        form = Page(page.text).forms["oauth-authentication"]
        fields = {**form["fields"], "username": nickname, "password": PASSWORD}
        page = browser.post(requests.compat.urljoin(page.url, form["action"]), data=fields)
        check(f"{nickname} sees the consent page", page.status_code, 200)
        form = Page(page.text).forms["authorize"]
        page = browser.post(requests.compat.urljoin(page.url, form["action"]), data=form["fields"])
        check(f"{nickname} sees the verifier", page.status_code, 200)
        return Page(page.text).texts["verifier"].strip()

    return go


def register(*nicknames):
    """Gives people accounts, which PyPump itself cannot do."""
    about = {"type": "client_associate", "application_type": "native"}
    client = requests.post(f"http://{HOST}/api/client/register", json=about).json()
    proof = OAuth1(client["client_id"], client["client_secret"])
    for nickname in nicknames:
        account = {"nickname": nickname, "password": PASSWORD}
        answer = requests.post(f"http://{HOST}/api/users", json=account, auth=proof)
        check(f"{nickname} has an account", answer.status_code, 200)


def connect(nickname):
    client = Client(webfinger=f"{nickname}@{HOST}", type="native", name="PyPump story")
    return Pump(
        client=client,
        verifier_callback=consent(nickname),
        store=DummyStore(),
        verify_requests=False,
        timeout=30,
    )


def session(picture):
    alice, bob = connect("alice"), connect("bob")
    check("the profile is read", alice.me.id, f"acct:alice@{HOST}")
    check("the profile has its links", alice.me.links["self"], f"http://{HOST}/api/user/alice/profile")

    bob.Person(f"alice@{HOST}").follow()
    check("bob follows alice", [person.id for person in bob.me.following], [f"acct:alice@{HOST}"])
    check("alice is followed", [person.webfinger for person in alice.me.followers], [f"bob@{HOST}"])
    try:
        bob.Person(f"alice@{HOST}").follow()
        check("following twice is refused", False)
    except PyPumpException as error:
        check("following twice is refused with words", bool(str(error)))

    note = alice.Note("<b>Hello</b> from PyPump", display_name="A note")
    note.to = alice.Public
    note.cc = alice.me.followers
    note.send()
    check("the note has an id", note.id.startswith(f"http://{HOST}/api/note/"))
    check("the note has its author", note.author.id, f"acct:alice@{HOST}")
    plain = alice.Note("no recipients")
    plain.send()

    image = alice.Image(display_name="Sunset", content="by the sea")
    image.from_file(picture)
    check("the picture has a title", image.display_name, "Sunset")
    check("the picture is shown small", image.thumbnail.width, 320)
    check("the picture is there in full", image.original.width, 640)
    bare = alice.Image()
    bare.from_file(picture)
    check("a picture without words is posted", bare.id.startswith(f"http://{HOST}/api/image/"))

    major = [activity.obj.id for activity in bob.me.inbox.major.items(limit=20)]
    check("bob's inbox has all four", [thing.id in major for thing in (note, plain, image, bare)], [True] * 4)
    received = next(a.obj for a in bob.me.inbox.major.items(limit=20) if a.obj.id == note.id)
    check("bob reads what alice wrote", received.content, "<b>Hello</b> from PyPump")

    received.like()
    check("bob likes it", received.liked)
    check("alice sees who likes it", [person.id for person in note.likes], [f"acct:bob@{HOST}"])
    check("bob's favorites have it", [thing.id for thing in bob.me.favorites], [note.id])
    received.comment("Nice one")
    check("the comment stands below the note", [c.content for c in note.comments], ["Nice one"])
    received.share()
    check("alice sees who shared it", [person.id for person in note.shares], [f"acct:bob@{HOST}"])
    check("the share is in bob's feed", [a.verb for a in bob.me.outbox.major.items(limit=1)], ["share"])
    minor = [activity.verb for activity in alice.me.inbox.minor.items(limit=10)]
    check("alice hears of the comment", "post" in minor)
    received.unlike()
    received.unshare()
    check("nobody likes it any more", [person.id for person in bob.me.favorites], [])

    direct = alice.Note("for bob alone")
    direct.to = alice.Person(f"bob@{HOST}")
    direct.send()
    items = [a.obj.content for a in bob.me.inbox.direct.major.items(limit=1)]
    check("bob gets it directly", items, ["for bob alone"])

    names = sorted(str(collection) for collection in alice.me.lists)
    check("alice has her lists", names, ["Acquaintances", "Coworkers", "Family", "Friends"])
    band = alice.me.lists.create("Band", content="we play")
    check("a list is made", str(band), "Band")
    band.add(alice.Person(f"bob@{HOST}"))
    check("bob is on it", [person.id for person in band.members], [f"acct:bob@{HOST}"])
    to_band = alice.Note("for the band")
    to_band.to = band
    to_band.send()
    check("the band hears of it", next(iter(bob.me.inbox.major.items(limit=1))).obj.content, "for the band")
    band.remove(alice.Person(f"bob@{HOST}"))
    check("bob is off it", [person.id for person in alice.me.lists["Band"].members], [])
    band.delete()

    for number in range(25):
        alice.Note(f"number {number}").send()
    paged = [activity.obj.content for activity in alice.me.outbox.major.items(limit=25)]
    check("pages follow each other", paged, [f"number {number}" for number in range(24, -1, -1)])
    newest = next(iter(alice.me.outbox.major.items(limit=1)))
    older = [a.obj.content for a in alice.me.outbox.major.items(before=newest.id, limit=2)]
    check("what came before", older, ["number 23", "number 22"])

    plain.delete()
    check("the note is gone", plain.deleted is not None)
    bob.Person(f"alice@{HOST}").unfollow()
    check("bob follows nobody", [person.id for person in bob.me.following], [])


def main():
    binary, directory, picture = sys.argv[1:]
    serve = [binary, "--hostname", HOST, "--address", "127.0.0.1", "--port", "80", "--datadir", directory]
    server = subprocess.Popen(serve, stdout=subprocess.PIPE, env={"PATH": os.environ.get("PATH", "")})
    try:
        line = server.stdout.readline().decode()
        check("the server listens", line.startswith("listening on http://"))
        register("alice", "bob")
        session(picture)
    finally:
        server.terminate()
        check("the server stops well", server.wait(), 0)


main()
