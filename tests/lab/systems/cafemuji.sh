# cafeMuji: Django 5.2 with SQLite under gunicorn, straight on the host as its manual has it.
# shellcheck shell=bash
CAFE_URL=http://127.0.0.1:8090
VENV=$LAB/cafemuji/project/.venv

cafemuji_secrets() { export CAFEMUJI_DB_PASSWORD=unused CAFEMUJI_NEW_PASSWORD=Sakura-9-Michi; }

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
    (cd "$LAB/cafemuji/project" && "$VENV/bin/python" manage.py migrate -v 0 && "$VENV/bin/python" manage.py seed && "$VENV/bin/python" manage.py collectstatic -v 0 --no-input)
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

cafemuji_down() { stop "$LAB/cafemuji/hold.pid" EXCLUSIVE; stop "$LAB/cafemuji/gunicorn.pid" gunicorn; }
cafemuji_status() { url_status "$CAFE_URL/health/"; }

sqlite() { "$VENV/bin/python" -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute(sys.argv[2])' "$LAB/cafemuji/project/db.sqlite3" "$1"; }

# Holds the database until it is ended, as a report that writes and hangs does.
cafemuji_hold() {
  exec "$VENV/bin/python" -c 'import sqlite3, sys, time
held = sqlite3.connect(sys.argv[1])
held.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
time.sleep(600)' "$LAB/cafemuji/project/db.sqlite3"
}

cafemuji_breaks=(cafe-health cafe-static cafe-sessions cafe-locked cafe-gone cafe-full)
cafemuji_break() {
  case "$1" in
    cafe-health) touch "$LAB/cafemuji/project/unhealthy" ;; # it answers its health check with 503
    cafe-static) rm -rf "$LAB/cafemuji/project/staticfiles/css" ;;        # its pages have lost their style sheet
    cafe-sessions) sqlite "ALTER TABLE django_session RENAME TO lost_session" ;;
    cafe-gone) mv "$LAB/cafemuji/project/db.sqlite3" "$LAB/cafemuji/project/db.gone" ;;
    cafe-full) mount -t tmpfs -o size=4k,nr_inodes=1,mode=0700 lab-full "$LAB/cafemuji/backups" ;; # no room for a backup
    cafe-locked)
      cafemuji_hold </dev/null >"$LAB/cafemuji/held" 2>&1 &
      echo $! >"$LAB/cafemuji/hold.pid"
      wait_for 10 'the hold on the database' grep -q held "$LAB/cafemuji/held" ;;
  esac
}
cafemuji_mend() {
  case "$1" in
    cafe-health) rm -f "$LAB/cafemuji/project/unhealthy" ;;
    cafe-static) (cd "$LAB/cafemuji/project" && "$VENV/bin/python" manage.py collectstatic -v 0 --no-input) ;;
    cafe-sessions) sqlite "ALTER TABLE lost_session RENAME TO django_session" 2>/dev/null || true ;;
    # What looked for the database meanwhile may have made an empty one.
    cafe-gone) if [ -e "$LAB/cafemuji/project/db.gone" ]; then mv -f "$LAB/cafemuji/project/db.gone" "$LAB/cafemuji/project/db.sqlite3"; fi ;;
    cafe-full) umount "$LAB/cafemuji/backups" ;;
    cafe-locked) stop "$LAB/cafemuji/hold.pid" EXCLUSIVE ;;
  esac
}
