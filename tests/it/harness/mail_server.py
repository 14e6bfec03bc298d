"""A mail server for the stories: aiosmtpd on a free port of this machine. What it got goes to standard output, one JSON
object a line; standard input says how it behaves from then on."""

import asyncio
import email
import email.policy
import json
import logging
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

logging.disable(logging.CRITICAL)
USER, PASSWORD = b"pump", b"sesame-7"
options = json.loads(sys.argv[1])
behaviour = "accept"


def say(**what):
    print(json.dumps(what), flush=True)


class Handler:
    async def handle_MAIL(self, server, session, envelope, address, mail_options):
        if behaviour == "silent":
            say(event="silent")
            await asyncio.sleep(3600)
        if behaviour == "no-sender":
            return "553 5.7.1 Not your sender"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if behaviour in ("defer", "refuse"):
            say(event=behaviour)
            return "451 4.7.1 Come back later" if behaviour == "defer" else "550 5.1.1 Nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        part = lambda kind: message.get_body((kind,)).get_content()
        say(
            event="letter",
            sender=envelope.mail_from,
            to=envelope.rcpt_tos,
            headers={name.lower(): str(value) for name, value in message.items()},
            names=[name.lower() for name in message.keys()],
            defects=[repr(defect) for defect in message.defects],
            text=part("plain"),
            html=part("html"),
            encrypted=server.transport.get_extra_info("ssl_object") is not None,
            user=session.auth_data.login.decode() if session.authenticated else None,
            ascii=envelope.content.isascii(),
        )
        if behaviour == "break":
            # The letter is here, and the sender never hears of it.
            server.transport.abort()
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (USER, PASSWORD)
    return AuthResult(success=known, handled=False, auth_data=data)


def protocol(tls, wrapped):
    return SMTP(
        Handler(),
        hostname="mail.test",
        tls_context=None if wrapped else tls,
        authenticator=authenticate if options.get("login") else None,
        auth_required=bool(options.get("login")),
        auth_require_tls=False,
    )


async def main():
    global behaviour
    tls, wrapped = None, options.get("wrapped", False)
    if options.get("certificate"):
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(options["certificate"], options["key"])
    loop = asyncio.get_running_loop()
    open_at = lambda port: loop.create_server(
        lambda: protocol(tls, wrapped), "127.0.0.1", port, ssl=tls if wrapped else None
    )
    server = await open_at(0)
    port = server.sockets[0].getsockname()[1]
    say(event="port", port=port)
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        behaviour = line.decode().strip()
        if behaviour == "down":
            server.close()
        elif behaviour == "up":
            server = await open_at(port)
        say(event="behaves", how=behaviour)


asyncio.run(main())
