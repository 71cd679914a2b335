# syntax=docker/dockerfile:1

# What builds: cargo, a C compiler (SQLite and libpq are built from source) and OpenSSL's headers (TLS to PostgreSQL).
FROM rust:1.95-bookworm AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libssl-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --release --locked --features postgres-tls \
    && install -D --strip target/release/lastlooks /out/lastlooks

# What runs: one binary, and what it is linked with.
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates libssl3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin lastlooks \
    && install --directory --owner=lastlooks --group=lastlooks --mode=0700 /data
COPY --from=build /out/lastlooks /usr/local/bin/lastlooks
# Secrets, and the database and mail unless they are elsewhere.
ENV LASTLOOKS_DATA_DIR=/data LASTLOOKS_LISTEN=0.0.0.0:8080 LASTLOOKS_LOG=json
VOLUME /data
WORKDIR /data
USER 10001:10001
EXPOSE 8080
# Whether it answers, not whether it is ready: a host whose deadlines are held still takes reports.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 CMD ["lastlooks", "doctor", "--live"]
# It takes no more requests, finishes those under way, and ends: within half a minute.
STOPSIGNAL SIGTERM
ENTRYPOINT ["lastlooks"]
CMD ["serve"]
