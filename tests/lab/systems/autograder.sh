# autograder: Docker Compose with PostgreSQL, a Django backend, two front ends, and nginx with TLS before them.
# shellcheck shell=bash
AUTOGRADER=$LAB/autograder
AUTOGRADER_URL=https://127.0.0.1:8101
autograder() { docker compose --project-name autograder --project-directory "$AUTOGRADER/project" "$@"; }
autograder_answers() { [ "$(inside curl -sk -m 3 -o /dev/null -w '%{http_code}' "$AUTOGRADER_URL/$1")" = "${2:-200}" ]; }

autograder_secrets() { export AUTOGRADER_DB_PASSWORD=lab-postgres AUTOGRADER_NEW_PASSWORD=lab-changed; }

# The project's folder, its settings, its log, its pupils' files, its certificate.
autograder_project() {
  local project=$AUTOGRADER/project
  rm -rf "$project"
  cp -r "$LAB_SOURCE/autograder" "$project"
  mkdir -p "$AUTOGRADER/authority" "$AUTOGRADER/bin" "$project/logs" "$project/ssl" "$project/backend/mediafiles/answers" "$project/backend/staticfiles"
  mv "$project/bin/issue" "$AUTOGRADER/authority/issue"
  mv "$project/bin/certbot" "$AUTOGRADER/bin/certbot"
  rmdir "$project/bin"
  (
    umask 077
    printf '%s\n' POSTGRES_PASSWORD=lab-postgres "DATABASE_URL=postgresql://autograder_user:lab-postgres@db:5432/autograder_db" \
      "DJANGO_SECRET_KEY=$(openssl rand -hex 32)" DEBUG=False \
      'ALLOWED_HOSTS=kouzyoutest.com,classroom.kouzyoutest.com,localhost,127.0.0.1' >"$project/.env"
  )
  : >"$project/backend/autograder.log"
  mkdir -p "$project/backend/wheels"
  cp "$(cat "$LAB/wheels")"/django-5.2.19-*.whl "$project/backend/wheels/"
  local n
  for n in $(seq 12); do printf '答案 %s\n' "$n" >"$project/backend/mediafiles/answers/answer-$n.txt"; done
  autograder_certificate 20
}
# autograder_certificate DAYS : nginx serves one that ends in so many days; certbot's folder has the same
autograder_certificate() {
  local live=$AUTOGRADER/letsencrypt/live/kouzyoutest.com
  "$AUTOGRADER/authority/issue" "$1" "$live"
  install -m 0644 "$live/fullchain.pem" "$AUTOGRADER/project/ssl/cert.pem"
  install -m 0600 "$live/privkey.pem" "$AUTOGRADER/project/ssl/key.pem"
}

autograder_up() {
  mkdir -p "$AUTOGRADER/backups" "$AUTOGRADER/offhost"
  chmod 700 "$AUTOGRADER/backups" "$AUTOGRADER/offhost"
  [ -e "$AUTOGRADER/project/ssl/cert.pem" ] || autograder_project
  autograder up --detach --build --wait >"$LAB/log/autograder.log" 2>&1 || { tail -n 30 "$LAB/log/autograder.log" >&2; die "autograder did not come up"; }
  if [ ! -e "$AUTOGRADER/seeded" ]; then
    autograder exec -T backend sh -ceu 'python manage.py migrate -v 0; python manage.py collectstatic --noinput -v 0; python manage.py seed'
    touch "$AUTOGRADER/seeded"
  fi
  wait_for 30 autograder autograder_answers api/v1/health/
  say "autograder $AUTOGRADER_URL/api/v1/health/"
}

autograder_no_swap() {
  if grep -q "^$AUTOGRADER/swapfile " /proc/swaps; then swapoff "$AUTOGRADER/swapfile"; fi
  rm -rf "$AUTOGRADER/swapfile" "$AUTOGRADER/fstab"
}
autograder_down() { autograder_no_swap; }

