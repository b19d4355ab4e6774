#!/bin/bash
# Makes the host's users, folders and services, when its image is made.
set -euo pipefail
useradd --create-home --shell /bin/bash app
useradd --create-home --shell /bin/bash ops
usermod --append --groups www-data app
printf 'ops ALL=(ALL) NOPASSWD: ALL\n' >/etc/sudoers.d/ops
printf 'app ALL=(root) NOPASSWD: /usr/bin/systemctl\n' >/etc/sudoers.d/app
chmod 0440 /etc/sudoers.d/*
ln -sf /usr/share/zoneinfo/Asia/Tokyo /etc/localtime
install -d -o app -g www-data /var/www /var/log/style-ai-generator
rm -f /var/log/nginx/*.log /etc/nginx/sites-enabled/*
# Little memory and no just-in-time compiler, whose library the image leaves out.
[ -e /etc/postgresql/15/main ] || pg_createcluster 15 main >/dev/null
printf "jit = off\nshared_buffers = 32MB\n" >/etc/postgresql/15/main/conf.d/lab.conf
systemctl enable postgresql redis-server nginx ssh cron >/dev/null 2>&1
