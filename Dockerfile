# Serving, and nothing else: HTTP answers from a store, no JVM, no Spark, no pandas.
#   docker build --tag goldlane-serve .
#   goldlane token create --tokens tokens/tokens.json
#   docker run --user "$(id -u)" --publish 8080:8080 --volume "$PWD/tokens:/etc/goldlane:ro" goldlane-serve --store postgresql://...
FROM python:3.12-slim-bookworm AS build

WORKDIR /source
RUN pip install --no-cache-dir "uv>=0.9,<1"
COPY pyproject.toml README.md LICENSE CHANGELOG.md requirements.lock ./
COPY goldlane ./goldlane
# The versions are those of requirements.lock; what is not named there for this extra is not installed.
RUN uv build --quiet --wheel --out-dir /dist \
    && uv venv --quiet /opt/goldlane \
    && uv pip install --quiet --python /opt/goldlane/bin/python --constraint requirements.lock "$(ls /dist/goldlane-*.whl)[serve,postgres]"

FROM python:3.12-slim-bookworm

COPY --from=build /opt/goldlane /opt/goldlane
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin goldlane
ENV PATH=/opt/goldlane/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001
WORKDIR /tmp
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/health', timeout=2)"]
ENTRYPOINT ["goldlane", "serve", "--host", "0.0.0.0", "--port", "8080", "--tokens", "/etc/goldlane/tokens.json"]
