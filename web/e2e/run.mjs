/**
 * The browser against a real server: `NILAS_BIN=.../nilas npm run e2e`.
 *
 * Screenshots go to $NILAS_SHOTS, or to a temporary folder whose name is printed. Nothing is mocked: the
 * server, its job processes and the browser are the real ones. Ends with 1 when a step fails.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { browserPath, launch, Story } from "./browser.mjs";
import { Server } from "./server.mjs";
import { steps } from "./story.mjs";

const program = resolve(process.env.NILAS_BIN ?? "../target/debug/nilas");
if (!existsSync(program)) {
  console.error(`e2e: no program at ${program}; build it with \`cargo build -p nilas\` or name it with NILAS_BIN`);
  process.exit(2);
}
if (!browserPath()) {
  console.error("e2e: no Chromium; install Debian's package `chromium`, or name a browser with CHROMIUM");
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "nilas-e2e-"));
const shots = process.env.NILAS_SHOTS ?? join(folder, "screenshots");
mkdirSync(shots, { recursive: true });
const server = new Server(program, folder);
let browser;
let failed = false;
try {
  await server.start();
  browser = await launch();
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: "light", acceptDownloads: true });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000); // generous: only a failure waits this long
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(`page error: ${error.message}`));
  page.on("request", (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol.startsWith("http") && host !== new URL(server.url).host) complaints.push(`request to another host: ${request.url()}`);
  });
  await steps({ page, context, server, folder, story: new Story(page, shots), read: (path) => readFileSync(path) });
  if (complaints.length > 0) throw new Error(complaints.join("\n"));
  console.log("e2e: all steps passed");
} catch (error) {
  failed = true;
  console.error(`e2e: ${error.message}`);
  console.error(`--- last lines of the server's log\n${server.complaints.split("\n").slice(-25).join("\n")}`);
} finally {
  await browser?.close();
  await server.stop();
  if (failed || process.env.NILAS_SHOTS) console.error(`e2e: screenshots in ${shots}`);
  else rmSync(folder, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
