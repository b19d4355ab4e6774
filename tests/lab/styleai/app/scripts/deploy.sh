#!/bin/sh
# As the manual describes it: each step follows the one before, however that ended.
cd /var/www/style-ai-generator
./scripts/backup.sh
git pull origin "${1:-main}"
venv/bin/pip install -q -r requirements.txt --upgrade
venv/bin/python manage.py migrate
venv/bin/python manage.py collectstatic --noinput
sudo systemctl restart gunicorn celery-worker celery-beat
sudo systemctl reload nginx
curl http://localhost:8000/api/v1/health/
