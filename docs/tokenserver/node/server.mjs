// A token server: GET /token?user=alice answers {"token":"04…"}. Node's own modules
// only; copy it. APP_ID and SERVER_SECRET are those of the app.
import { createCipheriv, randomBytes } from "node:crypto";
import { createServer } from "node:http";

const appID = Number(process.env.APP_ID), secret = Buffer.from(process.env.SERVER_SECRET ?? ""); // the 32 characters as they are
if (!appID || secret.length !== 32) throw new Error("Set APP_ID to the app's number and SERVER_SECRET to its 32 characters.");
const bigEndian = (number, bytes) => Buffer.from(number.toString(16).padStart(2 * bytes, "0"), "hex");

function mint(user, seconds) {
  const now = Math.floor(Date.now() / 1000), expire = now + seconds, iv = randomBytes(12);
  const claims = { app_id: appID, user_id: user, ctime: now, expire, nonce: randomBytes(4).readInt32BE(), payload: "" };
  const cipher = createCipheriv("aes-256-gcm", secret, iv);
  const sealed = Buffer.concat([cipher.update(JSON.stringify(claims), "utf8"), cipher.final(), cipher.getAuthTag()]);
  return "04" + Buffer.concat([bigEndian(expire, 8), bigEndian(12, 2), iv, bigEndian(sealed.length, 2), sealed, Buffer.of(1)]).toString("base64");
}

createServer((request, response) => {
  const url = new URL(request.url, "http://localhost");
  const user = url.searchParams.get("user") ?? ""; // put here who is logged in with you: never trust the query
  const good = url.pathname === "/token" && user !== "" && user.length <= 64;
  response.writeHead(good ? 200 : 400, { "Content-Type": "application/json", "Cache-Control": "no-store" });
  response.end(JSON.stringify(good ? { token: mint(user, 3600) } : { error: "ask for /token?user=alice" }));
}).listen(Number(process.env.PORT ?? 0), "127.0.0.1", function () {
  console.log(`tokens at http://127.0.0.1:${this.address().port}/token?user=alice`);
});
