# cafeMuji: Django 5.2 with SQLite under gunicorn, straight on the host as its manual has it.
# shellcheck shell=bash
CAFE_URL=http://127.0.0.1:8090
VENV=$LAB/cafemuji/project/.venv

cafemuji_secrets() { export CAFEMUJI_DB_PASSWORD=unused; }

# What its hosting does: a push to main is deployed, for as long as the file `autodeploy` is there; any version by hand.
cafemuji_hosting() {
  local at=$LAB/cafemuji
  rm -rf "${at:?}/origin.git" "${at:?}/work"
  git init -q --bare -b main "$at/origin.git"
  sed "s|@at@|$at|g" "$LAB_SOURCE/hosting/post-receive" >"$at/origin.git/hooks/post-receive"
  chmod +x "$at/origin.git/hooks/post-receive"
  cp -r "$LAB_SOURCE/cafemuji" "$at/work"
  (
    cd "$at/work"
    git init -q -b main
    git config user.name lab
    git config user.email lab@localhost
    git add --all
    git commit -q -m 'the first version'
    git tag v1.0.0
    git branch develop
    git remote add origin "$at/origin.git"
    git push -q origin main develop v1.0.0
  )
  touch "$at/autodeploy"
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
    cafemuji_hosting
    touch "$LAB/cafemuji/ready"
  fi
  local script
  for script in app deploy; do
    sed "s|@at@|$LAB/cafemuji|g" "$LAB_SOURCE/hosting/$script" >"$LAB/cafemuji/$script"
    chmod +x "$LAB/cafemuji/$script"
  done
  inside "$LAB/cafemuji/app" start
  wait_for 20 cafeMuji answers "$CAFE_URL/health/"
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
