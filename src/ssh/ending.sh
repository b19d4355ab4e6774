# Runs one command on this host for a Toban elsewhere, and ends it with all it started when that Toban says so or is
# gone. Before it come: k (what its own lines begin with), mark (what stands in the environment of all that belongs to
# the command), grace (tenths of a second), dir, file, target, tmp, mode, the command as "$@", and run(), made for it.
exec 9>&2 8>&1 7<&0 </dev/null 2>/dev/null
um=$(umask); umask 077
say() { printf '%s%s\n' "$k" "$1" >&9; }
end() { say "$1"; exit 0; }
has() {
  case $1 in */*) [ -f "$1" ] && [ -x "$1" ]; return;; esac
  set -f; IFS=:
  for d in $PATH; do
    if [ -f "${d:-.}/$1" ] && [ -x "${d:-.}/$1" ]; then set +f; unset IFS; return 0; fi
  done
  set +f; unset IFS; return 1
}
# Those that belong to the command: with the mark, of this session where that is nobody else's, or started by one that
# does. Not this script, what is above it, and what looks.
found() {
  { grep -lF -e "$mark" /proc/[0-9]*/environ; cat /proc/[0-9]*/stat; } 2>/dev/null |
  awk -v main=$$ -v look="$look" -v ses="$ses" '
    /^\/proc\// { split($0, part, "/"); ours[part[3]] = 1; next }
    $1 !~ /^[0-9]+$/ { next }
    { pid = $1; sub(/^.*\) /, ""); if ($1 ~ /[ZXx]/) next; up[pid] = $2; if ($4 == ses) ours[pid] = 1 }
    END {
      for (p = main; p in up; p = up[p]) skip[p] = 1
      skip[look] = below[look] = ours[main] = 1
      do {
        more = 0
        for (p in up) {
          if (!(p in below) && (up[p] in below)) { skip[p] = below[p] = more = 1 }
          if (!(p in ours) && !(p in skip) && (up[p] in ours)) { ours[p] = more = 1 }
        }
      } while (more)
      for (p in ours) if ((p in up) && !(p in skip)) print p
    }'
}
hard() {
  tries=0
  while left=$(found) && [ -n "$left" ] && [ $tries -lt 50 ]; do
    kill -KILL $left
    tries=$((tries + 1)); sleep 0.1 || sleep 1
  done
  [ -z "$tmp" ] || rm -f -- "$tmp"
  left=$(echo $left | wc -w)
  say "gone $((left))"
  [ -z "$watcher" ] || kill -KILL "$watcher"
  exit 0
}
gentle() {
  left=$(found)
  kill -TERM $left; kill -CONT $left
  tries=0
  while left=$(found) && [ -n "$left" ] && [ $tries -lt $grace ]; do
    tries=$((tries + 1)); sleep 0.1 || { sleep 1; tries=$((tries + 9)); }
  done
  hard
}
