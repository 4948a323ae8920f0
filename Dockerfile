# The controller: its bundle on Node, with nothing of npm. Build: docker build -t ebb:0.1.0 .
FROM node:24-bookworm-slim AS build
WORKDIR /ebb
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY tools tools
COPY scalers scalers
COPY src src
RUN npm run --silent build

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title=ebb \
      org.opencontainers.image.licenses=Apache-2.0
WORKDIR /ebb
COPY --from=build /ebb/package.json ./
COPY --from=build --chown=1000:1000 /ebb/dist dist
ENV NODE_ENV=production
USER 1000:1000
# Compiled code is kept beside the bundle, per user: done here, a read-only container starts with it.
RUN ["node", "dist/ebb.js", "run", "--help"]
ENTRYPOINT ["node", "/ebb/dist/ebb.js"]
CMD ["run"]
