#!/bin/bash
# Puts style-ai-generator onto its host, as chapter 2 of its manual does it, and seeds it. Runs in the container, once.
set -euo pipefail
app=/var/www/style-ai-generator
as_app() { setpriv --reuid=app --regid=app --init-groups env -C "$app" HOME=/home/app PATH="$app/venv/bin:/usr/bin:/bin" "$@"; }
as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups env HOME=/var/lib/postgresql "$@"; }

# Its boot empties /tmp, under whoever already works there.
booted() {
  local end=$((SECONDS + 90))
  until systemctl is-active --quiet multi-user.target; do
    [ $SECONDS -lt $end ] || { echo 'the host did not boot' >&2; systemctl list-jobs >&2; return 1; }
    sleep 0.2
  done
}

repository() { # the origin, with its releases: 1.0.0 is what runs, the one on the branch `broken` never gets well
  local work
  work=$(mktemp -d)
  git -c init.defaultBranch=main init -q --template= "$work"
  cp -r /lab/app/. "$work/"
  release '初回リリース 1.0.0' 2026-01-10T10:00:00+09:00
  git -C "$work" tag v1.0.0
  git -C "$work" apply /lab/releases/1.1.0.patch
  release '美容室の備考欄、Django の更新 1.1.0' 2026-02-10T10:00:00+09:00
  git -C "$work" checkout -q -b broken
  git -C "$work" apply /lab/releases/1.2.0.patch
  release '起動しても正常にならない 1.2.0' 2026-02-11T10:00:00+09:00
  git -C "$work" checkout -q main
  install -d /srv/git
  git clone -q --bare --template= "$work" /srv/git/style-ai-generator.git
  chown -R app:app /srv/git
  rm -rf "$work"
}
release() {
  git -C "$work" add --all
  GIT_AUTHOR_DATE=$2 GIT_COMMITTER_DATE=$2 git -c user.name=開発 -c user.email=dev@style-ai.lab -C "$work" commit -q -m "$1"
}

code() {
  install -d -o app -g www-data -m 0755 "$app"
  as_app git clone -q --template= /srv/git/style-ai-generator.git .
  as_app git reset -q --hard v1.0.0
  # The packages of the image, under the paths of an environment of its own: much faster than to install them.
  python3 -m venv --without-pip "$app/venv"
  cp -a /opt/venv/lib /opt/venv/bin "$app/venv/"
  sed -i '1s|^#!/opt/venv/|#!/var/www/style-ai-generator/venv/|' "$app"/venv/bin/*[a-z]
  chown -R app:app "$app/venv"
  # The lab has no way out: packages come from what it fetched.
  printf '[install]\nno-compile = true\n[global]\nno-index = true\nfind-links = /var/cache/wheels\ndisable-pip-version-check = true\n' >/etc/pip.conf
}

settings() {
  local env=$app/.env
  (
    umask 077
    cat >"$env" <<EOF
SECRET_KEY=lab-only-$(openssl rand -hex 32)
DEBUG=False
ALLOWED_HOSTS=style-ai.lab
DATABASE_URL=postgresql://imageconv_user:lab-style-db@localhost:5432/image_conversion_db
REDIS_URL=redis://localhost:6379/0
EOF
  )
  chown app:app "$env"
  install -d -o app -g www-data "$app/staticfiles" "$app/media"
  install -d -m 0700 /etc/ssl/style-ai-generator
  bash /lab/certificate.sh 20
  cp "$app/nginx/nginx.conf" /etc/nginx/sites-available/style-ai-generator
  ln -sfn /etc/nginx/sites-available/style-ai-generator /etc/nginx/sites-enabled/style-ai-generator
  printf '0 2 * * * /var/www/style-ai-generator/scripts/backup.sh\n' | crontab -u app -
}

# What its playbooks install comes from what the lab fetched, and the lab's authority is one that it trusts.
sources() {
  rm -f /etc/apt/sources.list.d/*.sources
  echo 'deb [trusted=yes] file:/var/cache/debs ./' >/etc/apt/sources.list
  echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/lab
  apt-get -qq update
  update-ca-certificates >/dev/null
}

database() {
  until as_postgres pg_isready -q; do sleep 0.2; done
  as_postgres psql -Xqv ON_ERROR_STOP=1 -c "CREATE USER imageconv_user PASSWORD 'lab-style-db'" \
    -c "CREATE DATABASE image_conversion_db OWNER imageconv_user" -c "ALTER ROLE imageconv_user SET timezone TO 'Asia/Tokyo'"
  as_app python manage.py migrate -v 0
  as_app python manage.py loaddata -v 0 images/fixtures/prompts.json
  as_app python manage.py seed
}

booted
sources
repository
code
settings
database & made=$!
as_app python manage.py collectstatic --noinput -v 0
wait $made
systemctl enable --quiet gunicorn celery-worker celery-beat
systemctl restart gunicorn celery-worker celery-beat nginx
