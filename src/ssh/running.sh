# The first line, or the end of all lines, is the word to stop; the end after a line means at once.
watch() {
  read -r look _ </proc/self/stat
  if IFS= read -r word <&7; then
    trap '' TERM HUP INT
    (watcher=$look; gentle) & soft=$!
    while IFS= read -r word <&7; do :; done
    kill -KILL $soft
    hard
  fi
  trap '' TERM HUP INT PIPE
  gentle
}
read -r _ _ _ up _ ses _ </proc/self/stat || end system
[ "$ses" = $$ ] || [ "$ses" = "$up" ] || ses=none
has awk && has grep || end tools
cd -- "${HOME:-/}" || cd /
whole() { case $1 in ''|/*) it=$1;; *) it=${PWD%/}/$1;; esac; }
whole "$file"; file=$it; whole "$tmp"; tmp=$it; whole "$target"; target=$it
[ -z "$dir" ] || cd -- "$dir" || end folder
(vars; has "$1") || end program
[ -z "$need" ] || has "$need" || end packer
[ -z "$file" ] || { [ -f "$file" ] && [ -r "$file" ]; } || end input
if [ -n "$target" ]; then
  [ ! -e "$target" ] || [ -f "$target" ] || end special
  (set -C; : >"$tmp") && chmod "$mode" "$tmp" || end output
fi
watch & watching=$!
say hello; printf '%shello\n' "$k" >&8
r=$(run "$@" 2>&1)
# A watcher that has heard the word to stop does not hear this; then its work is waited for.
kill -TERM $watching; wait $watching
[ -z "$target" ] || say "size $({ sync -- "$tmp"; wc -c <"$tmp"; } | tr -d ' ')"
end "exit $(echo $r)"
