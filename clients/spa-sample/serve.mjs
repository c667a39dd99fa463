// The sample beside the product on one origin, as a proxy in front of both would do it:
//   FLEXORAA=http://127.0.0.1:8000 EVENTS=http://127.0.0.1:8001 PORT=5173 node serve.mjs
import { createReadStream, existsSync } from "node:fs";
import { createServer, request } from "node:http";
import { extname, join, normalize } from "node:path";

const WEB = new URL(process.env.FLEXORAA ?? "http://127.0.0.1:8000");
const EVENTS = new URL(process.env.EVENTS ?? "http://127.0.0.1:8001");
const PORT = Number(process.env.PORT ?? 5173);
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
};

createServer((asked, answer) => {
  if (asked.url === "/" || asked.url.startsWith("/sample/")) return serve(asked.url, answer);
  const target = asked.url.startsWith("/events/") ? EVENTS : WEB;
  const passed = request(
    { hostname: target.hostname, port: target.port, path: asked.url, method: asked.method, headers: asked.headers },
    (found) => {
      answer.writeHead(found.statusCode, found.headers);
      found.pipe(answer);
    },
  );
  passed.on("error", () => answer.writeHead(502).end("The product does not answer."));
  answer.on("close", () => passed.destroy());
  asked.pipe(passed);
}).listen(PORT, "127.0.0.1", () => console.log(`http://127.0.0.1:${PORT}/`));

function serve(url, answer) {
  const path = url === "/" ? "index.html" : normalize(url.slice("/sample/".length));
  const file = join(import.meta.dirname, path);
  if (path.startsWith("..") || !existsSync(file)) return answer.writeHead(404).end();
  answer.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream" });
  createReadStream(file).pipe(answer);
}
