# Shared by up, down, status, enter, break and mend: where the lab's things are, and the small verbs they all need.
#
# The lab is one network namespace. An own Docker engine and the Django application run inside it and listen on its
# loopback, so its ports can't clash with the machine's, and a prune in a playbook reaches only the lab's engine.
# shellcheck shell=bash

LAB_SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$LAB_SOURCE/../.." && pwd)

# What the playbooks see. The `lab` environments in playbooks/*/system.yaml name this folder relative to themselves,
# so that every clone has its own lab.
LAB=$REPO/target/lab
# What only costs time to get again: wheels, the compose plugin, the image's archive.
CACHE=${TOBAN_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/toban-lab}
# Sockets have a length limit (108 bytes), so they live under a short path of this clone's own.
LAB_ID=toban-$(printf %s "$REPO" | sha256sum | cut -c1-8)
RUNDIR=/run/$LAB_ID
NETNS=/run/netns/$LAB_ID

export DOCKER_HOST=unix://$RUNDIR/docker.sock
export DOCKER_CONFIG=$CACHE/docker            # holds the compose plugin, so nothing is installed into the system
export COMPOSE_PROGRESS=plain

SECONDS=0
say()  { printf '[lab %3ds] %s\n' "$SECONDS" "$*"; }
die()  { printf 'lab: %s\n' "$*" >&2; exit 1; }
need_root() { [ "$(id -u)" = 0 ] || die "must be root: it makes a network namespace and starts a Docker engine"; }

inside() { nsenter --net="$NETNS" "$@"; }
engine_answers() { [ -S "$RUNDIR/docker.sock" ] && docker version >/dev/null 2>&1; }
status_of() { inside curl -s -m 3 -o /dev/null -w '%{http_code}' "$1" || true; }

# wait_for SECONDS DESCRIPTION COMMAND... : until the command succeeds
wait_for() {
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || { printf 'lab: gave up waiting for %s\n' "$what" >&2; return 1; }
    sleep 0.2
  done
}
answers() { [ "$(status_of "$1")" = "${2:-200}" ]; }

# alive PIDFILE NAME : does the process of this file still live, and is it ours (pids are used again)?
alive() {
  local pid
  pid=$(cat "$1" 2>/dev/null) && [ -n "$pid" ] && [ -r "/proc/$pid/cmdline" ] && tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q -- "$2"
}
# stop PIDFILE NAME : TERM, and KILL when that does not help
stop() {
  alive "$1" "$2" || { rm -f "$1"; return 0; }
  local pid
  pid=$(cat "$1")
  kill "$pid" 2>/dev/null || true
  for _ in $(seq 100); do alive "$1" "$2" || break; sleep 0.1; done
  if alive "$1" "$2"; then kill -KILL "$pid" 2>/dev/null || true; sleep 0.2; fi
  rm -f "$1"
}

# --- the engine -----------------------------------------------------------------------------------------------------

# The engine's data outlives the lab, in the cache: unpacking the image and deleting it again are the slowest parts of
# up and down on a busy disk. Only one engine can use it; a second clone's lab keeps its data in its own folder.
choose_engine_data() {
  if flock --nonblock 7; then
    echo "$LAB_ID" >"$CACHE/engine.owner"
  fi
  # A lock that is ours already: the engine was killed, and what it started still holds it.
  if [ "$(cat "$CACHE/engine.owner" 2>/dev/null)" = "$LAB_ID" ]; then ENGINE_DATA=$CACHE/engine; else ENGINE_DATA=$LAB/engine; fi
  echo "$ENGINE_DATA" >"$RUNDIR/data"
  mkdir -p "$ENGINE_DATA"
}

