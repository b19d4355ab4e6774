# style-ai-generator: one host with systemd (a container), reached over ssh by key as its operators reach it. On it
# gunicorn, a Celery worker and beat, PostgreSQL, Redis, nginx with TLS, cron.
# shellcheck shell=bash
STYLE_URL=https://127.0.0.1:8121/api/v1/health/
STYLE_SSH=8122

styleai_secrets() { export STYLE_DB_PASSWORD=lab-style-db STYLE_ADMIN_PASSWORD=lab-style-admin; }

# Its host is given the machine's git, as Debian has it.
styleai_fetch() { [ -x /usr/bin/git ] && [ -d /usr/lib/git-core ] || "$REPO/tests/lab/apt-install" git; }

styleai() { docker exec styleai "$@"; }
styleai_healthy() { [ "$(inside curl -sk -m 3 -o /dev/null -w '%{http_code}' -H 'Host: style-ai.lab' "$STYLE_URL" || true)" = 200 ]; }
# Over ssh, as a playbook comes.
styleai_ssh() { inside ssh -F "$LAB/styleai/ssh_config" style-ai "$@"; }
# styleai_put FILE PATH : puts a program onto the host, for tests that want one there
styleai_put() { docker cp "$1" "styleai:$2" && styleai chmod 0755 "$2"; }

styleai_keys() {
  local at=$LAB/styleai
  mkdir -p "$at"
  if [ ! -e "$at/id" ]; then
    ssh-keygen -q -t ed25519 -N '' -C operator -f "$at/id"
    ssh-keygen -q -t ed25519 -N '' -C style-ai.lab -f "$at/host_key"
    printf '[127.0.0.1]:%s %s\n' $STYLE_SSH "$(cut -d' ' -f1,2 "$at/host_key.pub")" >"$at/known_hosts"
    cat >"$at/ssh_config" <<EOF
Host style-ai
  HostName 127.0.0.1
  Port $STYLE_SSH
  User ops
  IdentityFile $at/id
  IdentitiesOnly yes
  BatchMode yes
  UserKnownHostsFile $at/known_hosts
  GlobalKnownHostsFile /dev/null
EOF
  fi
}

# Its backups are a small file system of their own, which can be filled.
styleai_start() {
  docker build --quiet --tag toban-lab:styleai "$LAB_SOURCE/styleai" >"$LAB/log/styleai.log" 2>&1 || { tail -n 20 "$LAB/log/styleai.log" >&2; die "the host of style-ai-generator could not be made"; }
  docker run --detach --name styleai --hostname style-ai --tmpfs /run --tmpfs /run/lock --cap-add SYS_ADMIN --cgroupns=private \
    --tmpfs /var/backups/style-ai-generator:size=48m,mode=0700 \
    --volume /usr/bin/git:/usr/bin/git:ro --volume /usr/lib/git-core:/usr/lib/git-core:ro --volume "$(cat "$LAB/wheels"):/var/cache/wheels:ro" \
    --volume "$LAB/styleai/id.pub:/etc/ssh/lab_keys:ro" --volume "$LAB/styleai/host_key:/etc/ssh/ssh_host_ed25519_key:ro" \
    --volume "$LAB_SOURCE/styleai:/lab:ro" \
    --publish 127.0.0.1:8120:80 --publish 127.0.0.1:8121:443 --publish 127.0.0.1:$STYLE_SSH:22 toban-lab:styleai >/dev/null
}

styleai_up() {
  styleai_keys
  if [ -z "$(docker ps --quiet --filter name='^styleai$')" ]; then
    docker rm --force --volumes styleai >/dev/null 2>&1 || true
    rm -f "$LAB/styleai/ready"
    styleai_start
  fi
  if [ ! -e "$LAB/styleai/ready" ]; then
    styleai bash /lab/install.sh >>"$LAB/log/styleai.log" 2>&1 || { tail -n 20 "$LAB/log/styleai.log" >&2; die "style-ai-generator could not be installed"; }
    docker cp styleai:/etc/ssl/style-ai-generator/fullchain.pem "$LAB/styleai/ca.pem" >/dev/null
    touch "$LAB/styleai/ready"
  fi
  wait_for 90 'sshd of style-ai' styleai_ssh true
  wait_for 90 style-ai-generator styleai_healthy
  say "style-ai   $STYLE_URL  ssh -p $STYLE_SSH ops@127.0.0.1"
}

styleai_status() {
  local bad=0
  styleai_healthy && echo "200 $STYLE_URL" || { echo "down $STYLE_URL"; bad=1; }
  styleai systemctl --failed --no-legend || true
  return $bad
}

styleai_breaks=(style-db style-health style-redis style-worker style-dump style-disk style-gunicorn style-static)
styleai_break() {
  case "$1" in
    style-db) styleai systemctl stop postgresql postgresql@15-main ;;
    style-health) styleai touch /var/www/style-ai-generator/unhealthy ;; # it answers its health check with 503
    style-redis) styleai systemctl stop redis-server ;;
    style-worker) styleai systemctl stop celery-worker ;;
    # pg_dump is killed in the middle of its work (the real one, once it has written some of the dump)
    style-dump) styleai install -m 0755 /usr/local/bin/pg_dump-killed /usr/local/sbin/pg_dump ;;
    # the file system of the backups is full
    style-disk) styleai sh -c 'dd if=/dev/zero of=/var/backups/style-ai-generator/filler bs=1M 2>/dev/null || true' ;;
    # the server's configuration names a module that does not exist, and the server is down
    style-gunicorn) styleai sh -c 'echo "import no_such_module" >>/var/www/style-ai-generator/gunicorn.conf.py; systemctl restart gunicorn || true' ;;
    style-static) styleai sh -c 'rm -rf /var/www/style-ai-generator/staticfiles/css' ;;
  esac
}
styleai_mend() {
  case "$1" in
    style-db | style-redis | style-worker | style-health)
      styleai rm -f /var/www/style-ai-generator/unhealthy
      styleai systemctl start postgresql postgresql@15-main redis-server celery-worker ;;
    style-dump) styleai rm -f /usr/local/sbin/pg_dump ;;
    style-disk) styleai rm -f /var/backups/style-ai-generator/filler ;;
    style-gunicorn) styleai sh -c 'sed -i /no_such_module/d /var/www/style-ai-generator/gunicorn.conf.py; systemctl reset-failed gunicorn; systemctl restart gunicorn' ;;
    style-static)
      styleai chmod -R u=rwX,go=rX /var/www/style-ai-generator/staticfiles
      styleai setpriv --reuid=app --regid=app --init-groups env -C /var/www/style-ai-generator venv/bin/python manage.py collectstatic --noinput -v 0 ;;
  esac
  wait_for 90 style-ai-generator styleai_healthy
}
