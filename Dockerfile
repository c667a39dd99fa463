# One image for every process; compose.yaml says which command makes it which.
FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /venv
COPY requirements.txt requirements-celery.txt ./
RUN /venv/bin/pip install -r requirements-celery.txt

FROM python:3.11-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN useradd --create-home --uid 10001 flexoraa \
    && mkdir -p /app/media && chown -R flexoraa /app
COPY --from=build /venv /venv
WORKDIR /app
COPY --chown=flexoraa . .
USER flexoraa
# Nothing of these is kept: collectstatic needs settings, not secrets
RUN SECRET_KEY=build FIELD_KEYS=ZGV2ZWxvcG1lbnQtb25seS1maWVsZC1rZXktMzJieXQ= \
    DATABASE_URL=postgres://nobody@localhost/none READ_DOT_ENV=false \
    python manage.py collectstatic --noinput --skip-checks
EXPOSE 8000
HEALTHCHECK --start-period=30s CMD python -c \
    "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/livez', timeout=5)"
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", \
     "--workers", "2", "--blocking-threads", "4", "--workers-kill-timeout", "10s", \
     "flexoraa.wsgi:application"]
