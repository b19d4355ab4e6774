"""What `kamal-proxy run` does: routes by host, checks a target's health before it switches, keeps its state in its volume."""
import http.client
import json
import os
import signal
import socket
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SOCKET = "/tmp/kamal-proxy.sock"
STATE = os.path.expanduser("~/.config/kamal-proxy/kamal-proxy.state")
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "upgrade"}

services = {}
lock = threading.Lock()


def log(message, **facts):
    print(json.dumps({"time": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "level": "INFO", "msg": message, **facts}), flush=True)


def keep():
    os.makedirs(os.path.dirname(STATE), exist_ok=True)
    with open(STATE + ".part", "w") as file:
        json.dump(services, file)
    os.replace(STATE + ".part", STATE)


def connection(target, timeout):
    host, _, port = target.partition(":")
    return http.client.HTTPConnection(host, int(port or 80), timeout=timeout)


def service_for(host):
    with lock:
        for service in services.values():
            if host in service["hosts"]:
                return service
        return next((service for service in services.values() if not service["hosts"]), None)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, headers=(), body=b""):
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        return status

    def forward(self, service):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else None
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        if body is not None:
            headers["Content-Length"] = str(length)
        try:
            upstream = connection(service["options"]["target"], service["options"]["target_timeout"])
            upstream.request(self.command, self.path, body, headers)
            response = upstream.getresponse()
            content = response.read()
        except OSError:
            return self.answer(502, (("Content-Type", "text/plain"),), b"Bad Gateway\n")
        return self.answer(response.status, response.getheaders(), content)

    def route(self, service, host):
        secure = isinstance(self.connection, ssl.SSLSocket)
        if service is None:
            return self.answer(404, (("Content-Type", "text/plain"),), b"Not Found\n")
        options = service["options"]
        if options["tls"] and options["tls_redirect"] and not secure:
            return self.answer(301, (("Location", f"https://{host}{self.path}"),))
        if service["state"] != "running":
            return self.answer(503, (("Content-Type", "text/plain; charset=utf-8"),), (service["message"] + "\n").encode())
        return self.forward(service)

    def handle_any(self):
        host = (self.headers.get("Host") or "").split(":")[0]
        begun, service = time.monotonic(), service_for(host)
        status = self.route(service, host)
        log("Request", host=host, path=self.path, method=self.command, status=status,
            service=service and service["name"], target=service and service["options"]["target"],
            duration_ms=round((time.monotonic() - begun) * 1000))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = handle_any


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


def choose_certificate(connection_, name, context):
    """The certificate of the service that is asked for by name; without one the only service with TLS is meant."""
    with lock:
        with_tls = [service for service in services.values() if service["options"]["tls"]]
    service = next((s for s in with_tls if name in s["hosts"]), with_tls[0] if with_tls and not name else None)
    if service is None or not service["options"]["tls_certificate_path"]:
        return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    chosen = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        chosen.load_cert_chain(service["options"]["tls_certificate_path"], service["options"]["tls_private_key_path"])
    except OSError:
        return ssl.ALERT_DESCRIPTION_INTERNAL_ERROR
    connection_.context = chosen
    return None


def healthy(options, host):
    try:
        check = connection(options["target"], options["health_check_timeout"])
        check.request("GET", options["health_check_path"], headers={"Host": host or options["target"]})
        return 200 <= check.getresponse().status < 300
    except OSError:
        return False


def deploy(options):
    hosts = [host for text in options.pop("host") for host in text.split(",")]
    name, limit = options.pop("service"), time.monotonic() + options["deploy_timeout"]
    log("Deploying", service=name, target=options["target"], hosts=hosts, tls=options["tls"])
    while not options["force"] and not healthy(options, hosts[0] if hosts else ""):
        if time.monotonic() > limit:
            return {"error": f"target failed to become healthy within configured timeout ({options['deploy_timeout']:g}s)"}
        time.sleep(options["health_check_interval"])
    with lock:
        before = services.get(name, {"state": "running", "message": ""})
        services[name] = {"name": name, "hosts": hosts, "state": before["state"], "message": before["message"], "options": options}
        keep()
    log("Deployed", service=name, target=options["target"], hosts=hosts, tls=options["tls"])
    return {}


def carry_out(command, arguments):
    if command == "list":
        return {"services": services}
    if command == "deploy":
        return deploy(arguments)
    with lock:
        service = services.get(arguments["service"])
        if service is None:
            return {"error": "service not found"}
        if command == "remove":
            del services[arguments["service"]]
        else:
            service["state"] = {"stop": "stopped", "pause": "paused", "resume": "running"}[command]
            service["message"] = arguments["message"]
        keep()
    return {}


def take_command(client):
    with client, client.makefile("rw") as stream:
        asked = json.loads(stream.readline())
        stream.write(json.dumps(carry_out(asked["command"], asked.get("arguments", {}))) + "\n")


def run(http_port, https_port):
    # The first process of a container: without a handler of its own TERM would do nothing.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    try:
        with open(STATE) as file:
            services.update(json.load(file))
    except FileNotFoundError:
        pass
    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secure.sni_callback = choose_certificate
    for port, context in ((http_port, None), (https_port, secure)):
        server = Server(("0.0.0.0", port), Handler)
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    if os.path.exists(SOCKET):
        os.unlink(SOCKET)
    commands = socket.socket(socket.AF_UNIX)
    commands.bind(SOCKET)
    commands.listen(8)
    log("Server started", http=http_port, https=https_port)
    while True:
        client, _ = commands.accept()
        threading.Thread(target=take_command, args=(client,), daemon=True).start()
