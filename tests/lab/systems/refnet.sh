# RefNet: Docker Compose with PostgreSQL, Redis, an API, a Celery worker and Flower.
# shellcheck shell=bash
REFNET_URL=http://127.0.0.1:8000
FLOWER_URL=http://127.0.0.1:5555
refnet() { docker compose --project-name refnet --project-directory "$LAB/refnet/project" "$@"; }

refnet_secrets() { export REFNET_DB_PASSWORD=lab-postgres REFNET_FLOWER_PASSWORD=lab-flower; }

refnet_up() {
  mkdir -p "$LAB/refnet/backups" "$LAB/refnet/logs"
  chmod 700 "$LAB/refnet/backups"
  if [ ! -d "$LAB/refnet/project" ]; then
    cp -r "$LAB_SOURCE/refnet" "$LAB/refnet/project"
    (umask 077; printf 'POSTGRES_PASSWORD=%s\nFLOWER_PASSWORD=%s\n' lab-postgres lab-flower >"$LAB/refnet/project/.env")
  fi
  refnet up --detach --build --wait >"$LAB/log/refnet.log" 2>&1 || { tail -n 30 "$LAB/log/refnet.log" >&2; die "RefNet did not come up"; }
  wait_for 30 Flower answers "$FLOWER_URL/healthcheck"
  if [ ! -e "$LAB/refnet/seeded" ]; then
    refnet exec -T redis sh -s <"$LAB_SOURCE/refnet/seed/redis.sh" >/dev/null
    refnet exec -T api sh -s <"$LAB_SOURCE/refnet/seed/tmp.sh"
    touch "$LAB/refnet/seeded"
  fi
  say "RefNet     $REFNET_URL/health  $FLOWER_URL"
}

refnet_status() { url_status "$REFNET_URL/health" "$FLOWER_URL/healthcheck"; }

refnet_breaks=(refnet-db refnet-api refnet-dump refnet-hang refnet-update)
refnet_break() {
  case "$1" in
    refnet-db) refnet stop postgres >/dev/null 2>&1 ;;
    refnet-api) refnet stop api >/dev/null 2>&1 ;;
    # pg_dump is killed in the middle of its work (the real one, once it has written some of the dump)
    refnet-dump) refnet exec -T postgres install -m 0755 /usr/local/bin/pg_dump-killed /usr/local/bin/pg_dump ;;
    refnet-update) update_due ;; # a package of its machine is older than it has to be
    refnet-hang) # pg_dump begins its dump and never ends
      local script='#!/bin/sh\necho "-- PostgreSQL database dump"\nexec sleep 1000\n'
      refnet exec -T postgres sh -c "printf '$script' >/usr/local/bin/pg_dump && chmod 0755 /usr/local/bin/pg_dump" ;;
  esac
}
refnet_mend() {
  case "$1" in
    # Both, whichever was stopped: the API's answer needs the database too.
    refnet-db | refnet-api)
      refnet start postgres api >/dev/null 2>&1
      wait_for 30 'the database' refnet exec -T postgres pg_isready -q -U refnet
      wait_for 30 'the API' answers "$REFNET_URL/health" ;;
    refnet-dump | refnet-hang) refnet exec -T postgres rm -f /usr/local/bin/pg_dump ;;
  esac
}
