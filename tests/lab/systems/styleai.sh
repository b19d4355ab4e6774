# style-ai-generator: one host with systemd (a container), reached over ssh by key as its operators reach it. On it
# gunicorn, a Celery worker and beat, PostgreSQL, Redis, nginx with TLS, cron. Beside it a certificate authority that
# speaks ACME (Debian's pebble), and on it a source of the packages that its playbooks install.
# shellcheck shell=bash
STYLE_URL=https://127.0.0.1:8121/api/v1/health/
STYLE_SSH=8122

styleai_secrets() { export STYLE_DB_PASSWORD=lab-style-db STYLE_ADMIN_PASSWORD=lab-style-admin; }

STYLE_ACME=8124
# What its playbooks install, with all that the image lacks for it; and the authority, which is unpacked where it lies.
STYLE_PACKAGES=(certbot python3-certbot-nginx ufw)
styleai_packages() { echo "$CACHE/debs-$(printf '%s\n' "$IMAGE_HASH" "${STYLE_PACKAGES[@]}" pebble | sha256sum | cut -c1-12)"; }

# Its host is given the machine's git, as Debian has it.
styleai_fetch() {
  [ -x /usr/bin/git ] && [ -d /usr/lib/git-core ] || "$REPO/tests/lab/apt-install" git
  local at part deb
  at=$(styleai_packages)
  [ ! -d "$at" ] || return 0
  part=$at.part
  rm -rf "$part"
  mkdir -p "$part/partial" "$part/pebble"
  apt-get -qq -o DPkg::Lock::Timeout=300 update
  zstd -q -dc "$IMAGE_ARCHIVE" | tar -xO ./var/lib/dpkg/status >"$part/status"
  apt-get -qq -y -o Dir::State::status="$part/status" -o Dir::Cache::archives="$part" -o APT::Sandbox::User=root -o Debug::NoLocking=1 \
    --no-install-recommends --download-only install "${STYLE_PACKAGES[@]}" >/dev/null
  (cd "$part/pebble" && apt-get -qq -o APT::Sandbox::User=root download pebble && dpkg-deb -x pebble_*.deb .)
  (
    cd "$part"
    for deb in *.deb; do
      dpkg-deb -f "$deb"
      printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$deb" "$(stat -c %s "$deb")" "$(sha256sum "$deb" | cut -d' ' -f1)"
    done >Packages
  )
  mv "$part" "$at"
  say "packages of style-ai: $(find "$at" -maxdepth 1 -name '*.deb' | wc -l) files"
}

styleai() { docker exec styleai "$@"; }
# Whether the certificate that is served is the one in its file: a reload of nginx takes a moment.
styleai_serves_its_own() {
  local served
  served=$(inside openssl s_client -connect 127.0.0.1:8121 </dev/null 2>/dev/null | openssl x509 -noout -fingerprint)
  [ "$served" = "$(styleai openssl x509 -in /etc/ssl/style-ai-generator/fullchain.pem -noout -fingerprint)" ]
}
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

# The authority's own certificate, which its host trusts, and what it refuses: its names, where it is told to.
styleai_authority() {
  local at=$LAB/styleai/acme
  mkdir -p "$at"
  [ -e "$at/cert.pem" ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 60 -subj /CN=acme.lab \
    -addext subjectAltName=DNS:acme.lab,IP:127.0.0.1 -keyout "$at/key.pem" -out "$at/cert.pem" 2>/dev/null
  cp "$at/cert.pem" "$at/ca.pem"
}
# styleai_acme [NAME] : runs the authority, which refuses the name. It remembers nobody, so that its host forgets it, too.
styleai_acme() {
  local at=$LAB/styleai/acme
  jq -n --arg refused "${1:-}" --arg port $STYLE_ACME '{pebble: {listenAddress: "0.0.0.0:\($port)", managementListenAddress: "127.0.0.1:8125",
    certificate: "/acme/cert.pem", privateKey: "/acme/key.pem", httpPort: 80, tlsPort: 443, certificateValidityPeriod: 7776000,
    domainBlocklist: [$refused | select(. != "")]}}' >"$at/pebble.json"
  docker rm --force styleai-acme >/dev/null 2>&1 || true
  docker run --detach --init --name styleai-acme --network host --env PEBBLE_VA_NOSLEEP=1 --env PEBBLE_WFE_NONCEREJECT=0 \
    --volume "$LAB/hosts:/etc/hosts:ro" --volume "$at:/acme:ro" --volume "$(cat "$LAB/styleai/debs")/pebble/usr/bin/pebble:/usr/bin/pebble:ro" \
    toban-lab:base pebble -config /acme/pebble.json >/dev/null
  styleai rm -rf /etc/letsencrypt/accounts
  wait_for 20 'the certificate authority' listens $STYLE_ACME
}

