# The image of nsbaseline: `make image` builds it. docs/guides/image.md says what every build argument is for.
# Both digests are of multi-platform indexes, so a build for another platform takes the same lines.
ARG BUILD_IMAGE=docker.io/library/node:24.18.0-bookworm-slim@sha256:6f7b03f7c2c8e2e784dcf9295400527b9b1270fd37b7e9a7285cf83b6951452d
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian12:nonroot@sha256:14d42e2511532589a7c7e01a753667a74fcc96266e137e8125006b87b0c32d0a

FROM ${BUILD_IMAGE} AS build
WORKDIR /work
COPY package.json package-lock.json ./
# Nothing that is needed here has an install script.
RUN npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier
COPY LICENSE ./
COPY image ./image
COPY src ./src
ARG REVISION=unknown
# Of every file that is made here, so that the same inputs give the same layer.
ARG SOURCE_DATE_EPOCH=0
RUN node image/content.ts /content

FROM ${RUNTIME_IMAGE}
ARG REVISION=unknown
ARG VERSION=unknown
ARG CREATED=1970-01-01T00:00:00Z
ARG SOURCE_URL=
ARG RUNTIME_IMAGE
LABEL org.opencontainers.image.title="nsbaseline" \
      org.opencontainers.image.description="Kubernetes operator that keeps a NetworkPolicy baseline in every namespace you label" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.source="${SOURCE_URL}" \
      org.opencontainers.image.base.name="${RUNTIME_IMAGE}"
COPY --from=build /content/ /
WORKDIR /app
ENV NODE_ENV=production
# What threads of Node allocate for a moment comes from one arena, not from several that are never given back.
ENV MALLOC_ARENA_MAX=1
USER 65532:65532
EXPOSE 8080
# DEP0040 is about a dependency's dependency, and nothing that a user could mend.
# Left alone, the young generation of the heap grows to 128 MiB in a burst and stays so; an eighth of that is no slower here.
ENTRYPOINT ["/nodejs/bin/node", "--max-semi-space-size=8", "--disable-warning=DEP0040", "/app/nsbaseline.mjs"]
CMD ["run"]