autograder_status() {
  local at code bad=0
  for at in api/v1/health/ classroom/ zyuku/ static/css/site.css; do
    code=$(inside curl -sk -m 3 -o /dev/null -w '%{http_code}' "$AUTOGRADER_URL/$at" || true)
    echo "$code $AUTOGRADER_URL/$at"
    [ "$code" = 200 ] || bad=1
  done
  return $bad
}

autograder_breaks=(autograder-db autograder-backend autograder-health autograder-dump autograder-hang autograder-full autograder-static autograder-tls autograder-nginx autograder-swap autograder-update autograder-packages)
autograder_break() {
  case "$1" in
    autograder-db) autograder stop db >/dev/null 2>&1 ;;
    autograder-backend) autograder stop backend >/dev/null 2>&1 ;;
    autograder-health) touch "$AUTOGRADER/project/logs/unhealthy" ;; # it answers its health check with 503
    # pg_dump is killed in the middle of its work (the real one, once it has written some of the dump)
    autograder-dump) autograder exec -T db install -m 0755 /usr/local/bin/pg_dump-killed /usr/local/bin/pg_dump ;;
    autograder-hang) # pg_dump begins its dump and never ends
      local script='#!/bin/sh\necho "-- PostgreSQL database dump"\nexec sleep 1000\n'
      autograder exec -T db sh -c "printf '$script' >/usr/local/bin/pg_dump && chmod 0755 /usr/local/bin/pg_dump" ;;
    autograder-full) # the folder of the backups has no room for one
      mount -t tmpfs -o size=8k,mode=0700 lab-full "$AUTOGRADER/backups" ;;
    autograder-static) find "$AUTOGRADER/project/backend/staticfiles" -mindepth 1 -delete ;;
    autograder-tls) autograder_certificate 5 && autograder exec -T nginx nginx -s reload 2>/dev/null ;;
    autograder-nginx) # its configuration no longer loads; it runs on with the old one until somebody restarts it
      echo 'deny 123.456.789.0;' >"$AUTOGRADER/project/deploy/blocked-broken.conf" ;;
    autograder-packages) # the application's packages may be exchanged, and are put back
      docker tag autograder/backend:lab autograder/backend:kept
      cp "$AUTOGRADER/project/backend/requirements.txt" "$AUTOGRADER/requirements-kept.txt" ;;
    autograder-update) update_due ;; # a package of its machine is older than it has to be
    autograder-swap) # it may be given swap, which its machine is rid of again
      echo '# what is mounted at boot' >"$AUTOGRADER/fstab" ;;
  esac
}
autograder_mend() {
  case "$1" in
    autograder-db | autograder-backend)
      autograder start db backend >/dev/null 2>&1
      wait_for 30 'the database' autograder exec -T db pg_isready -q -U autograder_user -h 127.0.0.1
      wait_for 30 autograder autograder_answers api/v1/health/ ;;
    autograder-health) rm -f "$AUTOGRADER/project/logs/unhealthy" ;;
    autograder-dump | autograder-hang) autograder exec -T db rm -f /usr/local/bin/pg_dump ;;
    autograder-full) umount "$AUTOGRADER/backups" ;;
    autograder-static) autograder exec -T backend python manage.py collectstatic --noinput -v 0 ;;
    autograder-tls) autograder_certificate 20 && autograder exec -T nginx nginx -s reload 2>/dev/null ;;
    autograder-packages)
      mv "$AUTOGRADER/requirements-kept.txt" "$AUTOGRADER/project/backend/requirements.txt"
      docker tag autograder/backend:kept autograder/backend:lab
      autograder up --detach --wait --no-deps backend >/dev/null 2>&1
      autograder exec -T nginx nginx -s reload 2>/dev/null
      docker images autograder/backend --format '{{.Repository}}:{{.Tag}}' | grep -e ':before_' -e ':kept$' | xargs -r docker rmi >/dev/null
      wait_for 30 autograder autograder_answers api/v1/health/ ;;
    autograder-swap) autograder_no_swap ;;
    autograder-nginx)
      rm -f "$AUTOGRADER/project/deploy/blocked-broken.conf"
      autograder up --detach nginx >/dev/null 2>&1
      wait_for 30 autograder autograder_answers api/v1/health/ ;;
  esac
}