# Its backups are a small file system of their own, which can be filled.
styleai_start() {
  docker build --quiet --tag toban-lab:styleai "$LAB_SOURCE/styleai" >"$LAB/log/styleai.log" 2>&1 || { tail -n 20 "$LAB/log/styleai.log" >&2; die "the host of style-ai-generator could not be made"; }
  docker run --detach --name styleai --hostname style-ai --tmpfs /run --tmpfs /run/lock --cap-add SYS_ADMIN --cap-add NET_ADMIN --cgroupns=private \
    --add-host acme.lab:host-gateway --volume "$(cat "$LAB/styleai/debs"):/var/cache/debs:ro" --volume "$LAB/styleai/acme/ca.pem:/usr/local/share/ca-certificates/acme.crt:ro" \
    --tmpfs /var/backups/style-ai-generator:size=48m,mode=0700 \
    --volume /usr/bin/git:/usr/bin/git:ro --volume /usr/lib/git-core:/usr/lib/git-core:ro --volume "$(cat "$LAB/wheels"):/var/cache/wheels:ro" \
    --volume "$LAB/styleai/id.pub:/etc/ssh/lab_keys:ro" --volume "$LAB/styleai/host_key:/etc/ssh/ssh_host_ed25519_key:ro" \
    --volume "$LAB_SOURCE/styleai:/lab:ro" \
    --publish 127.0.0.1:8120:80 --publish 127.0.0.1:8121:443 --publish 127.0.0.1:$STYLE_SSH:22 toban-lab:styleai >/dev/null
}

styleai_up() {
  styleai_keys
  styleai_packages >"$LAB/styleai/debs"
  if [ -z "$(docker ps --quiet --filter name='^styleai$')" ]; then
    docker rm --force --volumes styleai >/dev/null 2>&1 || true
    rm -f "$LAB/styleai/ready"
    styleai_authority
    styleai_start
  fi
  # Inside the lab its name leads to its host, for whoever comes there without a published port.
  printf '127.0.0.1 localhost\n%s style-ai.lab\n' "$(docker inspect --format '{{.NetworkSettings.IPAddress}}' styleai)" >"$LAB/hosts"
  [ -n "$(docker ps --quiet --filter name='^styleai-acme$')" ] || styleai_acme
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

styleai_breaks=(style-db style-health style-redis style-worker style-dump style-disk style-gunicorn style-static style-certificate style-acme style-open)
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
    style-certificate) # the certificate that is served ends in five days
      styleai sh -c 'cd /etc/ssl/style-ai-generator && cp -a fullchain.pem kept.pem && cp -a privkey.pem kept.key'
      styleai bash /lab/certificate.sh 5
      styleai nginx -s reload
      wait_for 20 'the certificate' styleai_serves_its_own ;;
    style-acme) styleai_acme style-ai.lab ;; # the authority gives none for this name
    style-open) # something listens for everybody, and no packet filter is in its way
      styleai systemd-run --quiet --collect --unit=style-open python3 -m http.server 9000 --directory /srv ;;
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
    style-certificate)
      styleai sh -c 'cd /etc/ssl/style-ai-generator && mv kept.pem fullchain.pem && mv kept.key privkey.pem
        rm -rf /etc/letsencrypt /var/lib/letsencrypt; systemctl disable --quiet --now certbot.timer 2>/dev/null
        cp /var/www/style-ai-generator/nginx/nginx.conf /etc/nginx/sites-available/style-ai-generator; systemctl reload nginx'
      wait_for 20 'the certificate' styleai_serves_its_own ;;
    style-acme) styleai_acme ;;
    style-open)
      styleai systemctl stop style-open style-ai-ufw-undo.timer 2>/dev/null || true
      styleai sh -c 'command -v ufw >/dev/null || exit 0; ufw --force reset >/dev/null; rm -f /etc/ufw/*.rules.20*' ;;
  esac
  wait_for 90 style-ai-generator styleai_healthy
}
