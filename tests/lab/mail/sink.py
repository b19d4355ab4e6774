"""An SMTP server that delivers nothing: FILE gets one JSON text a mail. Arguments: FILE PORT PASSWORD."""

import asyncio
import json
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

path, port, password = sys.argv[1], int(sys.argv[2]), sys.argv[3].encode()


class Keep:
    async def handle_DATA(self, server, session, envelope):
        login = getattr(session, "auth_data", None)
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "user": login.login.decode() if login else None,
            "data": envelope.content.decode("utf8", "replace"),
        }
        with open(path, "a") as kept:
            kept.write(json.dumps(mail, ensure_ascii=False) + "\n")
        return "250 OK queued"


def authenticate(server, session, envelope, mechanism, data):
    # handled=True would leave a refused client without an answer.
    return AuthResult(success=data.password == password, handled=False, auth_data=data)


Controller(Keep(), hostname="127.0.0.1", port=port, authenticator=authenticate, auth_require_tls=False).start()
asyncio.new_event_loop().run_forever()
