# zkscope in a container: reads captures that are mounted, or standard input, as nobody.
#
#   docker build -t zkscope .
#   docker run --rm -i zkscope - < capture.pcap
#   docker run --rm -v "$PWD:/captures:ro" zkscope path /services/pay outage.pcap
#
# Both images can be others: --build-arg BUILD=…, --build-arg RUN=… (Node.js 20 or later must be in them).

ARG BUILD=node:22-slim
ARG RUN=node:22-slim

FROM ${BUILD} AS build
WORKDIR /zkscope
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run bundle

FROM ${RUN}
COPY --from=build /zkscope/dist/carry/zkscope.mjs /zkscope/dist/carry/LICENSES.txt /opt/zkscope/
WORKDIR /captures
USER 65534:65534
ENTRYPOINT ["node", "/opt/zkscope/zkscope.mjs"]
CMD ["--help"]
