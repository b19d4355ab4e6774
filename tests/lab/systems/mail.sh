# Where every system's mail goes: an SMTP server that keeps what it is sent, one JSON text a line, in target/lab/mail.
# shellcheck shell=bash
MAIL_PORT=2525

mail_secrets() { export LAB_MAIL_PASSWORD=lab-mail; }

mail_up() {
  mkdir -p "$LAB/mail"
  if [ -z "$(docker ps --quiet --filter name='^lab-mail$')" ]; then
    docker rm --force lab-mail >/dev/null 2>&1 || true
    docker run --detach --init --name lab-mail --network host --volume "$LAB_SOURCE/mail/sink.py:/sink.py:ro" --volume "$LAB/mail:/mail" \
      toban-lab:base python -W ignore /sink.py /mail/mail.jsonl $MAIL_PORT lab-mail >/dev/null
  fi
  wait_for 20 'the mail server' listens $MAIL_PORT
  say "mail       smtp://127.0.0.1:$MAIL_PORT"
}

mail_status() {
  listens $MAIL_PORT && echo "up  smtp://127.0.0.1:$MAIL_PORT" || { echo "down smtp://127.0.0.1:$MAIL_PORT"; return 1; }
}
