# cafeMuji: Django 5.2 with SQLite under gunicorn, straight on the host as its manual has it.
# shellcheck shell=bash
CAFE_URL=http://127.0.0.1:8090
VENV=$LAB/cafemuji/project/.venv

cafemuji_secrets() { export CAFEMUJI_DB_PASSWORD=unused; }

cafemuji_serve() {
  alive "$LAB/cafemuji/gunicorn.pid" gunicorn && return 0
  rm -f "$LAB/cafemuji/gunicorn.pid"
  (
    cd "$LAB/cafemuji/project"
    inside "$VENV/bin/gunicorn" --bind 127.0.0.1:8090 --workers 2 --pid "$LAB/cafemuji/gunicorn.pid" --daemon \
      --access-logfile logs/access.log --error-logfile logs/gunicorn.log config.wsgi
  )
  wait_for 20 cafeMuji answers "$CAFE_URL/health/"
}

cafemuji_up() {
  mkdir -p "$LAB/cafemuji/backups"
  chmod 700 "$LAB/cafemuji/backups"
  if [ ! -e "$LAB/cafemuji/ready" ]; then
    rm -rf "$LAB/cafemuji/project" "$VENV"
    cp -r "$LAB_SOURCE/cafemuji" "$LAB/cafemuji/project"
    mkdir -p "$LAB/cafemuji/project/logs"
    /usr/bin/python3 -m venv "$VENV"
    "$VENV/bin/pip" install -q --disable-pip-version-check --no-index --find-links "$(cat "$LAB/wheels")" -r "$LAB_SOURCE/cafemuji/requirements.txt"
    (cd "$LAB/cafemuji/project" && "$VENV/bin/python" manage.py migrate -v 0 && "$VENV/bin/python" manage.py seed)
    touch "$LAB/cafemuji/ready"
  fi
  cafemuji_serve
  say "cafeMuji   $CAFE_URL/health/"
}

cafemuji_down() { stop "$LAB/cafemuji/gunicorn.pid" gunicorn; }
cafemuji_status() { url_status "$CAFE_URL/health/"; }

cafemuji_breaks=(cafe-health)
cafemuji_break() {
  case "$1" in
    cafe-health) touch "$LAB/cafemuji/project/unhealthy" ;; # it answers its health check with 503
  esac
}
cafemuji_mend() {
  case "$1" in
    cafe-health) rm -f "$LAB/cafemuji/project/unhealthy" ;;
  esac
}
