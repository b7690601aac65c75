/** A real `nilas server` in a folder of its own, for the time of the test. */
import { spawn } from "node:child_process";
import { once } from "node:events";

/**
 * Starts the server on a free port and waits until it says where it is.
 * @param {string} program path of the `nilas` binary
 * @param {string} folder an empty folder
 */
export async function startServer(program, folder) {
  const child = spawn(program, ["server", "--port", "0", "--data", `${folder}/data`, "--projects", `${folder}/projects`, "--root", folder], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, HOME: folder },
  });
  let printed = "";
  let complaints = "";
  child.stderr.on("data", (text) => (complaints += text));
  const ready = new Promise((resolve, reject) => {
    child.stdout.on("data", (text) => {
      printed += text;
      const url = /Nilas is at (http:\S+)/.exec(printed)?.[1];
      const [, email, password] = /Sign in as (\S+) with the password (\S+)/.exec(printed) ?? [];
      if (url && password) resolve({ url, email, password });
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}:\n${printed}\n${complaints}`)));
    setTimeout(() => reject(new Error(`the server did not come up in 30 s:\n${printed}\n${complaints}`)), 30_000).unref();
  });
  const { url, email, password } = await ready;
  return {
    url,
    email,
    password,
    log: () => complaints,
    async stop() {
      if (child.exitCode !== null) return;
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await once(child, "exit");
      clearTimeout(timer);
    },
  };
}
