"""The proxies that our gateway is measured beside, as people run them: TLS and HTTP/2 in, mutual
TLS and HTTP/2 out, one worker thread, no access log, no authentication, no limits."""

import pathlib
import subprocess
import time

NGINX = """\
worker_processes 1;
daemon off;
pid {directory}/nginx.pid;
error_log {directory}/nginx.log;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_max_body_size 0;
  client_body_buffer_size 2m;
  grpc_buffer_size 64k;
  client_body_temp_path {directory}/body;
  fastcgi_temp_path {directory}/fastcgi;
  proxy_temp_path {directory}/proxy;
  scgi_temp_path {directory}/scgi;
  uwsgi_temp_path {directory}/uwsgi;
  # One upstream connection a stream: with fewer than streams it would spend its time on handshakes.
  upstream model {{ server {upstream}; keepalive 1024; keepalive_requests 1000000; }}
  server {{
    listen {address} ssl http2;
    keepalive_requests 10000000;
    http2_max_concurrent_streams 1000;
    ssl_certificate {tls}/gateway.pem;
    ssl_certificate_key {tls}/gateway.key;
    location / {{
      grpc_pass grpcs://model;
      grpc_ssl_certificate {tls}/gateway.pem;
      grpc_ssl_certificate_key {tls}/gateway.key;
    }}
  }}
}}
"""

HAPROXY = """\
global
  nbthread 1
  maxconn 4096
  tune.h2.max-concurrent-streams 1000
  tune.h2.initial-window-size 1048576
defaults
  mode http
  timeout connect 10s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend front
  bind {address} ssl crt {directory}/gateway-and-key.pem alpn h2
  default_backend model
backend model
  server model {upstream} ssl alpn h2 crt {directory}/gateway-and-key.pem ca-file {tls}/ca.pem verify required
"""

ENVOY = """\
static_resources:
  listeners:
  - address: {{socket_address: {{address: {host}, port_value: {port}}}}}
    filter_chains:
    - transport_socket:
        name: envoy.transport_sockets.tls
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
          common_tls_context:
            alpn_protocols: [h2]
            tls_certificates:
            - certificate_chain: {{filename: {tls}/gateway.pem}}
              private_key: {{filename: {tls}/gateway.key}}
      filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          codec_type: HTTP2
          stat_prefix: front
          http2_protocol_options:
            max_concurrent_streams: 1000
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes: [{{match: {{prefix: "/"}}, route: {{cluster: model, timeout: 0s}}}}]
          http_filters:
          - name: envoy.filters.http.router
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
  clusters:
  - name: model
    type: STATIC
    load_assignment:
      cluster_name: model
      endpoints:
      - lb_endpoints:
        - endpoint:
            address: {{socket_address: {{address: {upstreamHost}, port_value: {upstreamPort}}}}}
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config: {{http2_protocol_options: {{}}}}
    circuit_breakers:
      thresholds: [{{max_connections: 4096, max_requests: 4096, max_pending_requests: 4096}}]
    transport_socket:
      name: envoy.transport_sockets.tls
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
        common_tls_context:
          alpn_protocols: [h2]
          tls_certificates:
          - certificate_chain: {{filename: {tls}/gateway.pem}}
            private_key: {{filename: {tls}/gateway.key}}
          validation_context: {{trusted_ca: {{filename: {tls}/ca.pem}}}}
"""


class Proxy:
    """A proxy that runs while it is entered, on the cores that `pinned` (a taskset prefix) says."""

    def __init__(self, name, address, upstream, directory, tls, pinned=()):
        self.name, self.address = name, address
        directory = directory / name
        directory.mkdir()
        host, port = address.split(":")
        upstream_host, upstream_port = upstream.split(":")
        values = {"directory": directory, "address": address, "tls": tls, "upstream": upstream,
                  "host": host, "port": port, "upstreamHost": upstream_host,
                  "upstreamPort": upstream_port}
        self.log = directory / "log"
        self.command = [*pinned, *getattr(self, f"prepare_{name}")(values)]

    def write(self, values, name, text):
        path = values["directory"] / name
        path.write_text(text.format(**values))
        return path

    def prepare_nginx(self, values):
        return ["nginx", "-c", self.write(values, "nginx.conf", NGINX)]

    def prepare_haproxy(self, values):
        tls = values["tls"]
        both = (tls / "gateway.pem").read_text() + (tls / "gateway.key").read_text()
        path = values["directory"] / "gateway-and-key.pem"
        path.touch(mode=0o600)
        path.write_text(both)
        return ["haproxy", "-db", "-f", self.write(values, "haproxy.cfg", HAPROXY)]

    def prepare_nghttpx(self, values):
        # The certificate of a role names no host: nghttpx can only compare hosts, so --insecure.
        return ["nghttpx", "--conf=/dev/null", "--single-process", "--workers=1",
                f"--frontend={values['host']},{values['port']}",
                f"--backend={values['upstreamHost']},{values['upstreamPort']};;proto=h2;tls",
                f"--client-cert-file={values['tls']}/gateway.pem",
                f"--client-private-key-file={values['tls']}/gateway.key", "--insecure",
                "--frontend-http2-max-concurrent-streams=1000", "--no-ocsp",
                f"{values['tls']}/gateway.key", f"{values['tls']}/gateway.pem"]

    def prepare_envoy(self, values):
        return ["envoy", "--concurrency", "1", "--log-level", "error", "--use-dynamic-base-id",
                "-c", self.write(values, "envoy.yaml", ENVOY)]

    def __enter__(self):
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [str(part) for part in self.command], stdout=log, stderr=log)
        self.pid = self.process.pid
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def find_worker(self):
        """nginx works in a child."""
        deadline = time.monotonic() + 5
        while self.name == "nginx" and time.monotonic() < deadline:
            children = pathlib.Path(
                f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
            if children:
                self.pid = int(children[0])
                return
            time.sleep(0.05)
