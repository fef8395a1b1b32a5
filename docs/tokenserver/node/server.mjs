// A token server: GET /token?user=alice answers {"token":"04…"}. Node's own modules
// only; copy it. APP_ID and SERVER_SECRET are those of the app.
import { createCipheriv, randomBytes } from "node:crypto";
import { createServer } from "node:http";

const appID = Number(process.env.APP_ID);
const secret = Buffer.from(process.env.SERVER_SECRET ?? ""); // the 32 characters as they are
if (!appID || secret.length !== 32) {
  throw new Error("Set APP_ID to the app's number and SERVER_SECRET to its 32 characters.");
}

function mint(user, seconds) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { app_id: appID, user_id: user, ctime: now, expire: now + seconds, nonce: randomBytes(4).readInt32BE(), payload: "" };
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", secret, iv);
  const sealed = Buffer.concat([cipher.update(JSON.stringify(claims), "utf8"), cipher.final(), cipher.getAuthTag()]);
  const head = Buffer.alloc(10);
  head.writeBigInt64BE(BigInt(claims.expire));
  head.writeUInt16BE(iv.length, 8);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(sealed.length);
  return "04" + Buffer.concat([head, iv, length, sealed, Buffer.of(1)]).toString("base64");
}

const server = createServer((request, response) => {
  const url = new URL(request.url, "http://localhost");
  const user = url.searchParams.get("user") ?? ""; // put here who is logged in with you: never trust the query
  const good = url.pathname === "/token" && user !== "" && user.length <= 64;
  response.writeHead(good ? 200 : 400, { "Content-Type": "application/json", "Cache-Control": "no-store" });
  response.end(JSON.stringify(good ? { token: mint(user, 3600) } : { error: "ask for /token?user=alice" }));
});
server.listen(Number(process.env.PORT ?? 0), "127.0.0.1", () => {
  console.log(`tokens at http://127.0.0.1:${server.address().port}/token?user=alice`);
});
