# A token server: GET /token?user=alice answers {"token":"04…"}. Copy it. APP_ID and
# SERVER_SECRET are those of the app. Python's standard library has no AES: this needs
# the package "cryptography" (Debian: python3-cryptography; else: pip install cryptography).
import base64, json, os, secrets, struct, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

APP_ID = int(os.environ["APP_ID"])
SEAL = AESGCM(os.environ["SERVER_SECRET"].encode())  # the 32 characters as they are


def mint(user, seconds):
    now = int(time.time())
    claims = {"app_id": APP_ID, "user_id": user, "ctime": now, "expire": now + seconds,
              "nonce": secrets.randbelow(2**31), "payload": ""}
    iv = secrets.token_bytes(12)
    sealed = SEAL.encrypt(iv, json.dumps(claims).encode(), None)
    packed = struct.pack(">qH12sH", claims["expire"], 12, iv, len(sealed)) + sealed + b"\x01"
    return "04" + base64.b64encode(packed).decode()


class Tokens(BaseHTTPRequestHandler):
    def do_GET(self):
        url = urlsplit(self.path)
        user = parse_qs(url.query).get("user", [""])[0]  # put here who is logged in with you: never trust the query
        good = url.path == "/token" and 0 < len(user) <= 64
        self.send_response(200 if good else 400)
        self.send_header("Content-Type", "application/json")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(json.dumps({"token": mint(user, 3600)} if good else {"error": "ask for /token?user=alice"}).encode())


server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "0"))), Tokens)
print(f"tokens at http://127.0.0.1:{server.server_port}/token?user=alice", flush=True)
server.serve_forever()
