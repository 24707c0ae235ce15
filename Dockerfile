FROM debian:bookworm-slim AS build
WORKDIR /src
COPY scripts/deps.sh scripts/
RUN scripts/deps.sh build
# The roots of trust alone, without the package's tools: the last stage runs none.
RUN cd /tmp && apt-get download ca-certificates && dpkg -x ca-certificates_*.deb roots \
    && cat roots/usr/share/ca-certificates/mozilla/*.crt >ca-certificates.crt
COPY Makefile ./
COPY common common
COPY service service
COPY schemas schemas
COPY scripts/sbom.sh scripts/
RUN make -j"$(nproc)" all && strip build/packtrail && scripts/sbom.sh >build/sbom.cdx.json

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends libargon2-1 libcurl4 libevent-2.1-7 libevent-openssl-2.1-7 \
        libevent-pthreads-2.1-7 libhttp-parser2.9 liblmdb0 libssl3 libwslay1 libxml2 \
        libyaml-0-2 tzdata zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 1000 --user-group --no-create-home --home-dir /var/lib/packtrail \
        --shell /usr/sbin/nologin packtrail \
    && install -d -o packtrail -g packtrail -m 0750 /var/lib/packtrail
COPY --from=build /tmp/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /src/build/packtrail /usr/bin/packtrail
COPY --from=build /src/build/sbom.cdx.json /usr/share/doc/packtrail/sbom.cdx.json
USER packtrail
WORKDIR /var/lib/packtrail
VOLUME /var/lib/packtrail
EXPOSE 8080
ENV PACKTRAIL_SANDBOX=on
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["packtrail", "check", "-c", "/var/lib/packtrail/packtrail.yaml", "--alive"]
ENTRYPOINT ["packtrail"]
CMD ["serve", "-c", "/var/lib/packtrail/packtrail.yaml"]
