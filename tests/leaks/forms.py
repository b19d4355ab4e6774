"""Prints the secret in $S in every form that programs give it; with `--list` as a JSON object by name."""

import base64, json, os, shlex, subprocess, sys
import urllib.parse as u

s = os.environ["S"]
raw = s.encode()


def bash(script):
    done = subprocess.run(["bash", "-c", script], env={"S": s, "LC_ALL": "C.UTF-8"}, capture_output=True, check=True)
    return done.stdout.decode().strip("\n")


def unquoted(text):
    for begin, end in (("$'", "'"), ("'", "'"), ('"', '"')):
        if text.startswith(begin) and text.endswith(end) and len(text) > len(begin):
            return text[len(begin) : -len(end)]
    return text


def inner(before):
    """What is the same wherever the secret stands in a longer text."""
    text = base64.b64encode(b"\0" * before + raw).decode()
    return text[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]


forms = {
    "raw": s,
    "base64": base64.b64encode(raw).decode().rstrip("="),
    "base64 url": base64.urlsafe_b64encode(raw).decode().rstrip("="),
    "base64 lines": base64.encodebytes(raw).decode().strip(),
    "base64 +1": inner(1),
    "base64 +2": inner(2),
    "url": u.quote(s),
    "url, all": u.quote(s, safe=""),
    "url, form": u.quote_plus(s),
    "url, lower": "".join(chr(b) if b < 128 and (chr(b).isalnum() or chr(b) in "-_.~") else "%%%02x" % b for b in raw),
    "json": json.dumps(s, ensure_ascii=False)[1:-1],
    "json, ascii": json.dumps(s)[1:-1],
    "shell": unquoted(shlex.quote(s)),
    "shell %q": unquoted(bash('printf %q "$S"')),
    "shell @Q": unquoted(bash('printf %s "${S@Q}"')),
}
for n, line in enumerate(line for line in dict.fromkeys(s.splitlines()) if len(line) >= 6):
    if n in (0, 1, 7):
        forms["line %d" % n] = line

if "--list" in sys.argv:
    print(json.dumps(forms))
else:
    for name, form in forms.items():
        print(name + "> " + form + " <" + name)
        print(form, file=sys.stderr)