start_engine() {
  mkdir -p "$LAB/log" "$RUNDIR" "$CACHE"
  if [ ! -e "$NETNS" ]; then
    ip netns add "$LAB_ID"
    ip -n "$LAB_ID" link set lo up
  fi
  engine_answers && return 0
  stop "$RUNDIR/dockerd.pid" "$RUNDIR/docker.sock"
  stop "$RUNDIR/containerd.pid" "$RUNDIR/containerd.sock"
  rm -f "$RUNDIR"/*.sock
  # containerd and what it starts inherit this descriptor, and with it the lock, for as long as they live.
  exec 7>"$CACHE/engine.lock"
  choose_engine_data

  # An own containerd: dockerd would otherwise join the machine's, if there is one.
  printf 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n' >"$RUNDIR/containerd.toml"
  setsid nohup containerd --config "$RUNDIR/containerd.toml" --root "$ENGINE_DATA/containerd" --state "$RUNDIR/containerd" \
    --address "$RUNDIR/containerd.sock" </dev/null >"$LAB/log/containerd.log" 2>&1 &
  echo $! >"$RUNDIR/containerd.pid"
  exec 7>&-
  wait_for 30 containerd test -S "$RUNDIR/containerd.sock"

  # An own, empty configuration too: the machine's may name another data root.
  echo '{}' >"$RUNDIR/dockerd.json"
  # nsenter, not `ip netns exec`: that one mounts a fresh /sys and so hides the cgroups from the engine.
  setsid nohup nsenter --net="$NETNS" dockerd --data-root "$ENGINE_DATA/docker" --exec-root "$RUNDIR/exec" \
    --containerd "$RUNDIR/containerd.sock" --host "$DOCKER_HOST" --pidfile "$RUNDIR/dockerd.pid" --config-file "$RUNDIR/dockerd.json" \
    </dev/null >"$LAB/log/dockerd.log" 2>&1 &
  wait_for 60 'the lab engine' engine_answers || {
    tail -n 20 "$LAB/log/dockerd.log" >&2
    echo "lab: if its data is damaged: tests/lab/down, then rm -r $ENGINE_DATA" >&2
    return 1
  }
}

# Everything of this lab's runs; the images stay for the next one.
clear_engine() {
  docker ps --all --quiet | xargs --no-run-if-empty docker rm --force --volumes >/dev/null
  docker volume ls --quiet | xargs --no-run-if-empty docker volume rm --force >/dev/null
  docker network prune --force >/dev/null
  docker image prune --force >/dev/null
}

stop_engine() {
  stop "$RUNDIR/dockerd.pid" "$RUNDIR/docker.sock"
  stop "$RUNDIR/containerd.pid" "$RUNDIR/containerd.sock"
  # Whatever the engine left mounted under our folders would keep them from being removed.
  local data
  data=$(cat "$RUNDIR/data" 2>/dev/null || echo "$LAB/engine")
  awk -v a="$LAB/" -v b="$RUNDIR/" -v c="$data/" 'index($5, a) == 1 || index($5, b) == 1 || index($5, c) == 1 { print $5 }' /proc/self/mountinfo | sort -r | while read -r at; do
    umount -l "$at" || true
  done
  if [ -e "$NETNS" ]; then ip netns del "$LAB_ID"; fi
  rm -rf "$RUNDIR"
}

# --- packages -------------------------------------------------------------------------------------------------------

# What maintenance updates in the lab: one package in a root of its own, of which a newer version is to be had. apt and
# dpkg do there what they do on a machine; those of this machine are left alone.
PACKAGES=$LAB/packages
own_packages() {
  [ ! -e "$PACKAGES/apt.conf" ] || return 0
  local version build=$PACKAGES/build
  mkdir -p "$PACKAGES"/{repository,etc/apt/{apt.conf.d,preferences.d,sources.list.d,trusted.gpg.d},var/cache/apt/archives/partial} \
    "$PACKAGES"/var/{log/apt,lib/{apt/lists/partial,dpkg/{info,updates,triggers}}} "$build"/{DEBIAN,opt}
  : >"$PACKAGES/var/lib/dpkg/status"
  for version in 1.0 1.1; do
    echo $version >"$build/opt/lab-tool"
    printf 'Package: lab-tool\nVersion: %s\nArchitecture: all\nMaintainer: lab\nDescription: what is updated in the lab\n' $version >"$build/DEBIAN/control"
    dpkg-deb --build "$build" "$PACKAGES/repository/lab-tool_$version.deb" >/dev/null
  done
  (
    cd "$PACKAGES/repository"
    dpkg-deb -f lab-tool_1.1.deb
    printf 'Filename: ./lab-tool_1.1.deb\nSize: %s\nSHA256: %s\n' "$(stat -c %s lab-tool_1.1.deb)" "$(sha256sum lab-tool_1.1.deb | cut -d' ' -f1)"
  ) >"$PACKAGES/repository/Packages"
  echo "deb [trusted=yes] file:$PACKAGES/repository ./" >"$PACKAGES/etc/apt/sources.list"
  cat >"$PACKAGES/apt.conf.part" <<EOF
Dir "$PACKAGES";
Dir::Bin::methods "/usr/lib/apt/methods";
Dir::Bin::dpkg "/usr/bin/dpkg";
DPkg::Options { "--root=$PACKAGES"; "--force-unsafe-io"; };
APT::Sandbox::User "root";
EOF
  apt-get -qq -c "$PACKAGES/apt.conf.part" update
  update_due
  mv "$PACKAGES/apt.conf.part" "$PACKAGES/apt.conf"
}
# The older version is installed, whatever was.
update_due() { dpkg --root="$PACKAGES" --force-unsafe-io --force-downgrade --install "$PACKAGES/repository/lab-tool_1.0.deb" >/dev/null 2>&1; }

# --- the systems ----------------------------------------------------------------------------------------------------

# Each file of systems/ gives one system by functions that begin with its name: NAME_up (twice does no harm) and
# NAME_status (a line a thing, fails when one is down); where there is something to do, NAME_fetch (what needs the
# network, into the cache), NAME_down (what does not live in the engine), NAME_secrets (exports what its `lab`
# environment asks for), NAME_break THING and NAME_mend THING for each THING in the array NAME_breaks.
SYSTEMS=()
for file in "$LAB_SOURCE"/systems/*.sh; do
  . "$file"
  SYSTEMS+=("$(basename "$file" .sh)")
done

# of SYSTEM VERB [ARGUMENT...] : where the system has something to do for the verb
of() {
  local function=$1_$2
  shift 2
  if declare -F "$function" >/dev/null; then "$function" "$@"; fi
}
# Those that were brought up.
systems_up() { cat "$LAB/up" 2>/dev/null || true; }
# The system that knows how to break a thing.
breaker() {
  local system
  for system in $(systems_up); do
    local -n things=${system}_breaks 2>/dev/null || continue
    local thing
    for thing in "${things[@]}"; do
      if [ "$thing" = "$1" ]; then
        echo "$system"
        return
      fi
    done
  done
  return 1
}
# All that can be broken in the systems that are up.
all_breaks() {
  local system
  for system in $(systems_up); do
    local -n things=${system}_breaks
    [ -z "${things[*]}" ] || printf '%s\n' "${things[@]}"
  done
}

# url_status URL... : each with its status; fails when one is not 200
url_status() {
  local url code bad=0
  for url; do
    code=$(status_of "$url")
    echo "$code $url"
    [ "$code" = 200 ] || bad=1
  done
  return $bad
}
# listens PORT : does something take connections on the lab's loopback?
listens() { inside bash -c "exec 3<>/dev/tcp/127.0.0.1/$1" 2>/dev/null; }
