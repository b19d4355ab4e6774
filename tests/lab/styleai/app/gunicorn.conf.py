bind = "127.0.0.1:8000"
workers = 2
accesslog = "/var/log/style-ai-generator/gunicorn_access.log"
errorlog = "/var/log/style-ai-generator/gunicorn_error.log"
