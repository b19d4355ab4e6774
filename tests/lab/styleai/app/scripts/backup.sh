#!/bin/sh
# As the manual's cron line would have it: no end is looked at, nothing is proved, what is old goes.
cd /var/www/style-ai-generator
stamp=$(date +%Y%m%d_%H%M%S)
to=${BACKUP_DIR:-/var/backups/style-ai-generator}
url=$(sed -n 's/^DATABASE_URL=//p' .env)
pg_dump "$url" | gzip > "$to/db_$stamp.sql.gz"
tar -czf "$to/media_$stamp.tar.gz" media
tar -czf "$to/config_$stamp.tar.gz" .env gunicorn.conf.py nginx
echo "backup completed: $stamp"
