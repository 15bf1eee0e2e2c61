# Haechi in a container: built from hash-pinned locks, run by nobody in particular on a read-only root.
# How to build and run it is in docs/OPERATING.md; deploy/compose.yaml holds every option that it needs.

# A minor version of Python, whose patches arrive with each build --pull; give a digest to pin it to the bit.
ARG PYTHON=python:3.13-slim-trixie

FROM ${PYTHON} AS build
# Where packages come from is the builder's business: pip's own configuration, or this.
ARG PIP_INDEX_URL
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY requirements-build.lock requirements.lock ./
RUN python3 -m venv /build \
 && /build/bin/pip install --quiet --require-hashes --no-deps --only-binary :all: -r requirements-build.lock \
 && python3 -m venv --without-pip /opt/haechi \
 && /build/bin/pip --python /opt/haechi/bin/python install --quiet \
      --require-hashes --no-deps --only-binary :all: -r requirements.lock
COPY pyproject.toml README.md LICENSE NOTICE config.example.toml ./
COPY bot bot
COPY handlers handlers
RUN /build/bin/python -m hatchling build -t wheel -d /dist \
 && /build/bin/pip --python /opt/haechi/bin/python install --quiet --no-index --no-deps /dist/*.whl

FROM ${PYTHON}
LABEL org.opencontainers.image.title="Haechi" \
      org.opencontainers.image.description="Removes known abusive pictures and videos from Telegram groups" \
      org.opencontainers.image.licenses="MIT"
RUN groupadd --gid 10001 haechi \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/haechi --shell /usr/sbin/nologin haechi \
 && install -d -o 10001 -g 10001 -m 0700 /var/lib/haechi
COPY --from=build /opt/haechi /opt/haechi
ENV PATH=/opt/haechi/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    HAECHI_DATA_DIR=/var/lib/haechi \
    HAECHI_LOG__FORMAT=json \
    HAECHI_WEB__LISTEN=127.0.0.1:8080
USER 10001:10001
WORKDIR /var/lib/haechi
VOLUME /var/lib/haechi
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-c", \
  "import os, urllib.request as web; web.urlopen('http://' + os.environ['HAECHI_WEB__LISTEN'] + '/healthz', timeout=4)"]
ENTRYPOINT ["haechi"]
CMD ["run"]
