# The observatory's server. glibc on purpose: the CQL2 parser needs deep thread stacks that musl does not give.
FROM python:3.13-slim-bookworm AS build
RUN pip install --no-cache-dir uv
WORKDIR /app
COPY requirements.lock pyproject.toml README.md LICENSE CHANGELOG.md ./
RUN uv venv /opt/observatoire \
 && VIRTUAL_ENV=/opt/observatoire uv pip install --require-hashes -r requirements.lock
COPY observatoire observatoire
COPY etl etl
COPY processes processes
COPY layers layers
COPY cities cities
COPY web web
COPY plugins plugins
RUN VIRTUAL_ENV=/opt/observatoire uv pip install --no-deps --no-build-isolation .

FROM python:3.13-slim-bookworm
RUN useradd --system --create-home --home-dir /var/lib/observatoire observatoire
COPY --from=build /opt/observatoire /opt/observatoire
ENV PATH=/opt/observatoire/bin:$PATH OBS_VAR=/var/lib/observatoire OBS_BIND=0.0.0.0:5000
USER observatoire
WORKDIR /var/lib/observatoire
EXPOSE 5000
HEALTHCHECK --interval=30s --timeout=5s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:5000/health', timeout=4)"]
CMD ["obs", "demo"]
