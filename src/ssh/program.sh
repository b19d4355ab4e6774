# Finds the program of a Toban elsewhere on this host, or takes it from standard input. Before it come: k (what its own
# lines begin with), name (of the file), hello (what that program says of itself), alike (how any of the same version
# begins to), size (of what comes, in bytes; nothing where it is only looked for).
umask 077
say() { printf '%s%s\n' "$k" "$1"; }
end() { say "$1"; exit 0; }
folders() {
  printf '%s\n' "${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/toban" "/var/tmp/toban-$uid" "/tmp/toban-$uid"
}
# A folder that nobody else can put anything into.
ours() {
  [ -d "$1" ] && [ ! -L "$1" ] || return 1
  ls -ldn -- "$1" | { read -r bits _ owner _ && [ "$owner" = "$uid" ] && case $bits in drwx------*) ;; *) false;; esac; }
}
greeting() { "$1" far-end hello 2>&1 </dev/null; }
usable() {
  mkdir -p -- "$1"
  [ ! -d "$1" ] || [ -L "$1" ] || chmod 700 "$1"
  ours "$1" || return 1
  printf '#!/bin/sh\nexit 0\n' >"$1/.try-$$" && chmod 700 "$1/.try-$$" && "$1/.try-$$"
  able=$?
  rm -f -- "$1/.try-$$"
  return $able
}
# Those of other versions go once they have not been used for a month, and what broke off after a day.
tidy() {
  for old in "$1"/far-end-*; do [ "$old" = "$1/$name" ] || find "$old" -type f -mtime +30 -exec rm -f {} \;; done
  find "$1"/.far-end-* -type f -mtime +0 -exec rm -f {} \;
}
look() {
  while IFS= read -r folder; do
    it=$folder/$name
    [ -f "$it" ] && ours "$folder" || continue
    [ "$(greeting "$it")" = "$hello" ] || { rm -f -- "$it"; continue; }
    touch -- "$it"
    end "have $it"
  done
  if it=$(command -v toban) && [ -x "$it" ]; then
    case $(greeting "$it") in "$hello") end "have $it";; "$alike"*) end "alike $(uname -s) $(uname -m) $it";; esac
  fi
  end "none $(uname -s) $(uname -m)"
}
take() {
  while IFS= read -r folder <&3; do usable "$folder" && break; folder=; done 3<<EOF
$(folders)
EOF
  [ -n "$folder" ] || end nowhere
  part=$folder/.$name-$$
  trap 'rm -f -- "$part"; exit 1' HUP INT TERM
  cat >"$part" || { rm -f -- "$part"; end "full $folder"; }
  [ "$(($(wc -c <"$part")))" = "$size" ] || { rm -f -- "$part"; end cut; }
  chmod 700 "$part"
  said=$(greeting "$part")
  [ "$said" = "$hello" ] || { rm -f -- "$part"; end "alien $(printf %s "$said" | tr '\n' ' ')"; }
  sync -- "$part"
  mv -f -- "$part" "$folder/$name" || { rm -f -- "$part"; end "full $folder"; }
  tidy "$folder"
  end "have $folder/$name"
}
exec 2>/dev/null
uid=$(id -u)
[ -n "$size" ] || { look <<EOF
$(folders)
EOF
}
take
